// Drawn for this project on a 24×24 grid: round 1.8 strokes, no fills. Each value is the inside of one <svg>.
const SHAPES = {
  home: '<path d="M4 11l8-7 8 7"/><path d="M6 9.5V20h12V9.5"/><path d="M10 20v-5h4v5"/>',
  store: '<path d="M4 9l1.5-5h13L20 9"/><path d="M4 9a2.7 2.7 0 0 0 5.3 0 2.7 2.7 0 0 0 5.4 0A2.7 2.7 0 0 0 20 9"/><path d="M5.5 12v8h13v-8"/><path d="M10 20v-4.5h4V20"/>',
  orders: '<rect x="5" y="4" width="14" height="17" rx="2"/><path d="M9 3h6v3H9z"/><path d="M9 11h6M9 15h4"/>',
  me: '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6"/>',
  bell: '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15z"/><path d="M10 20.5c.6.7 1.2 1 2 1s1.4-.3 2-1"/>',
  share: '<path d="M13 5l7 6-7 6v-4c-4 0-7 1-9 4 0-5 3-8.5 9-8.5z"/>',
  cart: '<path d="M3 4h2.5l2.2 11h9.6l2.2-8H6.3"/><circle cx="9" cy="19" r="1.4"/><circle cx="16.5" cy="19" r="1.4"/>',
  scan: '<path d="M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4"/><path d="M4 12h16"/>',
  qr: '<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4z"/><path d="M14 14h2v2M20 14v2M14 20h2M18 18h2v2"/>',
  phone: '<path d="M6 3.5h3l1.5 4.5-2 1.5a12 12 0 0 0 6 6l1.5-2 4.5 1.5v3a2 2 0 0 1-2 2A15.5 15.5 0 0 1 4 5.5a2 2 0 0 1 2-2z"/>',
  location: '<path d="M12 21.5c4.5-5 7-8.3 7-11.5a7 7 0 0 0-14 0c0 3.2 2.5 6.5 7 11.5z"/><circle cx="12" cy="10" r="2.6"/>',
  truck: '<path d="M3 6h11v10H3zM14 10h4l3 3v3h-7z"/><circle cx="7.5" cy="18" r="1.8"/><circle cx="17" cy="18" r="1.8"/>',
  box: '<path d="M12 3l8 4v10l-8 4-8-4V7z"/><path d="M4 7l8 4 8-4M12 11v10"/>',
  check: '<path d="M5 12.5l4.5 4.5L19 7.5"/>',
  'check-circle': '<circle cx="12" cy="12" r="9"/><path d="M8 12.3l2.8 2.8L16 9.5"/>',
  close: '<path d="M6 6l12 12M18 6L6 18"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  minus: '<path d="M5 12h14"/>',
  edit: '<path d="M4 20l1-4L16 5l3 3L8 19z"/><path d="M13.5 7.5l3 3"/>',
  copy: '<rect x="8" y="8" width="12" height="12" rx="2"/><path d="M16 8V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v8a2 2 0 0 0 2 2h2"/>',
  trash: '<path d="M5 7h14M10 7V4.5h4V7M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5"/>',
  back: '<path d="M15 5l-7 7 7 7"/>',
  next: '<path d="M9 5l7 7-7 7"/>',
  down: '<path d="M5 9l7 7 7-7"/>',
  up: '<path d="M5 15l7-7 7 7"/>',
  search: '<circle cx="11" cy="11" r="6.5"/><path d="M16 16l4.5 4.5"/>',
  filter: '<path d="M4 5h16l-6 7.5V20l-4-2v-5.5z"/>',
  clock: '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>',
  warn: '<path d="M12 4l9.5 16.5h-19z"/><path d="M12 10v5M12 17.5v.1"/>',
  info: '<circle cx="12" cy="12" r="9"/><path d="M12 11v6M12 7.5v.1"/>',
  camera: '<path d="M4 8h4l1.5-2.5h5L16 8h4v11H4z"/><circle cx="12" cy="13" r="3.3"/>',
  picture: '<rect x="4" y="5" width="16" height="14" rx="2"/><circle cx="9" cy="10" r="1.5"/><path d="M4.5 17l5-4.5 3.5 3 2.5-2 4 3.5"/>',
  gear: '<circle cx="12" cy="12" r="3"/><path d="M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.1 2.1M16.3 16.3l2.1 2.1M18.4 5.6l-2.1 2.1M7.7 16.3l-2.1 2.1"/>',
  heart: '<path d="M12 20S4 15 4 9.3A4.3 4.3 0 0 1 12 7a4.3 4.3 0 0 1 8 2.3C20 15 12 20 12 20z"/>',
  message: '<path d="M4 5h16v11h-9l-4.5 4v-4H4z"/><path d="M8 9.5h8M8 12.5h5"/>',
  wallet: '<rect x="3.5" y="6" width="17" height="13" rx="2"/><path d="M15 11h5.5v4H15a2 2 0 0 1 0-4zM6 6l9-3v3"/>',
  refund: '<path d="M5 9h10a5 5 0 0 1 0 10H8"/><path d="M9 5L5 9l4 4"/>',
  users: '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 20c.6-3.6 3.2-5.5 6.5-5.5s5.9 1.9 6.5 5.5M15.5 5.5a3.2 3.2 0 0 1 0 6M18 14.8c2 .8 3.2 2.6 3.5 5.2"/>',
  certified: '<path d="M12 3l2.3 1.8 2.9-.2.9 2.7 2.4 1.6-.9 2.8.9 2.7-2.4 1.6-.9 2.8-2.9-.2L12 20.5l-2.3-1.9-2.9.2-.9-2.8-2.4-1.6.9-2.7-.9-2.8 2.4-1.6.9-2.7 2.9.2z"/><path d="M8.5 11.8l2.5 2.5 4.5-4.8"/>',
  tag: '<path d="M4 4h8l8 8-8 8-8-8z"/><circle cx="8.5" cy="8.5" r="1.3"/>',
  chart: '<path d="M4 20h16M7 16v-4M12 16V6M17 16v-7"/>',
  trend: '<path d="M4 17l5-6 4 3 7-8"/><path d="M15 6h5v5"/>',
  calendar: '<rect x="4" y="5.5" width="16" height="15" rx="2"/><path d="M4 10h16M8.5 3.5v4M15.5 3.5v4"/>',
  sort: '<path d="M8 5v14M4.5 15.5L8 19l3.5-3.5M16 19V5M12.5 8.5L16 5l3.5 3.5"/>',
  more: '<path d="M5.5 12h.1M12 12h.1M18.5 12h.1"/>',
  link: '<path d="M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.7L12 7"/><path d="M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.7L12 17"/>',
  download: '<path d="M12 4v11M7 10.5l5 5 5-5M5 20h14"/>',
  sound: '<path d="M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11"/>',
  eye: '<path d="M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12z"/><circle cx="12" cy="12" r="3"/>',
  geese: '<path d="M3 7.5c2-1.5 3.5-1 4.5 1 1-2 2.5-2.5 4.5-1M12 12.5c2-1.5 3.5-1 4.5 1 1-2 2.5-2.5 4.5-1M3.5 17.5c1.6-1.2 2.8-.8 3.6.8.8-1.6 2-2 3.6-.8"/>',
} as const

export type IconName = keyof typeof SHAPES

/** The icon as a data URI. `color` is any CSS colour; the browser build masks with it, so there black is enough. */
export function iconUri(name: IconName, color = '#000', strokeWidth = 1.8): string {
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="${color}" ` +
    `stroke-width="${strokeWidth}" stroke-linecap="round" stroke-linejoin="round">${SHAPES[name]}</svg>`
  return `data:image/svg+xml,${encodeURIComponent(svg)}`
}

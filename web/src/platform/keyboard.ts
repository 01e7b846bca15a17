/**
 * uni-app's elements are no native buttons: gives everything with a button-like role the keys a keyboard user expects.
 * H5 only.
 */
export function enableKeyboard(): void {
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    const target = event.target
    if (!(target instanceof HTMLElement)) return
    if (!/^(button|tab|switch|option|checkbox|radio)$/.test(target.getAttribute('role') ?? '')) return
    event.preventDefault()
    target.click()
  })
}

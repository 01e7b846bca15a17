let offsetMs = 0

/** Takes the server's time (epoch milliseconds) as the truth. Phones are often minutes off; sales end by the server's clock. */
export function syncClock(serverMs: number, receivedAtMs: number = Date.now()): void {
  if (Number.isFinite(serverMs)) offsetMs = serverMs - receivedAtMs
}

/** Now by the server's clock, in epoch milliseconds. */
export function serverNow(): number {
  return Date.now() + offsetMs
}

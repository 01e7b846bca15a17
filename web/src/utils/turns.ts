import { IS_H5 } from '@/config'

interface Scheduler {
  yield?: () => Promise<void>
}

/**
 * Ends this task and goes on in one of its own: in between the browser paints and answers a touch.
 * A long piece of drawing awaits this between its parts.
 */
export function turn(): Promise<void> {
  const scheduler = IS_H5 ? (globalThis as { scheduler?: Scheduler }).scheduler : undefined
  if (scheduler?.yield) return scheduler.yield()
  return new Promise((resolve) => setTimeout(resolve))
}

import { IS_H5 } from '@/config'

interface WakeLock {
  release(): Promise<void>
}

function keepInBrowser(): () => void {
  const lock = (navigator as unknown as { wakeLock?: { request(kind: 'screen'): Promise<WakeLock> } }).wakeLock
  if (!lock) return () => {}
  // A browser may refuse (low battery, page in the background); the code is readable anyway.
  const held = lock.request('screen').catch(() => null)
  return () => void held.then((one) => one?.release())
}

/** Keeps the screen from going dark, and in the mini-program bright, while a code is shown. @returns what undoes it */
export function keepScreenOn(): () => void {
  if (IS_H5) return keepInBrowser()
  uni.setKeepScreenOn({ keepScreenOn: true })
  uni.getScreenBrightness({ success: ({ value }) => value < 0.8 && uni.setScreenBrightness({ value: 0.9 }) })
  return () => {
    uni.setKeepScreenOn({ keepScreenOn: false })
    // Minus one hands the brightness back to the system.
    uni.setScreenBrightness({ value: -1 })
  }
}

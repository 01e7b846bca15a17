import { ref } from 'vue'

import { IS_H5 } from '@/config'
import { readStored, writeStored } from '@/platform/storage'

/** Large-type mode (长辈模式). */
export const large = ref(readStored('large') === true)

/** Whether a new order may ring in the open app. */
export const sound = ref(readStored('sound') !== false)

/** Puts the large-type class on the document; the mini-program's page roots read `large` themselves. */
export function applyLarge(): void {
  if (IS_H5) document.documentElement.classList.toggle('yt-large', large.value)
}

/** Switches large type and remembers it. */
export function setLarge(on: boolean): void {
  large.value = on
  writeStored('large', on)
  applyLarge()
}

/** Switches the sound of new orders and remembers it. */
export function setSound(on: boolean): void {
  sound.value = on
  writeStored('sound', on)
}

import { getCurrentInstance, onMounted, watch } from 'vue'

import { IS_H5 } from '@/config'

/**
 * uni-app wraps the browser's input, and attributes land on the wrapper; a screen reader needs them on the input itself.
 * Copies the label and the invalid state down. H5 only; the mini-program has native fields.
 */
export function useInputLabel(label: () => string, invalid: () => boolean): void {
  if (!IS_H5) return
  const self = getCurrentInstance()
  const apply = (): void => {
    const root = self?.proxy?.$el as HTMLElement | undefined
    const input = root?.querySelector?.('input, textarea')
    input?.setAttribute('aria-label', label())
    input?.setAttribute('aria-invalid', String(invalid()))
  }
  onMounted(apply)
  watch([label, invalid], apply, { flush: 'post' })
}

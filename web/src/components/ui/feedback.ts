import { IS_MP } from '@/config'
import { errorText, t } from '@/i18n'

/** A short line that goes away by itself. */
export function toast(text: string): void {
  uni.showToast({ title: text, icon: 'none', duration: 2200 })
}

/** Says in words what went wrong: the server's own sentence for an ApiError. */
export function toastError(error: unknown): void {
  toast(errorText(error))
}

export interface ConfirmOptions {
  readonly title: string
  readonly text?: string
  readonly confirmText?: string
  readonly cancelText?: string
  /** Paints the confirm button red: something is lost. */
  readonly danger?: boolean
}

// WeChat opens no dialog at all with a longer word on a button: four Chinese letters, or eight others.
const BUTTON_WIDTH = 8

/** The word on a dialog's button, or the plain one where WeChat would refuse it. */
export function buttonWord(text: string | undefined, plain: string): string {
  const width = [...(text ?? '')].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 255 ? 2 : 1), 0)
  return text && (!IS_MP || width <= BUTTON_WIDTH) ? text : plain
}

/** Asks yes or no. Resolves to true only when the person confirmed. */
export function confirmDialog(options: ConfirmOptions): Promise<boolean> {
  return new Promise((resolve) => {
    uni.showModal({
      title: options.title,
      content: options.text ?? '',
      confirmText: buttonWord(options.confirmText, t('common.confirm')),
      cancelText: buttonWord(options.cancelText, t('common.cancel')),
      confirmColor: options.danger ? '#c8302b' : '#e8502f',
      success: ({ confirm }) => resolve(confirm),
      fail: () => resolve(false),
    })
  })
}

/** Asks for one line of text. Resolves to null when the person turned back. */
export function askText(title: string, placeholder = '', initial = ''): Promise<string | null> {
  return new Promise((resolve) => {
    uni.showModal({
      title,
      editable: true,
      placeholderText: placeholder,
      content: initial,
      confirmText: t('common.confirm'),
      cancelText: t('common.cancel'),
      confirmColor: '#e8502f',
      success: ({ confirm, content }) => resolve(confirm ? (content ?? '').trim() : null),
      fail: () => resolve(null),
    })
  })
}

/** Shows a list at the bottom (at most six lines). Resolves to the chosen index, or -1. */
export function chooseAction(items: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    uni.showActionSheet({
      itemList: [...items],
      success: ({ tapIndex }) => resolve(tapIndex),
      fail: () => resolve(-1),
    })
  })
}

/** Runs a job behind a waiting sign that blocks taps; the sign goes away whatever happens. */
export async function withBusy<T>(job: () => Promise<T>, text: string = t('common.loading')): Promise<T> {
  uni.showLoading({ title: text, mask: true })
  try {
    return await job()
  } finally {
    uni.hideLoading()
  }
}

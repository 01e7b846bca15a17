import { IS_MP } from '@/config'
import { t } from '@/i18n'

/**
 * A new version that WeChat has fetched is offered, never forced: somebody may be in the middle of an order.
 * Without an answer it is used at the next cold start anyway.
 */
export function offerUpdates(): void {
  if (!IS_MP || typeof wx.getUpdateManager !== 'function') return
  const manager = wx.getUpdateManager()
  manager.onUpdateReady(() => {
    uni.showModal({
      title: t('wx.updateTitle'),
      content: t('wx.updateText'),
      confirmText: t('wx.updateNow'),
      cancelText: t('wx.updateLater'),
      success: ({ confirm }) => confirm && manager.applyUpdate(),
    })
  })
  manager.onUpdateFailed(() => uni.showModal({ title: t('wx.updateFailedTitle'), content: t('wx.updateFailedText'), showCancel: false, confirmText: t('common.ok') }))
}

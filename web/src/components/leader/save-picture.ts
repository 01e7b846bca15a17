import { confirmDialog, toast } from '@/components/ui/feedback'
import { IS_MP } from '@/config'
import { t } from '@/i18n'
import { savePicture } from '@/platform/picture'

function askSettings(): Promise<boolean> {
  return confirmDialog({ title: t('wx.albumTitle'), text: t('wx.albumText'), confirmText: t('wx.albumOpen') })
}

/** Keeps a picture of this shop under the name `file` and says how it went. */
export async function keepPicture(url: string, file: string): Promise<void> {
  const outcome = await savePicture(url, file, askSettings)
  if (outcome === 'failed') toast(t('leader.share.saveFailed'))
  else if (outcome === 'denied') toast(t('wx.albumDenied'))
  else if (outcome === 'saved' && IS_MP) toast(t('leader.share.saved'))
}

import { t } from '@/i18n'
import { setTabTexts } from '@/platform/notify'

/** The bottom bar in the language in use; the platform takes it only while a tab's page is there. */
export function nameTabs(): void {
  setTabTexts([t('tab.home'), t('tab.orders'), t('tab.messages'), t('tab.me')])
}

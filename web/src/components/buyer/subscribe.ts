import { computed, ref } from 'vue'

import { api } from '@/api/http'
import { toast, toastError } from '@/components/ui/feedback'
import { IS_MP } from '@/config'
import { t } from '@/i18n'
import { requestSubscribe } from '@/platform/notify'

/** Leave for WeChat's one-time messages: each yes lets the shop send one message. Mini-program only. */
export function useSubscribe(role: 'buyer' | 'leader') {
  const ids = ref<readonly string[]>([])
  if (IS_MP) {
    // Fetched beforehand, because WeChat opens its sheet only straight from a tap. Without them there is no button.
    api
      .get('/api/subscribe/templates', { auth: 'quiet' })
      .then((templates) => (ids.value = templates[role]))
      .catch(() => undefined)
  }
  return {
    /** Whether asking makes sense here. */
    possible: computed(() => ids.value.length > 0),
    /** Asks WeChat and tells the server each answer. Call it from a tap. */
    async ask(): Promise<void> {
      const asked = ids.value.slice(0, 3)
      const accepted = await requestSubscribe(asked)
      try {
        await Promise.all(asked.map((id) => api.post('/api/subscribe/consents', { body: { template_id: id, accepted: accepted.includes(id) } })))
        if (accepted.length) toast(t('buyer.subscribed'))
      } catch (error) {
        toastError(error)
      }
    },
  }
}

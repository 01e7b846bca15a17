import { ref } from 'vue'

import { api } from '@/api/http'
import type { Address } from '@/api/types'

const addresses = ref<readonly Address[]>([])
const chosenId = ref('')

/** The person's own addresses and the one picked for the checkout under way; shared by checkout, list and editor. */
export function useAddresses() {
  return {
    addresses,
    /** Id picked by hand; '' means the default one. */
    chosenId,
    /** Fetches them again. Throws ApiError. */
    async load(): Promise<void> {
      addresses.value = await api.get('/api/me/addresses')
    },
    /** The picked address, else the default, else the first; undefined while there is none. */
    current(): Address | undefined {
      const list = addresses.value
      return list.find((one) => one.id === chosenId.value) ?? list.find((one) => one.is_default) ?? list[0]
    },
  }
}

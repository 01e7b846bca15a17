import { ref } from 'vue'

import type { components } from '@/api/schema'
import { send } from '@/api/transport'

export type Instance = components['schemas']['InstanceOut']

const instance = ref<Instance | null>(null)
let asking: Promise<void> | null = null

async function ask(): Promise<void> {
  try {
    instance.value = (await send('get', '/api/instance', { auth: 'quiet' })) as Instance
  } finally {
    asking = null
  }
}

/** What this installation offers: name, demo or not, which ways to pay and sign in. Fetched once. */
export function useInstance() {
  return {
    /** Null until the server has answered. */
    instance,
    /** Asks once. Never throws: pages work without, they only offer less. */
    async ensure(): Promise<void> {
      if (instance.value) return
      asking ??= ask()
      await asking.catch(() => undefined)
    },
  }
}

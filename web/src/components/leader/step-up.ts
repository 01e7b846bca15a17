import { ref } from 'vue'

import { ApiError } from '@/api/errors'

/** Asks for a code when the server wants one, and then repeats the call; see StepUpSheet.vue. */
export function useStepUp() {
  const visible = ref(false)
  const phone = ref('')
  let answer: ((proved: boolean) => void) | null = null

  function finish(proved: boolean): void {
    visible.value = false
    answer?.(proved)
    answer = null
  }

  function ask(masked: string): Promise<boolean> {
    finish(false)
    phone.value = masked
    visible.value = true
    return new Promise((resolve) => (answer = resolve))
  }

  /** Runs `work`; a large sum asks for the code and runs it once more. Whoever closes the sheet gets the refusal itself. */
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.code !== 'step_up_needed') throw cause
      if (!(await ask(String(cause.details.phone_masked ?? '')))) throw cause
      return work()
    }
  }

  return { visible, phone, finish, guarded }
}

import { describe, expect, it } from 'vitest'

import { ApiError } from '@/api/errors'
import { useStepUp } from '@/components/leader/step-up'

const needed = () => new ApiError({ code: 'step_up_needed', message: '请确认', details: { phone_masked: '138****0001' }, status: 403 })

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await Promise.resolve()
}

describe('asking for a code before a large refund', () => {
  it('asks once, then repeats the call', async () => {
    const { visible, phone, finish, guarded } = useStepUp()
    let calls = 0
    const result = guarded(async () => {
      calls += 1
      if (calls === 1) throw needed()
      return 'refunded'
    })
    await settled()
    expect([visible.value, phone.value, calls]).toEqual([true, '138****0001', 1])
    finish(true)
    expect(await result).toBe('refunded')
    expect([visible.value, calls]).toEqual([false, 2])
  })

  it('gives the refusal itself to whoever closes the sheet, and calls nothing again', async () => {
    const { finish, guarded } = useStepUp()
    let calls = 0
    const result = guarded(async () => {
      calls += 1
      throw needed()
    })
    await settled()
    finish(false)
    await expect(result).rejects.toMatchObject({ code: 'step_up_needed' })
    expect(calls).toBe(1)
  })

  it('lets every other refusal through', async () => {
    const { visible, guarded } = useStepUp()
    const other = new ApiError({ code: 'sold_out', message: '卖完了', status: 409 })
    await expect(guarded(() => Promise.reject(other))).rejects.toBe(other)
    expect(visible.value).toBe(false)
  })
})

import { describe, expect, it } from 'vitest'

import { leaderWords } from '../vite-leader-words'

import { addWords, isMessageKey, t } from '@/i18n'

type Transform = (code: string, id: string) => { code: string } | null
const transform = leaderWords().transform as unknown as Transform
const added = (code: string, id = '/home/x/web/src/pages/orders/index.vue'): boolean => transform(code, id) !== null

describe('words of the selling side', () => {
  it('come with a module that says one, and with no other', () => {
    expect(transform("t('leader.share.title')", '/x/web/src/leader/share/index.vue')?.code).toBe(
      "import '@/i18n/leader-words';t('leader.share.title')",
    )
    expect(added('t(`leader.${state}`)')).toBe(true)
    expect(added("t('buyer.cart')")).toBe(false)
    expect(added("const leader = { name: 'x' }; leader.name")).toBe(false)
    expect(added("'leader.share.title': '分享团购'", '/x/web/src/i18n/leader-desk.ts')).toBe(false)
    expect(added("t('leader.x')", '/x/web/node_modules/kit/index.js')).toBe(false)
  })

  it('are there once they have been loaded, and never break a page before', async () => {
    addWords({ zh: {}, en: {} })
    expect([isMessageKey('leader.share.title'), t('leader.share.title')]).toEqual([false, 'leader.share.title'])
    await import('@/i18n/leader-words')
    expect([isMessageKey('leader.share.title'), t('leader.share.title')]).toEqual([true, '分享团购'])
  })
})

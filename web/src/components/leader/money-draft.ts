import { amountFen, amountText, wholeNumber } from './form'
import type { GroupDraft, OfferDraft } from './group-draft'

import type { components } from '@/api/schema'
import { t } from '@/i18n'
import { formatFen } from '@/utils/money'

type Schemas = components['schemas']
export type SaleMoney = Schemas['SaleMoney']
export type OfferMoney = Schemas['OfferMoney']
export type Reduction = Schemas['Reduction']

const SALE: SaleMoney = { reduction: null, freight: null, new_buyers: false, gifts: false }
const OFFER: OfferMoney = { no_reduction: false, new_buyer_fen: null, new_buyer_pieces: 1, gift: null }

/** What a sale promises in money; every field is there. */
export function saleMoney(draft: GroupDraft): SaleMoney {
  return { ...SALE, ...draft.options.money }
}

/** The draft's options with other promises. */
export function withMoney(draft: GroupDraft, part: Partial<SaleMoney>): Pick<GroupDraft, 'options'> {
  return { options: { ...draft.options, money: { ...saleMoney(draft), ...part } } }
}

/** What one offer promises; every field is there. */
export function offerMoney(offer: OfferDraft): OfferMoney {
  return { ...OFFER, ...offer.options.money }
}

/** The offers with other promises for one of them. */
export function withOfferMoney(draft: GroupDraft, skuId: string, part: Partial<OfferMoney>): Pick<GroupDraft, 'offers'> {
  const offers = draft.offers.map((offer) => (offer.skuId === skuId ? { ...offer, options: { ...offer.options, money: { ...offerMoney(offer), ...part } } } : offer))
  return { offers }
}

/** 满减 as it is being typed. */
export interface ReductionDraft {
  readonly by: 'fen' | 'pieces'
  readonly repeating: boolean
  readonly steps: readonly { readonly reach: string; readonly minus: string }[]
}

/** A saved 满减, ready to edit; one empty step where there is none. */
export function reductionDraft(saved: Reduction | null | undefined): ReductionDraft {
  if (!saved) return { by: 'fen', repeating: false, steps: [{ reach: '', minus: '' }] }
  const reach = (value: number): string => (saved.by === 'fen' ? amountText(value) : String(value))
  return { by: saved.by, repeating: saved.repeating, steps: saved.steps.map((step) => ({ reach: reach(step.reach), minus: amountText(step.minus_fen) })) }
}

/** 满减 as it is sent, or the sentence that says what is wrong. */
export function readReduction(draft: ReductionDraft): Reduction | string {
  const steps: Reduction['steps'] = []
  for (const typed of draft.repeating ? draft.steps.slice(0, 1) : draft.steps) {
    const reach = draft.by === 'fen' ? amountFen(typed.reach) : wholeNumber(typed.reach, 9999)
    const minus = amountFen(typed.minus)
    if (!reach || !minus || (draft.by === 'fen' && minus >= reach)) return t('leader.money.stepBad')
    const before = steps.at(-1)
    if (before && (reach <= before.reach || minus <= before.minus_fen)) return t('leader.money.stepsRise')
    steps.push({ reach, minus_fen: minus })
  }
  return { by: draft.by, repeating: draft.repeating, steps }
}

/** An offer's promises in one line; empty when it has none. */
export function saidMoney(money: OfferMoney): string {
  const words: string[] = []
  if (money.gift) words.push(t('leader.money.sayGift'))
  if (typeof money.new_buyer_fen === 'number') words.push(t('leader.money.sayNew', { price: formatFen(money.new_buyer_fen) }))
  if (money.no_reduction) words.push(t('leader.money.sayOut'))
  return words.join(' · ')
}

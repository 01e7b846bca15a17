import { amountFen, amountText, wholeNumber } from './form'
import type { GroupDraft, OfferDraft } from './group-draft'

import type { components } from '@/api/schema'
import { t } from '@/i18n'
import { formatFen } from '@/utils/money'

type Schemas = components['schemas']
export type SaleForming = Schemas['SaleForming']
export type OfferForming = Schemas['OfferForming']
export type FormingRule = Schemas['FormingRule']
export type Tiers = Schemas['Tiers']

const SALE: SaleForming = { rule: null, settles: false, weighs: false, cartons: false }
const OFFER: OfferForming = { tiers: null, carton: 0, weigh_g: 0 }

/** What a sale settles; every field is there. */
export function saleForming(draft: GroupDraft): SaleForming {
  return { ...SALE, ...draft.options.forming }
}

/** The draft's options with another rule. */
export function withRule(draft: GroupDraft, rule: FormingRule | null): Pick<GroupDraft, 'options'> {
  return { options: { ...draft.options, forming: { ...saleForming(draft), rule } } }
}

/** What one offer settles; every field is there. */
export function offerForming(offer: OfferDraft): OfferForming {
  return { ...OFFER, ...offer.options.forming }
}

/** The offers with something else settled for one of them. */
export function withOfferForming(draft: GroupDraft, skuId: string, part: Partial<OfferForming>): Pick<GroupDraft, 'offers'> {
  const offers = draft.offers.map((offer) => (offer.skuId === skuId ? { ...offer, options: { ...offer.options, forming: { ...offerForming(offer), ...part } } } : offer))
  return { offers }
}

/** 成团条件 as it is being typed. */
export interface RuleDraft {
  readonly by: FormingRule['by']
  readonly reach: string
}

/** A saved rule, ready to edit. */
export function ruleDraft(saved: FormingRule | null | undefined): RuleDraft {
  if (!saved) return { by: 'people', reach: '' }
  return { by: saved.by ?? 'people', reach: saved.by === 'fen' ? amountText(saved.reach) : String(saved.reach) }
}

/** The rule as it is sent, or the sentence that says what is wrong. */
export function readRule(draft: RuleDraft): FormingRule | string {
  const reach = draft.by === 'fen' ? amountFen(draft.reach) : wholeNumber(draft.reach, 999_999)
  if (!reach || reach < 2) return t('leader.forming.reachBad')
  return { by: draft.by, reach }
}

/** 阶梯价 as it is being typed. */
export interface TiersDraft {
  readonly by: Tiers['by']
  readonly steps: readonly { readonly reach: string; readonly price: string }[]
}

/** Saved tiers, ready to edit; one empty step where there are none. */
export function tiersDraft(saved: Tiers | null | undefined): TiersDraft {
  if (!saved) return { by: 'pieces', steps: [{ reach: '', price: '' }] }
  return { by: saved.by ?? 'pieces', steps: saved.steps.map((step) => ({ reach: String(step.reach), price: amountText(step.price_fen) })) }
}

/** The tiers as they are sent, or the sentence that says what is wrong. `price` is the usual one, as typed. */
export function readTiers(draft: TiersDraft, price: string): Tiers | string {
  const steps: Tiers['steps'] = []
  for (const typed of draft.steps) {
    const reach = wholeNumber(typed.reach, 999_999)
    const fen = amountFen(typed.price)
    if (!reach || reach < 2 || !fen) return t('leader.forming.tierBad')
    const before = steps.at(-1)
    const most = before?.price_fen ?? amountFen(price)
    if ((before && reach <= before.reach) || (most !== null && fen >= most)) return t('leader.forming.tiersFall')
    steps.push({ reach, price_fen: fen })
  }
  return { by: draft.by, steps }
}

/** What an offer settles, in one line; empty when nothing. */
export function saidForming(forming: OfferForming): string {
  const words: string[] = []
  const last = forming.tiers?.steps.at(-1)
  if (last) words.push(t('leader.forming.sayTiers', { price: formatFen(last.price_fen) }))
  if (forming.carton) words.push(t('leader.forming.sayCarton', { n: forming.carton }))
  if (forming.weigh_g) words.push(t('leader.forming.sayWeigh', { n: forming.weigh_g }))
  return words.join(' · ')
}

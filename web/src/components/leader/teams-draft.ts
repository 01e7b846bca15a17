import type { GroupDraft, OfferDraft } from './group-draft'

import type { components } from '@/api/schema'

type Schemas = components['schemas']
export type SaleTeams = Schemas['SaleTeams']
export type OfferTeams = Schemas['OfferTeams']

const SALE: SaleTeams = { size: 0, hours: 24, sell_anyway: false }
const OFFER: OfferTeams = { price_fen: null }

/** The teams of a sale; every field is there. */
export function saleTeams(draft: GroupDraft): SaleTeams {
  return { ...SALE, ...draft.options.teams }
}

/** The draft's options with other teams. */
export function withTeams(draft: GroupDraft, part: Partial<SaleTeams>): Pick<GroupDraft, 'options'> {
  return { options: { ...draft.options, teams: { ...saleTeams(draft), ...part } } }
}

/** What one offer costs in a team; every field is there. */
export function offerTeams(offer: OfferDraft): OfferTeams {
  return { ...OFFER, ...offer.options.teams }
}

/** The offers with another team price for one of them; null: not sold to teams. */
export function withTeamPrice(draft: GroupDraft, skuId: string, fen: number | null): Pick<GroupDraft, 'offers'> {
  const offers = draft.offers.map((offer) => (offer.skuId === skuId ? { ...offer, options: { ...offer.options, teams: { price_fen: fen } } } : offer))
  return { offers }
}

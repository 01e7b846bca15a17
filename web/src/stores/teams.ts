import { computed, ref, type Ref } from 'vue'

import type { components } from '@/api/schema'
import type { GroupBuyPage, PageOffer, PageProduct } from '@/api/types'

type Schemas = components['schemas']
export type Team = Schemas['TeamRow']
export type SaleTeams = Schemas['SaleTeamsOut']
export type TeamPage = Schemas['TeamPage']

/** How the goods of a sale are bought: '' alone, 'new' in a team one starts, else in the team of that id. */
export type TeamChoice = string
export const NEW_TEAM = 'new'

const chosen = ref<Record<string, TeamChoice>>({})

/** The choice for one sale, while the app is open. `code` is its public code. */
export function useTeamChoice(code: Ref<string>) {
  return {
    choice: computed<TeamChoice>(() => chosen.value[code.value] ?? ''),
    choose(next: TeamChoice): void {
      chosen.value = { ...chosen.value, [code.value]: next }
    },
  }
}

/** What the server is told of the choice. */
export function teamBody(choice: TeamChoice): { id: string | null } | null {
  if (!choice) return null
  return { id: choice === NEW_TEAM ? null : choice }
}

function together(product: PageProduct): PageProduct[] {
  const offers = product.offers.flatMap((offer): PageOffer[] => (typeof offer.team_fen === 'number' ? [{ ...offer, price_fen: offer.team_fen }] : []))
  if (!offers.length) return []
  const prices = offers.map((offer) => offer.price_fen)
  return [{ ...product, offers, price_min_fen: Math.min(...prices), price_max_fen: Math.max(...prices) }]
}

/** The page as it is for a team: only what is sold to teams, at their prices. */
export function withTeam(page: GroupBuyPage, choice: TeamChoice): GroupBuyPage {
  if (!choice || !page.teams) return page
  return { ...page, products: page.products.flatMap(together), payment_methods: page.payment_methods.filter((way) => way === 'wechatpay') }
}

/** The lowest price alone and in a team, of goods that are sold to teams. */
export function lowestPrices(page: GroupBuyPage): { alone: number; team: number } {
  const offers = page.products.flatMap((product) => product.offers).filter((offer) => typeof offer.team_fen === 'number')
  return { alone: Math.min(...offers.map((offer) => offer.price_fen)), team: Math.min(...offers.map((offer) => offer.team_fen ?? 0)) }
}

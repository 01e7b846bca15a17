import { amountFen, amountText, wholeNumber, type FieldErrors } from './form'
import type { GroupBuy, GroupBuyIn, Media, Offer, OfferOptions, Product, Question, SaleOptions, Sku } from './types'

import { uuid4 } from '@/api/idempotency'
import { t } from '@/i18n'
import { serverNow } from '@/utils/clock'
import { toMs } from '@/utils/time'

/** A paragraph or a picture of the introduction. */
export interface BlockDraft {
  readonly key: string
  readonly kind: 'text' | 'picture'
  readonly text: string
  readonly picture: Media | null
}

/** One variant in the sale, as it is being typed. */
export interface OfferDraft {
  readonly skuId: string
  readonly productId: string
  readonly title: string
  readonly skuName: string
  readonly pictureUrl: string
  readonly price: string
  readonly limit: string
  readonly ownStock: boolean
  readonly stock: string
  /** Pieces of the product's own stock, where the library told them. */
  readonly shared: number | null
  readonly saved: Offer | null
  /** What it demands besides; each panel changes its own kind. */
  readonly options: OfferOptions
}

/** A question with its choices as one line each. */
export interface QuestionDraft {
  readonly id: string
  readonly label: string
  readonly kind: Question['kind']
  readonly choices: string
  readonly required: boolean
}

/** The whole form. Times are ISO; '' as start means "as soon as published". */
export interface GroupDraft {
  readonly title: string
  readonly blocks: readonly BlockDraft[]
  readonly offers: readonly OfferDraft[]
  readonly startsAt: string
  readonly endsAt: string
  readonly courier: boolean
  readonly pickup: boolean
  readonly pointIds: readonly string[]
  readonly questions: readonly QuestionDraft[]
  readonly showJoined: boolean
  /** When a draft is published by itself; '' for never. */
  readonly publishAt: string
  /** What the sale demands besides; each panel changes its own kind. */
  readonly options: SaleOptions
  /** What a panel could not read, by field; saving says it first. */
  readonly optionErrors: Readonly<Record<string, string>>
}

/** An empty sale that offers what the store offers. */
export function emptyGroup(store: { courier_enabled: boolean; pickup_enabled: boolean; pickup_points: readonly { id: string }[] }): GroupDraft {
  return {
    title: '',
    blocks: [],
    offers: [],
    startsAt: '',
    endsAt: '',
    courier: store.courier_enabled,
    pickup: store.pickup_enabled && store.pickup_points.length > 0,
    pointIds: store.pickup_enabled ? store.pickup_points.map((point) => point.id) : [],
    questions: [],
    showJoined: true,
    publishAt: '',
    options: {},
    optionErrors: {},
  }
}

function savedOffer(offer: Offer): OfferDraft {
  return {
    skuId: offer.sku_id,
    productId: offer.product_id,
    title: offer.title,
    skuName: offer.sku_name,
    pictureUrl: offer.picture?.thumb_url ?? '',
    price: amountText(offer.price_fen),
    limit: offer.limit_per_person ? String(offer.limit_per_person) : '',
    ownStock: offer.own_stock,
    stock: offer.own_stock ? String(offer.available) : '',
    shared: offer.own_stock ? null : offer.available,
    // One that comes with a change still waiting is not there yet.
    saved: offer.id ? offer : null,
    options: offer.options ?? {},
  }
}

/** A variant just picked from the library, at its usual price. */
export function pickedOffer(product: Product, sku: Sku): OfferDraft {
  return {
    skuId: sku.id,
    productId: product.id,
    title: product.title,
    skuName: sku.name,
    pictureUrl: product.pictures[0]?.thumb_url ?? '',
    price: amountText(sku.price_fen),
    limit: sku.limit_per_person ? String(sku.limit_per_person) : '',
    ownStock: false,
    stock: '',
    shared: sku.available,
    saved: null,
    options: {},
  }
}

function questionDraft(question: Question): QuestionDraft {
  return {
    id: question.id,
    label: question.label,
    kind: question.kind,
    choices: question.choices.join('\n'),
    required: question.required,
  }
}

/** A saved sale, ready to edit; where a change waits for its check, with that change. */
export function groupDraft(saved: GroupBuy): GroupDraft {
  const group = saved.wanted ?? saved
  const unopened = group.status === 'draft' && toMs(group.starts_at) <= serverNow()
  return {
    title: group.title,
    blocks: group.blocks.map((block) => ({ key: uuid4(), kind: block.kind, text: block.text, picture: block.picture ?? null })),
    offers: group.offers.map(savedOffer),
    startsAt: unopened ? '' : group.starts_at,
    endsAt: group.ends_at ?? '',
    courier: group.courier_enabled,
    pickup: group.pickup_enabled,
    pointIds: group.pickup_points.map((point) => point.id),
    questions: group.questions.map(questionDraft),
    showJoined: group.show_joined,
    publishAt: group.publish_at ?? '',
    options: group.options ?? {},
    optionErrors: {},
  }
}

/** An id no other question has; short, as the server wants it. */
export function newQuestion(taken: readonly QuestionDraft[]): QuestionDraft {
  let n = taken.length + 1
  while (taken.some((question) => question.id === `q${n}`)) n += 1
  return { id: `q${n}`, label: '', kind: 'text', choices: '', required: false }
}

type Complain = (field: string, text: string) => void

function readOffers(draft: GroupDraft, published: boolean, complain: Complain): GroupBuyIn['offers'] {
  return draft.offers.map((offer) => {
    const price = amountFen(offer.price)
    const limit = wholeNumber(offer.limit, 9999)
    const stock = wholeNumber(offer.stock)
    const fixed = published && offer.saved !== null
    if (price === null) complain(`${offer.skuId}.price`, t('leader.form.badAmount'))
    if (limit === null) complain(`${offer.skuId}.limit`, t('leader.form.badNumber'))
    if (offer.ownStock && !fixed && stock === null) complain(`${offer.skuId}.stock`, t('leader.form.badNumber'))
    // A published offer's stock changes only through its own sheet, so nothing is sent for it.
    return { sku_id: offer.skuId, price_fen: price ?? 0, limit_per_person: limit ?? 0, stock: offer.ownStock && !fixed ? stock : null, options: offer.options }
  })
}

function readQuestions(draft: GroupDraft, complain: Complain): Question[] {
  return draft.questions.map((question) => {
    const choices = question.kind === 'choice' ? question.choices.split('\n').map((line) => line.trim()).filter(Boolean) : []
    if (!question.label.trim()) complain(`${question.id}.label`, t('leader.group.questionMissing'))
    if (question.kind === 'choice' && choices.length < 2) complain(`${question.id}.choices`, t('leader.group.choicesMissing'))
    return { id: question.id, label: question.label.trim(), kind: question.kind, choices, required: question.required }
  })
}

function checkWindow(draft: GroupDraft, shelf: boolean, startsAt: string, complain: Complain): void {
  if (shelf) return
  if (!draft.endsAt) complain('ends_at', t('leader.group.endsMissing'))
  else if (toMs(draft.endsAt) <= toMs(startsAt)) complain('ends_at', t('leader.group.endsBeforeStart'))
}

/** The body of a draft; complaints by field go into `errors`, and then the answer is null. */
export function readGroup(draft: GroupDraft, kind: { shelf: boolean; published: boolean }, errors: FieldErrors): GroupBuyIn | null {
  const complain: Complain = (field, text) => void (errors[field] = text)
  const title = draft.title.trim()
  if (title.length < 2 || title.length > 40) complain('title', t('leader.group.titleBad'))
  const startsAt = draft.startsAt || new Date(serverNow()).toISOString()
  checkWindow(draft, kind.shelf, startsAt, complain)
  const offers = readOffers(draft, kind.published, complain)
  const questions = readQuestions(draft, complain)
  for (const [field, text] of Object.entries(draft.optionErrors)) complain(field, text)
  if (Object.keys(errors).length) return null
  return {
    title,
    blocks: draft.blocks.flatMap((block): GroupBuyIn['blocks'] => {
      if (block.kind === 'picture') return block.picture ? [{ kind: 'picture', media_id: block.picture.id }] : []
      return block.text.trim() ? [{ kind: 'text', text: block.text.trim() }] : []
    }),
    offers,
    starts_at: startsAt,
    ends_at: kind.shelf ? null : draft.endsAt,
    courier_enabled: draft.courier,
    pickup_enabled: draft.pickup,
    pickup_point_ids: draft.pickup ? [...draft.pointIds] : [],
    questions,
    show_joined: draft.showJoined,
    publish_at: kind.published || kind.shelf ? null : draft.publishAt || null,
    options: draft.options,
  }
}

/** What publishing still lacks, in the words of the form; the server checks the rest. */
export function lacks(draft: GroupDraft): FieldErrors {
  const found: FieldErrors = {}
  if (!draft.offers.length) found.offers = t('leader.group.offersMissing')
  if (!draft.courier && !draft.pickup) found.delivery = t('leader.group.deliveryMissing')
  if (draft.pickup && !draft.pointIds.length) found.delivery = t('leader.group.pointsMissing')
  return found
}

/** Numbers that have a usual value above nothing and mean nothing by themselves. */
const USUAL: ReadonlySet<string> = new Set(['new_buyer_pieces', 'hours'])

/** Whether some option demands something: a number above nothing, a switch that is on, a list or a rule that is there. Words alone have a usual value. */
export function anySet(value: unknown): boolean {
  if (typeof value === 'number') return value > 0
  if (typeof value === 'boolean') return value
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, inner]) => !USUAL.has(key) && anySet(inner))
}

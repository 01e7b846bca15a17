import { distanceDraft, emptyDistance, readDistance, type DistanceDraft } from './distance-draft'
import { amountFen, amountText, wholeNumber } from './form'

import type { components } from '@/api/schema'
import { t } from '@/i18n'

export type FreightTemplate = components['schemas']['FreightTemplate']
export type FreightRule = components['schemas']['FreightRule']

/** One rule as it is being typed; amounts in yuan, numbers as text, regions one per line. */
export interface RuleDraft {
  readonly regions: string
  readonly refused: boolean
  readonly first: string
  readonly firstFen: string
  readonly more: string
  readonly moreFen: string
  readonly freeAbove: string
  readonly freePieces: string
  readonly least: string
}

export interface FreightDraft {
  readonly by: 'piece' | 'weight' | 'distance'
  readonly rest: RuleDraft
  readonly rules: readonly RuleDraft[]
  /** Counts where `by` says so; kept meanwhile, so that nothing typed is lost. */
  readonly distance: DistanceDraft
}

/** Regions people often name together. */
export const NEAR = ['江苏省', '浙江省', '上海市']
export const FAR = ['新疆维吾尔自治区', '西藏自治区', '青海省', '内蒙古自治区', '甘肃省', '宁夏回族自治区', '海南省']

function text(value: number): string {
  return value ? String(value) : ''
}

/** One free rule for the whole country: what a template begins with. */
export function everywhere(): FreightTemplate {
  return { by: 'piece', rest: { regions: [], refused: false, first: 1, first_fen: 0, more: 1, more_fen: 0, free_above_fen: 0, free_pieces: 0, least_fen: 0 }, rules: [] }
}

/** A rule not written yet. */
export function emptyRule(): RuleDraft {
  return { regions: '', refused: false, first: '1', firstFen: '', more: '1', moreFen: '', freeAbove: '', freePieces: '', least: '' }
}

function ruleDraft(rule: FreightRule): RuleDraft {
  return {
    regions: rule.regions.join('\n'),
    refused: rule.refused,
    first: String(rule.first),
    firstFen: amountText(rule.first_fen),
    more: String(rule.more),
    moreFen: rule.more_fen ? amountText(rule.more_fen) : '',
    freeAbove: rule.free_above_fen ? amountText(rule.free_above_fen) : '',
    freePieces: text(rule.free_pieces),
    least: rule.least_fen ? amountText(rule.least_fen) : '',
  }
}

/** A saved template, ready to edit; one for the whole country where there is none. */
export function freightDraft(saved: FreightTemplate | null | undefined): FreightDraft {
  if (!saved) return { by: 'piece', rest: emptyRule(), rules: [], distance: emptyDistance() }
  return { by: saved.distance ? 'distance' : saved.by, rest: ruleDraft(saved.rest), rules: saved.rules.map(ruleDraft), distance: distanceDraft(saved) }
}

/** Region names as the server takes them; null where one has more than three parts. */
export function readRegions(typed: string): string[] | null {
  const names = typed.split(/[\n、,，;；]/).map((line) => line.trim().replace(/\s+/g, ' ')).filter(Boolean)
  const good = names.length > 0 && names.every((name) => name.length >= 2 && name.split(' ').length <= 3)
  return good ? [...new Set(names)] : null
}

function readRule(draft: RuleDraft): FreightRule | null {
  const amounts = [draft.firstFen, draft.moreFen, draft.freeAbove, draft.least].map((typed) => amountFen(typed, 0))
  const [first, more, pieces] = [wholeNumber(draft.first, 1_000_000), wholeNumber(draft.more, 1_000_000), wholeNumber(draft.freePieces, 9999)]
  const [firstFen, moreFen, freeAbove, least] = amounts
  if (!first || !more || pieces === null || firstFen == null || moreFen == null || freeAbove == null || least == null) return null
  return { regions: [], refused: draft.refused, first, first_fen: firstFen, more, more_fen: moreFen, free_above_fen: freeAbove, free_pieces: pieces, least_fen: least }
}

/** The template as it is sent, or the sentence that says what is wrong. */
export function readFreight(draft: FreightDraft): FreightTemplate | string {
  if (draft.by === 'distance') {
    const distance = readDistance(draft.distance)
    return typeof distance === 'string' ? distance : { ...everywhere(), distance }
  }
  const rest = readRule(draft.rest)
  if (!rest) return t('leader.freight.bad')
  const rules: FreightRule[] = []
  for (const typed of draft.rules) {
    const rule = readRule(typed)
    const regions = readRegions(typed.regions)
    if (!regions) return t('leader.freight.regionsBad')
    if (!rule) return t('leader.freight.bad')
    rules.push({ ...rule, regions })
  }
  return { by: draft.by, rest, rules }
}

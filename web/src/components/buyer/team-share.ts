import { t } from '@/i18n'
import { webUrl } from '@/platform/browser'
import type { ShareInfo } from '@/platform/share'
import type { TeamPage } from '@/stores/teams'
import { formatFen } from '@/utils/money'
import { pageUrl } from '@/utils/routes'

/** The card of a team: what, for how much, and how many are missing. Nobody gets anything for sending it. */
export function teamShare(team: TeamPage): ShareInfo {
  const low = team.goods.length ? formatFen(Math.min(...team.goods.map((one) => one.team_fen))) : ''
  const missing = team.size - team.taken
  const first = team.goods[0]
  const title = team.state === 'forming' && missing > 0 ? t('buyer.team.card', { n: missing, fen: low, title: team.group_buy_title }) : team.group_buy_title
  return {
    title,
    cardTitle: title,
    path: pageUrl('/buyer/team/index', { code: team.code }),
    url: webUrl(pageUrl('/buyer/team/index', { code: team.code })),
    desc: team.store_name,
    cardUrl: webUrl(`/share/g/${team.group_buy_code}/card.jpg`),
    ...(first?.picture_url ? { imageUrl: webUrl(first.picture_url) } : {}),
  }
}

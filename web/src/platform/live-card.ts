import { IS_MP } from '@/config'

/** What makes a card go on counting in the chat after it was sent (动态消息). */
export interface LiveCard {
  readonly activityId: string
  readonly templateId: string
  readonly members: number
  readonly room: number
}

/**
 * Says before sharing what the card of this page is to be: one that goes on counting, or with null a plain one.
 * In a browser, and in a WeChat too old for it, nothing happens and the card is plain.
 */
export function setLiveCard(card: LiveCard | null): void {
  if (!IS_MP || typeof wx.updateShareMenu !== 'function') return
  if (!card) {
    wx.updateShareMenu({ withShareTicket: false, isUpdatableMessage: false })
    return
  }
  const parameterList = [
    { name: 'member_count', value: String(card.members) },
    { name: 'room_limit', value: String(card.room) },
  ]
  wx.updateShareMenu({
    withShareTicket: true,
    isUpdatableMessage: true,
    activityId: card.activityId,
    templateInfo: { templateId: card.templateId, parameterList },
  })
}

"""Cards that go on counting in the chats after they were sent (动态消息): asked for once per sale, changed by the clock. Off by default.

WeChat keeps an activity for a day and then writes 已结束 on every copy of the card, so only sales that end within that day get one:
a card must never call a sale over that goes on.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from yantuan.gateways.errors import GatewayError, GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.gateways.wechat_api import WeChatShutsUsOut
from yantuan.gateways.wechat_links import ActivityClosed, ActivityOver
from yantuan.groupbuys.desk import counters, live_offers, status_of
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.parts import totals
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.sharing import gateway, rules, scenes
from yantuan.sharing.models import LiveCard

log = logging.getLogger("yantuan.sharing")

PACE: Final = timedelta(minutes=5)
"""At most one change of a sale's cards in this time, and only when there is one."""
CLAIM: Final = timedelta(minutes=2)
ANSWER_DUE: Final = timedelta(minutes=1)
"""An activity asked for that long ago was asked for by a process that is gone."""
REST: Final = timedelta(minutes=10)
LONG_REST: Final = timedelta(minutes=30)
"""After a refusal that waits for the operator."""
KEPT: Final = timedelta(days=7)
MOST_AT_ONCE: Final = 100
_OVER: Final = frozenset({"ended", "closed"})
State = LiveCard.State


def wanted() -> bool:
    """Whether this instance has a mini-program and the switch is on."""
    return config().wechat_live_cards and gateway.configured()


def card_of(code: str) -> LiveCard | None:
    """The activity a card of this sale is to be sent with; None: send a plain card. Raises NotFound for an unknown sale.

    Asks WeChat for one when there is none yet. Whoever asks, a buyer or the leader, gets the same.
    """
    sale = _sales().filter(code=code).exclude(state=GroupBuy.State.DRAFT).first()
    if sale is None:
        raise NotFound
    if not wanted():
        return None
    members, room = _numbers(sale.id)
    if not rules.may_count(status_of(sale), sale.ends_at, now(), room - members):
        return None
    kept = _kept(sale)
    if kept is not None:
        return kept if kept.state == State.LIVE else None
    asked = _begin(sale, members, room)
    return _ask(asked, sale) if asked is not None else None


def update_due() -> int:
    """Bring the cards that are due in step with their sales. Answers how many were changed."""
    if not wanted():
        return 0
    due = LiveCard.objects.filter(state=State.LIVE, next_at__lte=now()).order_by("next_at")
    return sum(_update(card_id) for card_id in list(due.values_list("id", flat=True)[:MOST_AT_ONCE]))


def clear_old() -> int:
    """Drop what nobody can change any more."""
    return LiveCard.objects.filter(created_at__lt=now() - KEPT).delete()[0]


def _sales() -> QuerySet[GroupBuy]:
    return GroupBuy.objects.select_related("store__leader__person")


def _version() -> str:
    return f"{config().wechat_mini_appid}/{config().wechat_mini_version}"


def _numbers(group_buy_id: int) -> tuple[int, int]:
    """(members, room): who has joined, and how many there can be at most, each taking one of what is left."""
    left = {offer.pool_id: max(0, counters(offer)[0]) for offer in live_offers(group_buy_id)}
    joined = totals([group_buy_id])[group_buy_id].joined
    return joined, joined + sum(left.values())


def _kept(sale: GroupBuy) -> LiveCard | None:
    """What there is of this sale already: a card that lives as long as the sale, one being asked for, or a refusal not yet old."""
    moment = now()
    rows = LiveCard.objects.filter(group_buy_id=sale.id, version=_version()).order_by("-id")
    newest = rows.first()
    if newest is None:
        return None
    if newest.state == State.LIVE:
        lives = (
            newest.expires_at is not None and sale.ends_at is not None and newest.expires_at >= sale.ends_at
        )
        return newest if lives else None
    if newest.state == State.ASKING:
        return newest if newest.created_at > moment - ANSWER_DUE else None
    return newest if newest.state in (State.REFUSED, State.LOST) and newest.next_at > moment else None


def _begin(sale: GroupBuy, members: int, room: int) -> LiveCard | None:
    """Write down that we ask; None when somebody else does at this moment."""
    moment = now()
    row = LiveCard(
        store_id=sale.store_id, group_buy_id=sale.id, version=_version(), members=members, room=room,
        next_at=moment, created_at=moment,
    )  # fmt: skip
    with transaction.atomic():
        stale = LiveCard.objects.filter(group_buy_id=sale.id, state=State.ASKING)
        stale.filter(created_at__lte=moment - ANSWER_DUE).update(
            state=State.REFUSED, error="没有等到微信的回答"
        )
        LiveCard.objects.bulk_create([row], ignore_conflicts=True)
    return LiveCard.objects.filter(id=row.id).first()


def _ask(card: LiveCard, sale: GroupBuy) -> LiveCard | None:
    asking = LiveCard.objects.filter(id=card.id, state=State.ASKING)
    try:
        made = gateway.links().create_activity()
    except GatewayError as error:
        log.warning("no activity for the cards of sale %s: %s", sale.id, error)
        asking.update(state=State.REFUSED, error=error.zh[:300], next_at=now() + _rest(error))
        return None
    lives = sale.ends_at is not None and made.expires_at >= sale.ends_at
    asking.update(
        activity_id=made.activity_id,
        expires_at=made.expires_at,
        state=State.LIVE if lives else State.LOST,
        next_at=_next(sale) if lives else now() + LONG_REST,
        error="" if lives else "微信保留的时间不够到团购结束",
    )
    return LiveCard.objects.get(id=card.id) if lives else None


def _next(sale: GroupBuy) -> datetime:
    """When to look again: after the pace, or as soon as the sale is over."""
    moment = now()
    if sale.ends_at is not None and moment < sale.ends_at < moment + PACE:
        return sale.ends_at
    return moment + PACE


def _rest(error: GatewayError) -> timedelta:
    refused = isinstance(error, GatewayRefused) and not isinstance(error, GatewayThrottled)
    return LONG_REST if refused or isinstance(error, WeChatShutsUsOut) else REST


def _update(card_id: int) -> bool:
    card = _claim(card_id)
    if card is None:
        return False
    sale = _sales().filter(id=card.group_buy_id).first()
    if sale is None or card.expires_at is None or card.expires_at <= now():
        return _end(card, State.LOST, "微信只保留一天")
    over = status_of(sale) in _OVER
    members, room = _numbers(sale.id)
    same = (members, room) == (card.members, card.room)
    if not over and (same or status_of(sale) != "open" or room < 1):
        _set(card, next_at=_next(sale), tries=0, error="")
        return False
    try:
        if over:
            gateway.links().close_activity(card.activity_id, scenes.SALE_PAGE, {"code": sale.code})
        else:
            gateway.links().count_members(card.activity_id, members=members, room=room)
    except GatewayError as error:
        return _refused(card, error)
    if over:
        _set(card, state=State.CLOSED, tries=0, error="")
    else:
        _set(card, members=members, room=room, next_at=_next(sale), tries=0, error="")
    return True


def _claim(card_id: int) -> LiveCard | None:
    moment = now()
    rows = LiveCard.objects.filter(id=card_id, state=State.LIVE, next_at__lte=moment)
    if not rows.update(next_at=moment + CLAIM):
        return None
    return LiveCard.objects.get(id=card_id)


def _refused(card: LiveCard, error: GatewayError) -> bool:
    if isinstance(error, ActivityClosed):
        return _end(card, State.CLOSED, "")
    if isinstance(error, ActivityOver):
        return _end(card, State.LOST, error.zh)
    ours = isinstance(error, GatewayRefused | GatewayInvalid) and not isinstance(error, GatewayThrottled)
    if ours and not _unauthorised(error):
        log.error("cards of sale %s can't be changed: %s", card.group_buy_id, error)
        return _end(card, State.REFUSED, error.zh)
    # Nothing is lost by waiting: the next change says all that happened meanwhile.
    wait = LONG_REST if _unauthorised(error) or isinstance(error, WeChatShutsUsOut) else PACE
    _set(card, tries=card.tries + 1, error=error.zh[:300], next_at=now() + wait)
    return False


def _unauthorised(error: GatewayError) -> bool:
    return isinstance(error, GatewayRefused) and error.provider_code == "48001"


def _end(card: LiveCard, state: str, error: str) -> bool:
    """Always False: nothing was shown by it."""
    _set(card, state=state, error=error[:300])
    return False


def _set(card: LiveCard, **values: Any) -> None:
    LiveCard.objects.filter(id=card.id, state=State.LIVE).update(**values)

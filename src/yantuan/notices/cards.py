"""Service cards: one per payment made in the mini-program, kept in step with its order. Off unless switched on.

Only steps whose meaning is documented are shown. So a card of goods on their way ends with "shipped", and one of goods to be fetched
says "paid" and no more: both stay true, while a step we had to guess might tell a buyer something that is not so.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from functools import lru_cache
from typing import Final

from django.db import transaction

from yantuan.gateways.errors import GatewayError, GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.gateways.wechat_cards import (
    ON_THE_WAY,
    PAID,
    PART_SHIPPED,
    PICK_UP,
    SHIPPED,
    Card,
    CardRefused,
    CardsClient,
    CardsGateway,
)
from yantuan.gateways.wechat_mini import MiniSettings
from yantuan.gateways.wechat_tokens import FileTokenStore
from yantuan.kernel.clock import now
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.errors import AppError
from yantuan.notices.models import ServiceCard
from yantuan.notices.rules import pause
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt

log = logging.getLogger("yantuan.notices")

ACTIVATION: Final = timedelta(hours=24)
LIFE: Final = timedelta(days=30)
NOT_VISIBLE: Final = timedelta(minutes=1)
CLAIM: Final = timedelta(minutes=2)
MAX_TRIES: Final = 12
LAST: Final = {ON_THE_WAY: SHIPPED, PICK_UP: PAID}
NOT_TOLD: Final = {
    "-10001": "微信系统错误，没有通知到买家",
    "-10002": "内容没有通过微信的检查",
    "-1003": "小程序没有添加这个服务卡片模板",
    "-1004": "买家不接收这类通知",
    "-1005": "通知太频繁，被微信拦下了",
}
"""Why WeChat did not tell the buyer of a card it had taken."""
_FOR_GOOD: Final = frozenset({"-1003", "-1004"})
State = ServiceCard.State
_replacement: CardsGateway | None = None


@lru_cache(maxsize=1)
def _made() -> CardsClient:
    cfg = config()
    settings = MiniSettings(cfg.wechat_api_base_url, cfg.wechat_mini_appid, cfg.wechat_mini_secret)
    return CardsClient(settings, FileTokenStore(data_folder() / "wechat-tokens"))


def reset(replacement: CardsGateway | None = None) -> None:
    """Forget the client, or put another in its place (tests)."""
    global _replacement
    _made.cache_clear()
    _replacement = replacement


def follow(order_id: int) -> None:
    """An order was paid or moved: its card is to show it. Nothing for orders paid elsewhere, or with the switch off."""
    cfg = config()
    if not (cfg.wechat_service_cards and cfg.wechat_mini_appid):
        return
    order = Order.objects.get(id=order_id)
    step = _step(order)
    with transaction.atomic():
        card = ServiceCard.objects.select_for_update().filter(order_id=order_id).first()
        if card is None:
            card = _new(order)
            if card is None:
                return
            ServiceCard.objects.bulk_create([card], ignore_conflicts=True)
        rows = ServiceCard.objects.filter(
            order_id=order_id, wanted__lt=step, state__in=[State.WAITING, State.SHOWN]
        )
        rows.update(wanted=step, state=State.WAITING, next_at=now(), tries=0)


def push_due() -> int:
    """Show what is due. Answers how many cards WeChat took."""
    if not config().wechat_service_cards:
        return 0
    due = ServiceCard.objects.filter(state=State.WAITING, next_at__lte=now()).order_by("next_at")
    return sum(_push(card_id) for card_id in list(due.values_list("id", flat=True)[:100]))


def not_told(transaction_id: str, code: str, words: str) -> None:
    """WeChat says that a card's buyer was not told. Where the next change would fare the same, the card is left alone."""
    why = NOT_TOLD.get(code) or f"没有通知到买家（{code} {words}）"
    paid = PaymentAttempt.objects.filter(transaction_id=transaction_id)
    rows = ServiceCard.objects.filter(order_id__in=list(paid.values_list("order_id", flat=True)))
    rows.update(error=why[:300])
    if code in _FOR_GOOD:
        rows.filter(state__in=[State.WAITING, State.SHOWN]).update(state=State.FAILED)


def _step(order: Order) -> int:
    if order.delivery_method == "pickup":
        return PAID
    if order.delivery in ("shipped", "received"):
        return SHIPPED
    return PART_SHIPPED if order.delivery == "part_shipped" else PAID


def _new(order: Order) -> ServiceCard | None:
    appid = config().wechat_mini_appid
    paid = PaymentAttempt.objects.filter(order=order, state="succeeded", appid=appid, extra=False).first()
    if paid is None or paid.transaction_id is None or paid.success_at is None or not paid.payer_openid:
        return None
    return ServiceCard(
        order_id=order.id,
        store_id=order.store_id,
        transaction_id=paid.transaction_id,
        openid=paid.payer_openid,
        kind=PICK_UP if order.delivery_method == "pickup" else ON_THE_WAY,
        amount_fen=paid.paid_fen or paid.amount_fen,
        paid_at=paid.success_at,
        wanted=PAID,
        next_at=now(),
    )


def _push(card_id: int) -> bool:
    card = _claim(card_id)
    if card is None:
        return False
    moment = now()
    if moment > card.paid_at + (LIFE if card.shown else ACTIVATION):
        _end(card, State.OVER if card.shown else State.FAILED, "超过微信允许的时间")
        return False
    # A card begins with the payment; what happened since is its next step.
    step = card.wanted if card.shown else PAID
    try:
        (_replacement or _made()).put(_shown(card, step), first=not card.shown)
    except CardRefused as refusal:
        _refused(card, refusal)
        return False
    except (GatewayInvalid, GatewayRefused, GatewayError) as error:
        passing = isinstance(error, GatewayThrottled) or not isinstance(
            error, GatewayInvalid | GatewayRefused
        )
        _again_or_end(card, error, timedelta(seconds=pause(card.tries + 1)), passing=passing)
        return False
    _taken(card, step)
    return True


def _claim(card_id: int) -> ServiceCard | None:
    moment = now()
    rows = ServiceCard.objects.filter(id=card_id, state=State.WAITING, next_at__lte=moment)
    if not rows.update(next_at=moment + CLAIM):
        return None
    return ServiceCard.objects.get(id=card_id)


def _shown(card: ServiceCard, step: int) -> Card:
    order = Order.objects.select_related("group_buy").get(id=card.order_id)
    # The sale's own card: a JPEG everybody may fetch, which WeChat does without our cookies.
    picture = f"{config().public_url.rstrip('/')}/share/g/{order.group_buy.code}/card.jpg"
    return Card(
        openid=card.openid, transaction_id=card.transaction_id, kind=card.kind, step=step,
        page=f"pages/order/index?id={order.id}", title=order.goods_text[:60] or f"#{order.number}", picture=picture,
        count=max(1, sum(order.lines.values_list("quantity", flat=True))), paid_fen=card.amount_fen, paid_at=card.paid_at,
    )  # fmt: skip


def _taken(card: ServiceCard, step: int) -> None:
    # It may have moved on while WeChat was asked: then it waits for the next step.
    done = State.OVER if step == LAST[card.kind] else State.SHOWN
    ServiceCard.objects.filter(id=card.id, wanted=step).update(shown=step, state=done, error="", tries=0)
    ServiceCard.objects.filter(id=card.id, wanted__gt=step).update(
        shown=step, next_at=now(), error="", tries=0
    )


def _refused(card: ServiceCard, refusal: CardRefused) -> None:
    if refusal.kind in ("not_visible", "locked"):
        _again_or_end(card, refusal, NOT_VISIBLE, passing=True)
    elif refusal.kind == "over":
        _end(card, State.OVER, refusal.zh)
    else:
        log.error("service card of order %s refused: %s", card.order_id, refusal)
        _end(card, State.FAILED, refusal.zh)


def _again_or_end(card: ServiceCard, error: AppError, wait: timedelta, *, passing: bool) -> None:
    tries = card.tries + 1
    if not passing or tries >= MAX_TRIES:
        _end(card, State.FAILED, error.zh)
        return
    rows = ServiceCard.objects.filter(id=card.id, state=State.WAITING)
    rows.update(tries=tries, error=error.zh[:300], next_at=now() + wait)


def _end(card: ServiceCard, state: str, error: str) -> None:
    ServiceCard.objects.filter(id=card.id, state=State.WAITING).update(state=state, error=error[:300])

"""预售报备: WeChat is told of a paid pre-sale order that leaves later than its rule of fifteen days, so that it waits in peace.

The row of `order.paid` is all that is kept: it is asked again until the platform has answered. What it said stands in the
order's timeline; a refusal is told to the leader, who can report the order in WeChat's console.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction

from yantuan.gateways.errors import GatewayError, GatewayInvalid, GatewayRefused, GatewayThrottled
from yantuan.gateways.wechat_api import WeChatShutsUsOut
from yantuan.gateways.wechat_shipping import ShippingRefused
from yantuan.kernel.actors import PROVIDER
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.outbox import Later
from yantuan.notices.actions import tell_leader
from yantuan.notices.rules import Words
from yantuan.orders import actions as orders
from yantuan.orders import english, parts
from yantuan.orders.models import Order, OrderEvent
from yantuan.orders.presale import end_of, promised_days
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.shipinfo import facts, flow, gateway

log = logging.getLogger("yantuan.shipinfo")

LEAST: Final = timedelta(days=15)
MOST: Final = timedelta(days=330)
"""After the payment, as the platform's rule has it."""
AGAIN_SECONDS: Final = 600.0
GIVE_UP: Final = timedelta(days=7)
EVENT: Final = "presale_reported"


def ships_at(day: date, paid_at: datetime) -> datetime | None:
    """The moment to report for a promised day; None where the usual rule is kept anyway."""
    moment = end_of(day) - timedelta(seconds=1)
    if moment - paid_at < LEAST:
        return None
    return min(moment, paid_at + MOST - timedelta(minutes=1))


def report(order_id: int) -> None:
    """Tell the platform of one paid order, once. Raises outbox.Later while it gives no clear answer."""
    day = promised_days([order_id]).get(order_id)
    attempt = flow.attempt_of(order_id) if day is not None else None
    if day is None or attempt is None or attempt.success_at is None:
        return
    order = Order.objects.select_related("store__leader").get(id=order_id)
    moment = ships_at(day, attempt.success_at)
    if moment is None or order.payment not in PAID_PAYMENTS or order.delivery in ("shipped", "received"):
        return
    try:
        if not facts.managed():
            return
        gateway.client().report_presale(attempt.transaction_id or "", moment)
    except GatewayError as error:
        if _passes(error) and now() < attempt.success_at + GIVE_UP:
            raise Later(AGAIN_SECONDS) from error
        _refused(order, error)
        return
    _taken(order_id, moment)


def _passes(error: GatewayError) -> bool:
    """Whether another try may fare better without anybody mending the order."""
    if isinstance(error, ShippingRefused):
        return error.kind == "not_visible"
    return isinstance(error, GatewayThrottled | WeChatShutsUsOut) or not isinstance(
        error, GatewayInvalid | GatewayRefused
    )


@transaction.atomic
def _taken(order_id: int, moment: datetime) -> None:
    order = orders.lock_order(order_id)
    if not OrderEvent.objects.filter(order_id=order_id, axis="note", event=EVENT).exists():
        day = moment.astimezone(CHINA).date().isoformat()
        orders.note_event(order, EVENT, PROVIDER, {"ships_on": day})


def _refused(order: Order, error: GatewayError) -> None:
    code = getattr(error, "provider_code", "")
    log.error("pre-sale of order %s not reported: %s", order.id, error)
    words = Words(
        f"订单 #{order.number} 的预售没有报备成功",
        f"微信没有接受（{code or '没有回应'}），请在微信后台「订单与物流 → 特殊发货报备」里报备，否则微信会催发货",
    )
    link = f"/pages/order/index?id={order.id}&as=leader"
    tell_leader(order.store, "shipping_info", words, f"presale:{order.id}", order_id=order.id, link=link)


def _told(data: dict[str, Any]) -> str:
    return f"已向微信报备预售，预计 {data.get('ships_on', '')} 前发货"


def _told_en(data: dict[str, Any]) -> str:
    return f"WeChat was told that this pre-sale ships by {data.get('ships_on', '')}"


parts.event_texts["note", EVENT] = _told
english.event_texts["note", EVENT] = _told_en

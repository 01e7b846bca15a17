"""A leader reminds the buyer of one order that it is not paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

from django.db import transaction

from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.money import price_text
from yantuan.notices.actions import tell_buyer
from yantuan.notices.models import InboxMessage
from yantuan.notices.rules import Words, after_night
from yantuan.orders.actions import lock_order, note_event
from yantuan.orders.models import Order

KIND: Final = "order_unpaid"
APART: Final = timedelta(hours=20)
"""Between two reminders of one order, whoever or whatever wrote the first."""
Told = Literal["wechat", "morning", "app"]
"""How the buyer hears of it: in WeChat now, in WeChat in the morning, or only when they open the app."""
SilentFn = Callable[[Order], AppError | None]
_silent: list[SilentFn] = []


def provide_silent(fn: SilentFn) -> SilentFn:
    """Register who knows orders whose buyer has no account to be told by: the refusal, or None."""
    if fn not in _silent:
        _silent.append(fn)
    return fn


def remind(person: Person, order_id: int) -> Told:
    """Remind the buyer once in twenty hours; at night the message in WeChat waits for the morning.

    Raises Conflict `order_not_unpaid`, `reminded_lately`, and what upper floors say of a buyer without an account.
    """
    with transaction.atomic():
        order = lock_order(order_id)
        _refuse(order)
        asked = InboxMessage.objects.filter(person_id=order.person_id, order_id=order.id, kind=KIND)
        if asked.filter(created_at__gt=now() - APART).exists():
            raise Conflict(
                "reminded_lately", "刚提醒过，过 20 小时再提醒", "They were reminded less than 20 hours ago."
            )
        told = _tell(order, asked.count())
        note_event(order, "reminded", Actor("leader", person.id))
    return told


def _refuse(order: Order) -> None:
    if order.payment != "unpaid":
        raise Conflict(
            "order_not_unpaid", "这个订单不用付款了", "This order does not wait for payment any more."
        )
    for fn in _silent:
        refusal = fn(order)
        if refusal is not None:
            raise refusal


def _tell(order: Order, earlier: int) -> Told:
    sum_text = price_text(order.total_fen)
    words = Words(
        f"订单 #{order.number} 还没有付款", f"{order.goods_text}，{sum_text}，团长提醒你付款", order.total_fen
    )
    in_wechat = tell_buyer(
        order.person_id, KIND, words, f"unpaid_asked:{order.id}:{earlier}", store_id=order.store_id,
        order_id=order.id, link=f"/pages/order/index?id={order.id}", at_night=False,
    )  # fmt: skip
    if not in_wechat:
        return "app"
    moment = now()
    return "wechat" if after_night(moment) == moment else "morning"

"""Receipt of parcels: the buyer's word, or the calendar's."""

from __future__ import annotations

import logging

from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.certain import surely
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS

BATCH = 200
logger = logging.getLogger(__name__)


def receive(person: Person, order_id: int) -> Order:
    """The buyer has everything. Again: no change. Raises Conflict `order_not_paid` or `illegal_transition`."""
    order = access_order(person, order_id)
    return retrying(lambda: _receive(order.id, Actor("buyer", person.id), auto=False))


def _receive(order_id: int, actor: Actor, *, auto: bool) -> Order:
    order = orders.lock_order(order_id)
    if order.delivery == "received":
        return order
    if order.payment not in PAID_PAYMENTS:
        raise Conflict(
            "order_not_paid", "订单没有付款或已退款，不能确认收货", "Nothing is paid for this order."
        )
    order = orders.transition(
        order_id,
        "delivery",
        "receive",
        actor,
        data={"auto": True} if auto else {},
        extra_updates={"received_at": now(), "auto_receive_at": None},
    )
    outbox.emit("order.received", {"order_id": order_id}, store_id=order.store_id, key=f"received:{order_id}")
    return order


def _due(order: Order) -> bool:
    at = order.auto_receive_at
    return order.delivery == "shipped" and order.aftersale != "open" and at is not None and at <= surely()


def receive_due() -> int:
    """Receive what was shipped long enough ago, but never while an after-sale is open. Returns how many."""
    rows = Order.objects.filter(
        delivery="shipped", auto_receive_at__lte=surely(), payment__in=list(PAID_PAYMENTS)
    )
    ids = rows.exclude(aftersale="open").order_by("auto_receive_at").values_list("id", flat=True)[:BATCH]
    return sum(_receive_if_due(order_id) for order_id in list(ids))


def _receive_if_due(order_id: int) -> bool:
    def work() -> bool:
        if not _due(orders.lock_order(order_id)):
            return False
        return _receive(order_id, SYSTEM, auto=True).delivery == "received"

    try:
        return retrying(work)
    except AppError as error:
        # One order that can't move must not keep the others waiting.
        logger.warning("automatic receipt of order %s: %s", order_id, error.code)
        return False
    except Exception:
        logger.exception("automatic receipt of order %s failed", order_id)
        return False

"""Cancelling: an unpaid order is closed; a paid one that hasn't moved is refunded whole, to the buyer who asks."""

from __future__ import annotations

from typing import Any, Literal

from yantuan.gateways.errors import GatewayError
from yantuan.groupbuys.limiting import cancel_problem
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import sale_options_of
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order, access_order_as_leader
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments import attempts, closing, gateway, refunds, rules
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.payments.queries import left_of_lines

_ROUNDS = 3


def cancel(person: Person, order_id: int, reason: str) -> Order:
    """Cancel the buyer's own order as far as it still can be.

    Unpaid: closed at WeChat Pay, then here; money that arrives at that very moment wins (Conflict `already_paid`).
    Paid and nothing shipped, handed out or in after-sale: everything left is refunded and put back on sale.
    Again: no change. Raises Conflict with the reason otherwise, AppError `provider_unavailable` when WeChat Pay can't
    be asked (the order stays as it was).
    """
    order = access_order(person, order_id)
    actor = Actor("buyer", person.id)
    if order.payment == "unpaid":
        _close_unpaid(order, actor, "buyer")
    elif order.payment in PAID_PAYMENTS or order.payment == "awaiting_confirmation":
        retrying(lambda: _refund_all(order, actor, reason))
    elif order.payment == "refunded" and not _cancelled(order):
        raise Conflict("order_refunded", "订单已全部退款，不需要取消", "The order is refunded already.")
    order.refresh_from_db()
    return order


def close_as_leader(person: Person, order_id: int) -> Order:
    """The leader ends an unpaid order: closed at WeChat Pay, then here. Again: no change.

    Raises NotFound, Conflict `already_paid` for money that arrived at that very moment, `order_not_unpaid`, AppError
    `provider_unavailable`.
    """
    order = access_order_as_leader(person, order_id)
    if order.payment == "unpaid":
        _close_unpaid(order, Actor("leader", person.id), "leader")
    elif order.payment != "closed":
        raise Conflict(
            "order_not_unpaid", "这笔订单已付款或待确认，请用退款", "It is paid or claimed paid: refund it."
        )
    order.refresh_from_db()
    return order


def _close_unpaid(order: Order, actor: Actor, reason: str) -> None:
    for _ in range(_ROUNDS):
        attempt = attempts.live_attempt(order.id)
        if attempt is not None and _settled(attempt) == "paid":
            raise Conflict(
                "already_paid",
                "订单刚刚已付款成功；仍要取消请再点一次，会全额退款",
                "The payment has just succeeded; cancel again for a full refund.",
            )
        if closing.close_if_over(order.id, reason, actor):
            return
        order.refresh_from_db()
        if order.payment != "unpaid":
            break
    raise Conflict("order_changed", "订单刚刚有变化，请刷新后再试", "The order has just changed.")


def _settled(attempt: PaymentAttempt) -> Literal["paid", "closed"]:
    try:
        with gateway.turn():
            return closing.settle(attempt)
    except GatewayError as error:
        raise gateway.unavailable(error) from error


def _refund_all(order: Order, actor: Actor, reason: str) -> None:
    locked = orders.lock_order(order.id)
    lines = list(OrderLine.objects.filter(order_id=order.id))
    left = left_of_lines(lines)
    if all(x.nothing for x in left) and _cancelled(order):
        return
    moved = sum(line.shipped_quantity + line.picked_quantity for line in lines)
    barred = cancel_barred(GroupBuy.objects.get(id=locked.group_buy_id))
    refusal = rules.cancel_refusal(locked, moved_units=moved, barred=barred)
    if refusal is not None:
        raise refusal
    data: dict[str, Any] = {"reason": reason} if reason else {}
    orders.note_event(locked, "cancelled", actor, data)
    refunds.start_refund(
        locked,
        rules.everything(left),
        cause=Refund.Cause.CANCEL,
        reason=reason or "买家发货前取消",
        restock=True,
        actor=actor,
    )


def cancel_barred(sale: GroupBuy) -> tuple[str, str] | None:
    """What the sale's own rule has against cancelling a paid order now; None where it allows it."""
    limits = sale_options_of(sale.options).limits
    over = sale.state == GroupBuy.State.CLOSED or (sale.ends_at is not None and sale.ends_at <= now())
    return cancel_problem(limits, running=not over)


def _cancelled(order: Order) -> bool:
    return Refund.objects.filter(order_id=order.id, cause=Refund.Cause.CANCEL).exists()

"""The verbs that move an order along its axes. All run inside the caller's transaction and lock the order row first.

Lock order everywhere: order row → stock pools (by id) → group counter → limit rows → what upper floors hold (coupons).
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Q

from yantuan.catalog import stock
from yantuan.groupbuys.models import GroupCounter
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.orders import parts
from yantuan.orders.models import LimitUse, Order, OrderEvent, OrderLine
from yantuan.orders.rules import OFFLINE_HOLD
from yantuan.orders.states import MACHINES, PAID_PAYMENTS, Axis


def lock_order(order_id: int) -> Order:
    """The order row, locked until the open transaction ends. NotFound when absent."""
    if not connection.in_atomic_block:
        raise RuntimeError("an order may be locked only inside a transaction")
    order = Order.objects.select_for_update().filter(id=order_id).first()
    if order is None:
        raise NotFound("没有找到这个订单", "No such order.")
    return order


def transition(
    order_id: int,
    axis: Axis,
    event: str,
    actor: Actor,
    *,
    data: dict[str, Any] | None = None,
    extra_updates: dict[str, Any] | None = None,
) -> Order:
    """Move one axis by one event and write the OrderEvent, in the caller's transaction.

    The same event again (already in its target state, where the event is no longer legal) changes nothing and returns
    the order. Conflict `illegal_transition` otherwise. `extra_updates` are written together with the axis.
    """
    order = lock_order(order_id)
    machine = MACHINES[axis]
    before = str(getattr(order, axis))
    if not machine.allows(before, event) and before in _targets(axis, event):
        return order
    after = machine.next(before, event)
    fields = {axis: after, **(extra_updates or {}), "version": order.version + 1}
    done = Order.objects.filter(id=order_id, version=order.version, **{axis: before}).update(**fields)
    if not done:
        raise Conflict("order_changed", "订单刚刚有变化，请刷新后再试", "The order has just changed.")
    for name, value in fields.items():
        setattr(order, name, value)
    _write_event(order, axis, event, actor, before, after, data)
    return order


def _targets(axis: str, event: str) -> frozenset[str]:
    return frozenset(row[event] for row in MACHINES[axis].edges.values() if event in row)


def _write_event(
    order: Order, axis: str, event: str, actor: Actor, before: str, after: str, data: dict[str, Any] | None
) -> None:
    OrderEvent.objects.create(
        order_id=order.id,
        store_id=order.store_id,
        at=now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        axis=axis,
        event=event,
        before=before,
        after=after,
        data=data or {},
    )


def note_event(order: Order, event: str, actor: Actor, data: dict[str, Any] | None = None) -> None:
    """A line of the timeline that moves no axis. `data` must hold no personal data."""
    _write_event(order, "note", event, actor, "", "", data)


def close_order(order_id: int, reason: str, actor: Actor) -> Order:
    """unpaid | awaiting_confirmation → closed; stock, limit and counter are given back exactly once; emits `order.closed`.

    `reason`: `expired`, `buyer`, `leader`, `operator`, or free words. Closing a closed order changes nothing.
    """
    order = lock_order(order_id)
    if order.payment == "closed":
        return order
    moment = now()
    order = transition(
        order_id,
        "payment",
        "close",
        actor,
        data={"reason": reason},
        extra_updates={"closed_at": moment, "close_reason": reason[:40], "expires_at": None},
    )
    lines = list(OrderLine.objects.filter(order_id=order_id).order_by("pool_id", "id"))
    stock.release(lines)
    _count_order(order, -1)
    for line in sorted(lines, key=lambda one: one.offer_id):
        return_quota(order, line, line.quantity)
    parts.give_back_for(order)
    outbox.emit("order.closed", {"order_id": order_id}, store_id=order.store_id, key=f"closed:{order_id}")
    return order


def return_quota(order: Order, line: OrderLine, quantity: int) -> None:
    """Give `quantity` units of the per-person limit back; the caller sees to it that it happens once per unit."""
    LimitUse.objects.filter(offer_id=line.offer_id, person_id=order.person_id, quantity__gte=quantity).update(
        quantity=F("quantity") - quantity
    )


def _count_order(order: Order, by: int) -> None:
    GroupCounter.objects.filter(group_buy_id=order.group_buy_id).update(orders=F("orders") + by)


def mark_paid(order_id: int, amount_fen: int, actor: Actor, data: dict[str, Any] | None = None) -> Order:
    """The order's money is here: → paid, held → sold, pick-up opens with its code, emits `order.paid`.

    Already paid: no change. A closed order: Conflict (late money goes through `mark_paid_late`).
    """
    before = lock_order(order_id)
    if before.payment in ("paid", "partly_refunded", "refunded"):
        return before
    order = transition(
        order_id,
        "payment",
        "pay",
        actor,
        data={"amount_fen": amount_fen, **(data or {})},
        extra_updates={"paid_fen": before.paid_fen + amount_fen, "paid_at": now(), "expires_at": None},
    )
    stock.sell(list(OrderLine.objects.filter(order_id=order_id).order_by("pool_id", "id")))
    return _after_payment(order, actor)


def mark_paid_late(order_id: int, amount_fen: int, actor: Actor, data: dict[str, Any] | None = None) -> bool:
    """Money for a closed order: True if its goods could be reserved again and the order lives on (`order.paid` is emitted).

    False: the money is recorded on the order (paid_fen, timeline) and the caller must refund it.
    """
    before = lock_order(order_id)
    if before.payment != "closed":
        raise Conflict("order_not_closed", "订单并未关闭", "The order is not closed.")
    lines = list(OrderLine.objects.filter(order_id=order_id).order_by("pool_id", "id"))
    if not _had_again(before, lines):
        note_money(order_id, "late_money", amount_fen, actor, data)
        return False
    order = transition(
        order_id,
        "payment",
        "pay_late",
        actor,
        data={"amount_fen": amount_fen, **(data or {})},
        extra_updates={
            "paid_fen": before.paid_fen + amount_fen,
            "paid_at": now(),
            "closed_at": None,
            "close_reason": "",
        },
    )
    _count_order(order, 1)
    for line in sorted(lines, key=lambda one: one.offer_id):
        LimitUse.objects.filter(offer_id=line.offer_id, person_id=order.person_id).update(
            quantity=F("quantity") + line.quantity
        )
    _after_payment(order, actor)
    return True


def _had_again(order: Order, lines: list[OrderLine]) -> bool:
    """Take what upper floors gave back, and the goods; both or neither."""
    if not parts.take_again_for(order):
        return False
    if stock.sell_direct(lines):
        return True
    parts.give_back_for(order)
    return False


def note_money(
    order_id: int,
    event: str,
    amount_fen: int,
    actor: Actor,
    data: dict[str, Any] | None = None,
) -> Order:
    """Record money that changes no axis (`late_money`, `extra_money`): paid_fen grows, so that its refund fits under it."""
    order = lock_order(order_id)
    order.paid_fen += amount_fen
    order.version += 1
    order.save(update_fields=["paid_fen", "version"])
    note_event(order, event, actor, {"amount_fen": amount_fen, **(data or {})})
    return order


def _after_payment(order: Order, actor: Actor) -> Order:
    if order.delivery_method == "pickup":
        code = order.pickup_code or free_pickup_code(order.store_id)
        Order.objects.filter(id=order.id).update(pickup_code=code)
        if order.delivery == "none":
            order = transition(order.id, "delivery", "await_pickup", actor)
        order.pickup_code = code
    outbox.emit("order.paid", {"order_id": order.id}, store_id=order.store_id, key=f"paid:{order.id}")
    return order


def free_pickup_code(store_id: int) -> str:
    """Six random digits no order of the store that still waits for pick-up carries; eight when the store is crowded."""
    waiting = Q(store_id=store_id, delivery__in=["none", "awaiting_pickup", "part_picked"])
    for digits in (6, 6, 6, 6, 8, 8, 8, 8):
        code = f"{secrets.randbelow(10**digits):0{digits}d}"
        if not Order.objects.filter(waiting, pickup_code=code).exists():
            return code
    raise Conflict("pickup_code_exhausted", "自提码暂时不够用，请稍后再试", "No free pick-up code.")


def mark_refunded(order_id: int, amount_fen: int, actor: Actor, *, extra: bool = False) -> Order:
    """A refund has succeeded: adds to refunded_fen and moves the axis to partly_refunded or refunded.

    `extra`: money beyond the order's own price (late or repeated payment): the axis moves only when all is given back.
    """
    order = lock_order(order_id)
    refunded = order.refunded_fen + amount_fen
    if refunded > order.paid_fen:
        raise Conflict("refund_exceeds_paid", "退款超过已付金额", "Refunds exceed what was paid.")
    if order.payment in PAID_PAYMENTS and (not extra or refunded == order.paid_fen):
        event = "refund_all" if refunded == order.paid_fen else "refund_part"
        return transition(
            order_id,
            "payment",
            event,
            actor,
            data={"amount_fen": amount_fen},
            extra_updates={"refunded_fen": refunded},
        )
    order.refunded_fen = refunded
    order.version += 1
    order.save(update_fields=["refunded_fen", "version"])
    return order


def set_private_note(order: Order, text: str) -> Order:
    """The leader's own note; the buyer never sees it."""
    Order.objects.filter(id=order.id).update(private_note=text)
    order.private_note = text
    return order


def record_reveal(order: Order, actor: Actor) -> None:
    """Audit that someone read the recipient in full; in the caller's transaction."""
    audit.record(actor, "order.reveal", "order", order.id, store_id=order.store_id)


def hold_until(payment_method: str) -> timedelta:
    """How long an unpaid order of this method keeps its stock."""
    return OFFLINE_HOLD if payment_method == "offline" else timedelta(seconds=config().hold_seconds)

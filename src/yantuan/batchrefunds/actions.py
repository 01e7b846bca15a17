"""The verbs: agreeing to a batch, carrying it out in slices, and stopping it between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from yantuan.batchrefunds import rules
from yantuan.batchrefunds.models import BatchRefund, BatchRefundItem
from yantuan.batchrefunds.queries import Plan, plan
from yantuan.batchrefunds.schemas import StartIn
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Conflict, NotFound
from yantuan.kernel.ids import new_id
from yantuan.orders.actions import lock_order
from yantuan.orders.models import OrderLine
from yantuan.orders.rules import left_to_hand_out
from yantuan.payments import rules as payment_rules
from yantuan.payments.confirming import check_confirmed
from yantuan.payments.models import Refund
from yantuan.payments.queries import left_of_lines
from yantuan.payments.refunds import start_refund
from yantuan.payments.rules import Left, Wish
from yantuan.staff.access import reach
from yantuan.stores.models import Store

SLICE_TOPIC: Final = "batch_refund.slice"
SLICE: Final = 20
"""Refunds started before the worker looks whether it was stopped."""
MOST: Final = 5000
State, ItemState = BatchRefund.State, BatchRefundItem.State


@dataclass(frozen=True)
class Agreed:
    """What somebody agreed to, beside the orders it concerns."""

    reason: str
    """Every buyer reads it beside the refund."""
    expected_total_fen: int
    percent: int
    offer_ids: tuple[int, ...]
    kind: BatchRefund.Kind = BatchRefund.Kind.SHARE


def access_batch(person: Person, batch_id: int) -> BatchRefund:
    """A batch of a store this person owns or settles claims in. Raises NotFound otherwise."""
    batch = BatchRefund.objects.filter(id=batch_id).first()
    if batch is None or reach(person, Store.objects.filter(id=batch.store_id), "") is None:
        raise NotFound
    return batch


def start(person: Person, group_buy: GroupBuy, data: StartIn, confirmed_at: datetime | None) -> BatchRefund:
    """Agree to what was previewed; a worker carries it out. In the caller's transaction.

    Raises Conflict `preview_changed` (with the new sum), `nothing_to_refund`, `batch_too_large`, `batch_running`; StepUpNeeded
    once for the whole sum.
    """
    lock_sale(group_buy)
    spec = Agreed(data.reason, data.expected_total_fen, data.percent, tuple(data.offer_ids))
    return agree(person, group_buy, plan(group_buy, data), spec, confirmed_at)


def lock_sale(group_buy: GroupBuy) -> None:
    """One agreement about a sale at a time; refused while a batch of it runs. Raises Conflict `batch_running`."""
    GroupBuy.objects.select_for_update(no_key=True).get(id=group_buy.id)
    if BatchRefund.objects.filter(group_buy=group_buy, state=State.RUNNING).exists():
        raise Conflict("batch_running", "这个团还有一批退款在进行", "Another batch of this sale is running.")


def agree(
    person: Person, group_buy: GroupBuy, found: Plan, spec: Agreed, confirmed_at: datetime | None
) -> BatchRefund:
    """Write a plan somebody agreed to, made under `lock_sale`; a worker carries it out. Refusals as of `start`."""
    total = found.total_fen
    if not found.parts:
        raise Conflict("nothing_to_refund", "没有可退的订单", "Nothing is left to refund.")
    if len(found.parts) > MOST:
        raise Conflict(
            "batch_too_large",
            f"一次最多 {MOST} 单，请按自提点或跟团号分批",
            f"At most {MOST} orders at once.",
        )
    if total != spec.expected_total_fen:
        raise Conflict(
            "preview_changed",
            "订单有变动，请重新预览",
            "Orders have changed; preview again.",
            total_fen=total,
        )
    check_confirmed(person, group_buy.store_id, total, confirmed_at)
    batch = _write(person, group_buy, spec, found)
    actor = Actor("leader", person.id)
    audit.record(actor, "refund.batch", "batch_refund", batch.id, store_id=batch.store_id, total_fen=total)
    _next(batch)
    return batch


def _write(person: Person, group_buy: GroupBuy, spec: Agreed, found: Plan) -> BatchRefund:
    batch = BatchRefund.objects.create(
        store_id=group_buy.store_id, group_buy=group_buy, person_id=person.id, offer_ids=[str(i) for i in spec.offer_ids],
        percent=spec.percent, reason=spec.reason, kind=spec.kind, orders=len(found.parts), total_fen=found.total_fen, created_at=now(),
    )  # fmt: skip
    BatchRefundItem.objects.bulk_create([
        BatchRefundItem(
            id=new_id(), batch=batch, order=order, number=order.number,
            wishes=[[w.order_line_id, w.quantity, w.amount_fen] for w in wishes],
            amount_fen=sum(w.amount_fen or 0 for w in wishes),
        )
        for order, wishes in found.parts
    ])  # fmt: skip
    return batch


def stop(person: Person, batch_id: int) -> BatchRefund:
    """Start no more refunds; those started go their way. One that has ended: no change."""
    batch = access_batch(person, batch_id)
    with transaction.atomic():
        if BatchRefund.objects.filter(id=batch.id, state=State.RUNNING).update(
            state=State.STOPPED, ended_at=now()
        ):
            actor = Actor("leader", person.id)
            audit.record(actor, "refund.batch_stop", "batch_refund", batch.id, store_id=batch.store_id)
    batch.refresh_from_db()
    return batch


def _next(batch: BatchRefund) -> None:
    outbox.emit(SLICE_TOPIC, {"batch_id": str(batch.id)}, store_id=batch.store_id)


def carry_on(batch_id: int) -> None:
    """Start one slice of refunds, each in a transaction of its own, and plan the next. Safe to repeat and to run twice."""
    due = BatchRefundItem.objects.filter(
        batch_id=batch_id, batch__state=State.RUNNING, state=ItemState.WAITING
    ).order_by("id")
    for item_id in list(due.values_list("id", flat=True)[:SLICE]):
        _one(item_id)
    with transaction.atomic():
        batch = BatchRefund.objects.select_for_update().get(id=batch_id)
        if batch.state != State.RUNNING:
            return
        if due.exists():
            _next(batch)
            return
        batch.state, batch.ended_at = State.DONE, now()
        batch.save(update_fields=["state", "ended_at"])


def _one(item_id: int) -> None:
    try:
        retrying(lambda: _refund(item_id))
    except AppError:
        _leave_out(item_id, "refused")


def _refund(item_id: int) -> None:
    """Start the refund of one order if it still stands as it was previewed."""
    item = BatchRefundItem.objects.select_related("batch").filter(id=item_id).get()
    order = lock_order(item.order_id)
    # Under the order's lock: a second worker sees what the first has done.
    item = BatchRefundItem.objects.select_for_update(of=("self",)).select_related("batch").get(id=item_id)
    if item.state != ItemState.WAITING:
        return
    lines = list(OrderLine.objects.filter(order_id=order.id).order_by("id"))
    left = left_of_lines(lines)
    wishes = [Wish(line_id, units, fen) for line_id, units, fen in item.wishes]
    if order.aftersale == "open":
        _leave_out(item_id, "open_case")
        return
    free = {line.id: left_to_hand_out(line) for line in lines}
    by_units = item.batch.kind == BatchRefund.Kind.UNITS
    if not (rules.units_stand(left, free, wishes) if by_units else _stands(left, wishes)):
        _leave_out(item_id, "changed")
        return
    refund = start_refund(
        order,
        payment_rules.wished_parts(left, wishes, with_freight=False),
        cause=Refund.Cause.LEADER,
        reason=item.batch.reason,
        restock=False,
        actor=Actor("leader", item.batch.person_id),
    )
    BatchRefundItem.objects.filter(id=item_id).update(state=ItemState.STARTED, refund_id=refund.id)


def _stands(left: Sequence[Left], wishes: Sequence[Wish]) -> bool:
    """Whether every line has the units it had in the preview, and the money."""
    known = {x.order_line_id: x for x in left}
    return all(
        known[w.order_line_id].quantity == w.quantity
        and known[w.order_line_id].goods_fen >= (w.amount_fen or 0)
        for w in wishes
    )


def _leave_out(item_id: int, why: str) -> None:
    BatchRefundItem.objects.filter(id=item_id, state=ItemState.WAITING).update(
        state=ItemState.SKIPPED, why=why
    )

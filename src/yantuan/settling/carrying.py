"""Starting the refunds a judged sale owes: slice by slice, each in a transaction of its own, each once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.orders.actions import lock_order
from yantuan.orders.models import OrderLine
from yantuan.payments import rules as money
from yantuan.payments.queries import left_of_lines
from yantuan.payments.refunds import start_refund
from yantuan.payments.rules import Left, RefundPart
from yantuan.settling import rules
from yantuan.settling.actions import next_slice
from yantuan.settling.models import Formation, Settlement

SLICE: Final = 20
State, Kind = Settlement.State, Settlement.Kind


def carry_on(group_buy_id: int) -> None:
    """Start one slice of refunds and plan the next. Safe to repeat and to run twice."""
    due = Settlement.objects.filter(group_buy_id=group_buy_id, state=State.DUE).order_by("id")
    for settlement_id in list(due.values_list("id", flat=True)[:SLICE]):
        _one(settlement_id)
    if due.exists():
        with transaction.atomic():
            next_slice(Formation.objects.get(pk=group_buy_id))


def _one(settlement_id: int) -> None:
    try:
        retrying(lambda: _settle(settlement_id))
    except AppError as error:
        _skip(settlement_id, error.code)


def _skip(settlement_id: int, why: str) -> None:
    Settlement.objects.filter(id=settlement_id, state=State.DUE).update(state=State.SKIPPED, why=why[:40])


def _settle(settlement_id: int) -> None:
    """Start the refund of one order's part, by what is left of the order now."""
    known = Settlement.objects.get(id=settlement_id)
    order = lock_order(known.order_id)
    # Under the order's lock: a second worker sees what the first has done.
    settlement = Settlement.objects.select_for_update().get(id=settlement_id)
    before = Settlement.objects.filter(order_id=order.id, state=State.DUE, id__lt=settlement.id)
    if settlement.state != State.DUE or before.exists():
        return
    lines = list(OrderLine.objects.filter(order_id=order.id).order_by("id"))
    parts = _parts(settlement, lines, left_of_lines(lines))
    if not parts:
        _skip(settlement.id, "nothing")
        return
    refund = start_refund(
        order, parts, cause=settlement.kind, reason=Kind(settlement.kind).label,
        restock=settlement.kind != Kind.TIER, actor=SYSTEM,
    )  # fmt: skip
    settlement.state, settlement.refund_id, settlement.amount_fen = (
        State.STARTED,
        refund.id,
        refund.amount_fen,
    )
    settlement.save(update_fields=["state", "refund_id", "amount_fen"])


def _parts(settlement: Settlement, lines: Sequence[OrderLine], left: Sequence[Left]) -> list[RefundPart]:
    if settlement.kind == Kind.UNFORMED:
        return money.everything(left)
    named = {int(line): int(amount) for line, amount in settlement.parts}
    if settlement.kind == Kind.UNFILLED:
        return _unfilled(left, named)
    prices = {line.id: line.price_fen for line in lines}
    found = []
    for one in left:
        if one.order_line_id in named:
            price = prices[one.order_line_id]
            back = rules.tier_back(one.goods_fen, price, price - named[one.order_line_id], one.quantity)
            found.append(RefundPart(one.order_line_id, 0, back))
    return [part for part in found if part.goods_fen]


def _unfilled(left: Sequence[Left], named: dict[int, int]) -> list[RefundPart]:
    """The pieces nobody gets, with their goods' money; freight goes back where nothing of the order is left to send."""
    wishes = [
        money.Wish(one.order_line_id, min(named[one.order_line_id], one.quantity))
        for one in left
        if named.get(one.order_line_id) and one.quantity
    ]
    gone = {wish.order_line_id: wish.quantity for wish in wishes}
    empty = all(one.quantity == gone.get(one.order_line_id, 0) for one in left)
    return money.wished_parts(left, wishes, with_freight=empty) if wishes else []


def try_again(person: Person, group_buy: GroupBuy) -> int:
    """Have the refunds that were refused tried once more; answers how many. In the caller's transaction."""
    refused = Settlement.objects.filter(group_buy_id=group_buy.id, state=State.SKIPPED).exclude(why="nothing")
    count = refused.update(state=State.DUE, why="")
    if count:
        actor = Actor("leader", person.id)
        audit.record(
            actor, "sale.settle_again", "group_buy", group_buy.id, store_id=group_buy.store_id, orders=count
        )
        next_slice(Formation.objects.get(pk=group_buy.id))
    return count

"""The money of a case: from an agreed amount to one refund, and its end."""

from __future__ import annotations

from typing import Any

from yantuan.aftersales import flow, rules
from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.aftersales.reasons import reason_label
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.actions import start_refund
from yantuan.payments.models import Refund


def lefts_of(order_id: int) -> dict[int, rules.LineLeft]:
    """What is left of each line; read under the order's lock."""
    return {line.id: rules.line_left(line) for line in order_lines(order_id)}


def order_lines(order_id: int) -> list[OrderLine]:
    """The order's lines as they were shown at checkout."""
    return list(OrderLine.objects.filter(order_id=order_id).order_by("position", "id"))


def claims_of(case: AfterSale) -> list[rules.Claim]:
    """What the case asks for, per line."""
    rows = AfterSaleLine.objects.filter(aftersale_id=case.id).order_by("id")
    return [rules.Claim(row.order_line_id, row.quantity, row.goods_fen, row.freight_fen) for row in rows]


def give_back(
    order: Order,
    case: AfterSale,
    event: str,
    amount: int,
    actor: Actor,
    *,
    received: dict[int, int] | None = None,
    restock: bool = False,
    updates: dict[str, Any] | None = None,
) -> None:
    """Move the case to `agreed` by `event` and start the refund of `amount` fen, in the caller's transaction.

    `received`: the pieces that came back by line; then `restock` is the leader's word. Without it only pieces that never
    left go on sale again. Raises Conflict `aftersale_amount_too_high` when less is left, and what `start_refund` raises.
    """
    lefts = lefts_of(order.id)
    claims = rules.within(claims_of(case), lefts)
    if received is not None:
        claims = rules.received_only(claims, received)
    parts = rules.refund_parts(rules.split(amount, claims), lefts, returned=received is not None)
    flow.move(
        case, event, actor, data={"amount_fen": amount}, updates={**(updates or {}), "agreed_fen": amount}
    )
    refund = start_refund(
        order,
        parts,
        cause=Refund.Cause.AFTER_SALE,
        reason=reason_label(case.reason),
        restock=restock if received is not None else rules.restock_by_itself(parts, lefts),
        actor=actor,
        aftersale_id=case.id,
    )
    AfterSale.objects.filter(id=case.id).update(refund_id=refund.id)
    case.refund_id = refund.id


def most_now(order: Order, case: AfterSale) -> int:
    """The most this case can still bring: other refunds may have taken some of it."""
    return rules.total(rules.within(claims_of(case), lefts_of(order.id)))


def refund_done(aftersale_id: int) -> None:
    """The money is back: the case ends. Again: no change. In the caller's transaction."""
    _, case = flow.lock_case(aftersale_id)
    if not flow.done_before(case, "refund_done"):
        flow.move(case, "refund_done", SYSTEM, data={"amount_fen": case.agreed_fen or 0})


def close_emptied(order_id: int) -> None:
    """End undecided cases whose lines were refunded on another way, in the caller's transaction."""
    undecided = ["requested", "offered", "awaiting_return", "refused", "escalated"]
    for case_id in AfterSale.objects.filter(order_id=order_id, state__in=undecided).values_list(
        "id", flat=True
    ):
        order, case = flow.lock_case(case_id)
        if case.state in undecided and most_now(order, case) == 0:
            flow.move(case, "close", SYSTEM, data={"why": "refunded_elsewhere"})

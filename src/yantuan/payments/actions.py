"""The verbs of payments, gathered from the files that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.actions import lock_order
from yantuan.orders.models import Order, OrderLine
from yantuan.payments import refunds, rules
from yantuan.payments.access import access_refund_as_leader
from yantuan.payments.cancelling import cancel
from yantuan.payments.confirming import check_confirmed
from yantuan.payments.models import Refund
from yantuan.payments.offline import confirm_proof, reject_proof, send_proof
from yantuan.payments.paying import PayWish, pay, refresh
from yantuan.payments.queries import left_of_lines
from yantuan.payments.refunds import start_refund
from yantuan.payments.rules import RefundPart, Wish

__all__ = [
    "PayWish",
    "RefundPart",
    "Wish",
    "cancel",
    "confirm_offline_refund",
    "confirm_proof",
    "parts_of",
    "pay",
    "refresh",
    "refund_as_leader",
    "reject_proof",
    "retry_refund",
    "send_proof",
    "start_refund",
]


def parts_of(order_id: int, wishes: Sequence[Wish], *, include_freight: bool) -> list[RefundPart]:
    """What a leader's wishes come to now, or with none all that is left. Raises Conflict as `rules.wished_parts`."""
    left = left_of_lines(list(OrderLine.objects.filter(order_id=order_id).order_by("id")))
    return (
        rules.wished_parts(left, wishes, with_freight=include_freight) if wishes else rules.everything(left)
    )


def refund_as_leader(
    person: Person,
    order_id: int,
    wishes: Sequence[Wish],
    *,
    include_freight: bool,
    reason: str,
    restock: bool,
    confirmed_at: datetime | None = None,
) -> Refund:
    """The leader gives back single lines, or with no wishes all that is left.

    `confirmed_at`: when the session last proved itself; a large sum asks for it (`payments.confirming`). Raises what
    `start_refund` raises, StepUpNeeded and NotFound.
    """
    order = access_order_as_leader(person, order_id)
    with transaction.atomic():
        lock_order(order.id)
        parts = parts_of(order.id, wishes, include_freight=include_freight)
        total = sum(part.goods_fen + part.freight_fen for part in parts)
        check_confirmed(person, order.store_id, total, confirmed_at)
        return start_refund(
            order,
            parts,
            cause=Refund.Cause.LEADER,
            reason=reason,
            restock=restock,
            actor=Actor("leader", person.id),
        )


def confirm_offline_refund(person: Person, refund_id: int) -> Order:
    """The leader has sent an offline payment back by hand. Again: no change."""
    refund = access_refund_as_leader(person, refund_id)
    with transaction.atomic():
        refunds.leader_done(refund.order, refund.id, Actor("leader", person.id))
    return refund.order


def retry_refund(person: Person, refund_id: int) -> Order:
    """Try a troubled refund again under its old number, within seconds."""
    refund = access_refund_as_leader(person, refund_id)
    with transaction.atomic():
        refunds.try_again(refund.order, refund.id, Actor("leader", person.id))
    return refund.order

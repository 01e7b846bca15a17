"""The leader's reads of proxy orders."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.groupbuys.models import GroupBuy
from yantuan.orders.models import Order
from yantuan.proxies.booking import Answer, stand_ins_of
from yantuan.proxies.links import link_of
from yantuan.proxies.models import StandIn
from yantuan.proxies.schemas import ProxyOrderRow, ProxyOutcome, ProxyProblem, WishIn

MOST_ROWS = 500


def outcomes(people: Sequence[WishIn], answers: Sequence[Answer]) -> list[ProxyOutcome]:
    """Per neighbour what became of the wish, with the link for those without an account."""
    known = stand_ins_of([one.order.person_id for one in answers if one.order])
    return [
        ProxyOutcome(
            name=wish.name,
            order_id=str(one.order.id) if one.order else None,
            number=one.order.number if one.order else 0,
            total_fen=one.order.total_fen if one.order else 0,
            payment=one.order.payment if one.order else "",
            link=link_of(known.get(one.order.person_id)) if one.order else "",
            problem=_problem(one),
        )
        for wish, one in zip(people, answers, strict=True)
    ]


def _problem(answer: Answer) -> ProxyProblem | None:
    error = answer.problem
    if error is None:
        return None
    total = error.details.get("total_fen") if error.code == "price_changed" else None
    return ProxyProblem(code=error.code, zh=error.zh, en=error.en, total_fen=total)


def unpaid_and_paid(group_buy: GroupBuy) -> list[ProxyOrderRow]:
    """Live orders of this sale's stand-ins, by 跟团号."""
    known = {row.person_id: row for row in StandIn.objects.filter(group_buy_id=group_buy.id)}
    rows = Order.objects.filter(group_buy_id=group_buy.id, person_id__in=list(known)).exclude(
        payment="closed"
    )
    return [
        ProxyOrderRow(
            order_id=str(one.id), number=one.number, name=one.recipient_name, goods=one.goods_text,
            total_fen=one.total_fen, payment=one.payment, expires_at=one.expires_at,
            link=link_of(known[one.person_id]),
        )
        for one in rows.order_by("number", "id")[:MOST_ROWS]
    ]  # fmt: skip

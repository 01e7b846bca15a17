"""The leader's reads of proxy orders."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.orders.models import Order
from yantuan.proxies.booking import Answer, stand_ins_of
from yantuan.proxies.links import link_of
from yantuan.proxies.models import Claim, StandIn
from yantuan.proxies.schemas import ClaimOut, ProxyOrderRow, ProxyOutcome, ProxyProblem, WishIn

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
    """Live orders placed for this sale's stand-ins, by 跟团号; those that were claimed say by whom."""
    known = {row.person_id: row for row in StandIn.objects.filter(group_buy_id=group_buy.id)}
    claims = Claim.objects.select_related("person").filter(group_buy_id=group_buy.id, undone_at=None)
    claimed = {int(order_id): claim for claim in claims for order_id in claim.order_ids}
    mine = Q(person_id__in=list(known)) | Q(id__in=list(claimed))
    rows = Order.objects.filter(mine, group_buy_id=group_buy.id).exclude(payment="closed")
    counted = Order.objects.filter(group_buy_id=group_buy.id).values("number").annotate(n=Count("id"))
    seen = dict(counted.order_by("number").values_list("number", "n"))
    return [
        ProxyOrderRow(
            order_id=str(one.id), number=one.number, seen=seen[one.number], name=one.recipient_name, goods=one.goods_text,
            total_fen=one.total_fen, payment=one.payment, expires_at=one.expires_at,
            link=link_of(known.get(one.person_id)), claim_id=_id(claimed.get(one.id)),
            claimed_by=_nickname(claimed.get(one.id)),
        )
        for one in rows.order_by("number", "id")[:MOST_ROWS]
    ]  # fmt: skip


def _id(claim: Claim | None) -> str | None:
    return str(claim.id) if claim else None


def _nickname(claim: Claim | None) -> str:
    return claim.person.nickname if claim else ""


def claim_out(claim: Claim) -> ClaimOut:
    """The claimed orders under the number they have now."""
    found = Order.objects.filter(id__in=[int(one) for one in claim.order_ids]).order_by("id")
    return ClaimOut(number=found[0].number, order_ids=[str(one.id) for one in found])

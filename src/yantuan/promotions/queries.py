"""Reads of coupons: the leader's list, and what buyers may take or hold."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.errors import NotFound
from yantuan.promotions.actions import has_ordered
from yantuan.promotions.models import Coupon, CouponClaim, CouponUse
from yantuan.promotions.rules import refusal, title_of
from yantuan.promotions.schemas import CouponCard, CouponOut
from yantuan.stores.models import Store
from yantuan.stores.public import hidden

SHOWN = 200


def coupons_of(store_id: int) -> list[CouponOut]:
    """All issues of a store, newest first."""
    moment = now()
    return [
        coupon_out(row, moment) for row in Coupon.objects.filter(store_id=store_id).order_by("-id")[:SHOWN]
    ]


def _state(row: Coupon, moment: datetime) -> Literal["coming", "running", "over", "stopped"]:
    if row.stopped_at is not None:
        return "stopped"
    if moment >= row.ends_at:
        return "over"
    return "coming" if moment < row.starts_at else "running"


_SAME = (
    "kind", "minus_fen", "percent_off", "cap_fen", "threshold_fen", "audience", "starts_at", "ends_at",
)  # fmt: skip


def coupon_out(row: Coupon, moment: datetime) -> CouponOut:
    """One issue as its leader sees it."""
    title = title_of(row)
    more = ("code", "per_person", "total", "budget_fen", "claimed", "used", "used_fen")
    return CouponOut(
        id=str(row.id),
        group_buy_id=str(row.group_buy_id) if row.group_buy_id else None,
        title=title[0],
        title_en=title[1],
        state=_state(row, moment),
        **{name: getattr(row, name) for name in (*_SAME, *more)},
    )


def sale_coupons(code: str, person: Person | None) -> list[CouponCard]:
    """What a buyer sees on a sale's page and at its checkout. Raises NotFound for drafts and unknown codes."""
    sale = GroupBuy.objects.filter(code=code).exclude(state=GroupBuy.State.DRAFT).first()
    if sale is None:
        raise NotFound("没有找到这个团购，可能已被删除或链接不对", "No such group buy.")
    return _cards(Q(store_id=sale.store_id) & (Q(group_buy_id=None) | Q(group_buy_id=sale.id)), person)


def store_coupons(code: str, person: Person | None) -> list[CouponCard]:
    """What a buyer sees on the store's page: coupons good in all of its sales."""
    store = Store.objects.filter(code=code, leader__certified_at__isnull=False).first()
    if store is None or hidden(store.id):
        raise NotFound("没有找到这个卖场，可能链接不对", "No such store.")
    return _cards(Q(store_id=store.id, group_buy_id=None), person)


def _cards(which: Q, person: Person | None) -> list[CouponCard]:
    """Public coupons that run or come, and those the person holds; what is over is not shown."""
    moment = now()
    mine = Q(claims__person_id=person.id) if person else Q(pk__in=[])
    rows = list(
        Coupon.objects.filter(which & (Q(code="") | mine), stopped_at=None, ends_at__gt=moment)
        .distinct()
        .order_by("-id")[:SHOWN]
    )
    held: dict[int, int] = defaultdict(int)
    free: dict[int, list[str]] = defaultdict(list)
    if person and rows:
        for one in _copies(person).filter(coupon__in=rows):
            held[one.coupon_id] += 1
            if not vars(one)["spent"]:
                free[one.coupon_id].append(str(one.id))
    known = person is not None and bool(rows) and has_ordered(person.id, rows[0].store_id)
    cards = [_card(row, held[row.id], free[row.id], person, known, moment) for row in rows]
    return [card for card in cards if card.claimable or card.free or not person]


def _copies(person: Person) -> QuerySet[CouponClaim]:
    """The person's copies, each with whether an order holds it."""
    spent = Exists(CouponUse.objects.filter(claim=OuterRef("pk")))
    return CouponClaim.objects.filter(person=person).annotate(spent=spent).order_by("id")


def _card(
    row: Coupon, held: int, free: list[str], person: Person | None, known: bool, moment: datetime
) -> CouponCard:
    # A visitor is told of their audience once they sign in and try.
    refused = refusal(row, held, known or (person is None and row.audience == "earlier"), moment)
    if row.code:
        refused = refused or NotFound()
    title = title_of(row)
    return CouponCard(
        id=str(row.id),
        title=title[0],
        title_en=title[1],
        whole_store=row.group_buy_id is None,
        claimable=refused is None,
        problem=refused.zh if refused else "",
        problem_en=refused.en if refused else "",
        free=free,
        **{name: getattr(row, name) for name in _SAME},
    )


def card_of(coupon: Coupon, person: Person) -> CouponCard:
    """One coupon after its copy was taken."""
    fresh = Coupon.objects.get(id=coupon.id)
    rows = list(_copies(person).filter(coupon=fresh))
    free = [str(one.id) for one in rows if not vars(one)["spent"]]
    return _card(fresh, len(rows), free, person, has_ordered(person.id, fresh.store_id), now())

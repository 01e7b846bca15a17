"""What people see of a sale that settles: how far it is, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, Sum

from yantuan.groupbuys import forming
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import SaleOptions, sale_options_of
from yantuan.identity.rules import masked_name
from yantuan.kernel.errors import NotFound
from yantuan.kernel.http import Page, after_id
from yantuan.orders.models import Order
from yantuan.settling import facts, rules
from yantuan.settling.actions import Offers, settles
from yantuan.settling.facts import LineFact
from yantuan.settling.models import CartonShare, Formation, Settlement
from yantuan.settling.schemas import (
    CartonOut,
    CartonShareOut,
    FormingOut,
    KindOut,
    SettlementOut,
    SettlingOut,
    TierOut,
    TiersOut,
    WeighedOffer,
)

PAGE = 50
MOST_SHARES = 1000
_WHY = {
    "nothing": ("没有可退的了", "Nothing was left"),
    "refund_too_old": ("付款已超过一年，请线下退", "Paid more than a year ago"),
    "refund_too_many": ("这笔付款退款次数太多，请线下退", "Refunded too often"),
}


def public_forming(code: str) -> FormingOut:
    """What a published sale settles. Raises NotFound for drafts and unknown codes."""
    group_buy = GroupBuy.objects.filter(code=code).exclude(state=GroupBuy.State.DRAFT).first()
    if group_buy is None:
        raise NotFound("没有找到这个团购，可能已被删除或链接不对", "No such group buy.")
    return FormingOut(**_forming(group_buy))


def _forming(group_buy: GroupBuy) -> dict[str, Any]:
    options = sale_options_of(group_buy.options)
    offers = facts.settling_offers(group_buy.id)
    formation = Formation.objects.filter(pk=group_buy.id).first()
    found = facts.facts_of_sale(group_buy.id) if settles(options) else []
    judged = formation is not None and formation.judged_at is not None
    weighed = [
        WeighedOffer(offer_id=str(id_), title=_title(offers, id_), grams=own.forming.weigh_g)
        for id_, (_, own) in offers.items()
        if own.forming.weigh_g
    ]
    return {
        "state": formation.state if formation else "waiting" if options.forming.rule else "formed",
        "judged": judged,
        **_rule(options, formation, found),
        "tiers": _tiers(offers, formation, found),
        **_cartons(group_buy, offers, found, judged=judged),
        "weighed": weighed,
    }


def _title(offers: Offers, offer_id: int) -> str:
    offer = offers[offer_id][0]
    return f"{offer.product.title} {offer.sku.name}".strip()


def _rule(options: SaleOptions, formation: Formation | None, found: Sequence[LineFact]) -> dict[str, Any]:
    rule = options.forming.rule
    if rule is None:
        return {}
    counts = facts.counted(found)
    if formation is not None and formation.state != Formation.State.WAITING:
        counts = rules.Counts(formation.people, formation.pieces, formation.fen)
    text = forming.rule_text(rule)
    return {
        "by": rule.by,
        "reach": rule.reach,
        "have": counts.of(rule.by),
        "text": text[0],
        "text_en": text[1],
    }


def _tiers(offers: Offers, formation: Formation | None, found: Sequence[LineFact]) -> list[TiersOut]:
    lines, out = facts.by_offer(found), []
    for id_, (offer, own) in offers.items():
        tiers = own.forming.tiers
        if tiers is None:
            continue
        have = facts.counted(lines.get(id_, ())).of(tiers.by)
        settled = formation.tiers.get(str(id_)) if formation else None
        now_fen = rules.tier_price(tiers, offer.price_fen, have)
        if settled:
            have, now_fen = settled["have"], settled["price_fen"]
        text = forming.tiers_text(tiers)
        steps = [
            TierOut(reach=step.reach, price_fen=step.price_fen, reached=have >= step.reach)
            for step in tiers.steps
        ]
        out.append(
            TiersOut(
                offer_id=str(id_), title=_title(offers, id_), text=text[0], text_en=text[1], by=tiers.by, have=have,
                usual_fen=offer.price_fen, now_fen=now_fen, steps=steps,
            )
        )  # fmt: skip
    return out


def _cartons(
    group_buy: GroupBuy, offers: Offers, found: Sequence[LineFact], *, judged: bool
) -> dict[str, Any]:
    sizes = {id_: own.forming.carton for id_, (_, own) in offers.items() if own.forming.carton}
    if not sizes:
        return {}
    lines = facts.by_offer(found)
    cartons = [
        _carton(
            id_, _title(offers, id_), size, [rules.Want(f.wish, f.kept) for f in lines.get(id_, ())]
        )
        for id_, size in sizes.items()
    ]  # fmt: skip
    shares = CartonShare.objects.filter(group_buy_id=group_buy.id, got__isnull=False).order_by(
        "number", "offer_id"
    )
    if judged:
        bought = {id_: sum(s.got or 0 for s in shares if s.offer_id == id_) for id_ in sizes}
        for carton in cartons:
            offer_id = int(carton.offer_id)
            carton.cartons, carton.last, carton.could = bought[offer_id] // carton.size, 0, 0
    return {
        "cartons": cartons,
        "carton_rule": forming.CARTON_RULE[0],
        "carton_rule_en": forming.CARTON_RULE[1],
        "shares": [
            CartonShareOut(
                number=row.number or 0,
                title=_title(offers, row.offer_id),
                wish=row.wish,
                most=row.most or 0,
                got=row.got or 0,
            )
            for row in shares[:MOST_SHARES]
            if row.offer_id in sizes
        ],
    }


def _carton(offer_id: int, title: str, size: int, wants: Sequence[rules.Want]) -> CartonOut:
    wished, most = sum(want.wish for want in wants), sum(want.most for want in wants)
    return CartonOut(
        offer_id=str(offer_id), title=title, size=size, wished=wished, most=most,
        cartons=rules.cartons_of(size, wants), last=wished % size, could=min(most - wished, -wished % size),
    )  # fmt: skip


def settling_out(group_buy: GroupBuy) -> SettlingOut:
    """The leader's view: the same as everybody's, and the refunds."""
    formation = Formation.objects.filter(pk=group_buy.id).first()
    rows = (
        Settlement.objects.filter(group_buy_id=group_buy.id)
        .values("kind")
        .annotate(
            orders=Count("id"),
            due=Count("id", filter=Q(state="due")),
            refused=Count("id", filter=Q(state="skipped") & ~Q(why="nothing")),
            fen=Sum("amount_fen"),
        )
    )
    waits = Order.objects.filter(group_buy_id=group_buy.id, payment__in=["unpaid", "awaiting_confirmation"])
    return SettlingOut(
        **_forming(group_buy), ends=facts.closed_at(group_buy) is not None, waits_for=waits.count(),
        judged_at=formation.judged_at if formation else None,
        kinds=[
            KindOut(
                kind=row["kind"], label=Settlement.Kind(row["kind"]).label, orders=row["orders"], due=row["due"],
                refused=row["refused"], amount_fen=row["fen"] or 0,
            )
            for row in sorted(rows, key=lambda one: list(Settlement.Kind.values).index(one["kind"]))
        ],
    )  # fmt: skip


def settlements_page(group_buy: GroupBuy, cursor: str) -> Page[SettlementOut]:
    """Order by order, in the order they were written down."""
    rows = (
        Settlement.objects.select_related("order").filter(group_buy_id=group_buy.id).order_by("id")
    )  # fmt: skip
    after = after_id(cursor)
    if after is not None:
        rows = rows.filter(id__gt=after)
    found = list(rows[: PAGE + 1])
    more = str(found[PAGE - 1].id) if len(found) > PAGE else None
    return Page(items=[_settlement(row) for row in found[:PAGE]], next=more)


def _settlement(row: Settlement) -> SettlementOut:
    why = (
        _WHY.get(row.why, ("退款没有发起，可以重试", "The refund was refused; try again"))
        if row.why
        else ("", "")
    )
    return SettlementOut(
        order_id=str(row.order_id), number=row.order.number, recipient=masked_name(row.order.recipient_name),
        kind=row.kind, label=Settlement.Kind(row.kind).label, state=row.state, amount_fen=row.amount_fen,
        why=why[0], why_en=why[1],
    )  # fmt: skip

"""What an order costs: one pure function for placing and for the quote before it.

Price × quantity, then deductions in the order of `deducting`, then freight. Freight is measured by the goods before
deductions, so that a discount never makes sending dearer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from yantuan.groupbuys.limiting import price_now
from yantuan.groupbuys.options import NO_OFFER_OPTIONS, NO_SALE_OPTIONS
from yantuan.groupbuys.teaming import team_price
from yantuan.kernel.errors import Conflict
from yantuan.kernel.money import price_text, split_by_weight
from yantuan.orders import coupon_terms, first_orders, open_parcels, refusals
from yantuan.orders.deducting import (
    Basket,
    Deduction,
    gift_pieces,
    take_new_buyer,
    take_reduction,
)
from yantuan.orders.drafts import Draft, GroupTerms, OfferTerms, Recipient, Snapshot
from yantuan.stores.distance import metres_to
from yantuan.stores.freight import FreightTemplate, Load, template_fen
from yantuan.stores.rules import freight_fen

Chosen = Sequence[tuple[OfferTerms, int]]


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One line with its shares; amounts in fen."""

    offer: OfferTerms
    quantity: int
    price_fen: int
    """Of one unit, now."""
    discount_fen: int = 0
    """This line's share of all deductions."""
    freight_fen: int = 0
    """This line's share of the freight."""

    @property
    def amount_fen(self) -> int:
        return self.price_fen * self.quantity


@dataclass(frozen=True, slots=True)
class Priced:
    """An order's money; goods + freight − discount is what is paid."""

    lines: tuple[PricedLine, ...]
    freight_fen: int
    deductions: tuple[Deduction, ...] = ()
    coupon_fen: int = 0
    """What the coupon was worth, freight included; its budget pays this."""

    @property
    def goods_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)

    @property
    def discount_fen(self) -> int:
        return sum(one.fen for one in self.deductions)

    @property
    def total_fen(self) -> int:
        return self.goods_fen + self.freight_fen - self.discount_fen


def unit_fen(offer: OfferTerms, moment: datetime, *, team: bool = False) -> int:
    """The price of one unit at `moment`, in fen, alone or in a team; nothing for a gift."""
    if offer.options is NO_OFFER_OPTIONS:
        return offer.price_fen
    if offer.options.money.gift:
        return 0
    together = team_price(offer.price_fen, offer.options, moment) if team else None
    return price_now(offer.price_fen, offer.options, moment) if together is None else together


def template_of(group: GroupTerms) -> FreightTemplate | None:
    """The freight template that counts: the sale's own, else the store's; None where freight is flat."""
    return group.options.money.freight or group.freight_template


def price(
    draft: Draft, group: GroupTerms, lines: Chosen, recipient: Recipient | None, snapshot: Snapshot
) -> Priced:
    """The money of these lines. `recipient` is None where a quote doesn't know yet where it goes.

    Raises Conflict `region_not_delivered`, `below_least_order`, `beyond_delivery`, `address_unmarked`, `coupon_*` and
    `gift_not_earned`.
    """
    units = [unit_fen(offer, snapshot.now, team=draft.team is not None) for offer, _ in lines]
    amounts = [unit * quantity for unit, (_, quantity) in zip(units, lines, strict=True)]
    if group.options is NO_SALE_OPTIONS and _plain(draft, group):
        return _plainly(draft, group, lines, units, amounts)
    load = load_of(lines, amounts)
    freight = _freight(draft, group, load, recipient, snapshot)
    basket, worth = _deduct(draft, group, lines, units, amounts, freight, snapshot)
    waived = worth if any(one.kind == "coupon_freight" for one in basket.deductions) else 0
    shares = split_by_weight(freight - waived, amounts) if lines else []
    rows = zip(lines, units, basket.taken, shares, strict=True)
    return Priced(
        tuple(PricedLine(offer, quantity, unit, cut, share) for (offer, quantity), unit, cut, share in rows),
        freight - waived,
        tuple(basket.deductions),
        worth,
    )


def _plain(draft: Draft, group: GroupTerms) -> bool:
    """Nothing but prices and flat freight: what a rush is made of."""
    return draft.coupon_id is None and not draft.adds and group.freight_template is None


def _plainly(
    draft: Draft, group: GroupTerms, lines: Chosen, units: Sequence[int], amounts: Sequence[int]
) -> Priced:
    freight = freight_fen(group, sum(amounts), draft.delivery_method)
    shares = split_by_weight(freight, amounts) if lines else []
    rows = zip(lines, units, shares, strict=True)
    return Priced(
        tuple(PricedLine(offer, quantity, unit, 0, share) for (offer, quantity), unit, share in rows), freight
    )


def load_of(lines: Chosen, amounts: Sequence[int]) -> Load:
    """What the parcel carries as far as freight counts; gifts travel free."""
    goods = [one for one in lines if not one[0].options.money.gift]
    grams = sum(offer.weight_g * quantity for offer, quantity in goods)
    return Load(sum(amounts), sum(quantity for _, quantity in goods), grams)


def _freight(
    draft: Draft, group: GroupTerms, load: Load, recipient: Recipient | None, snapshot: Snapshot
) -> int:
    """Freight in fen; an order that joins an open parcel pays what the whole parcel costs more than was paid for it."""
    parcel = open_parcels.parcel_of(draft, snapshot)
    whole = load.plus(parcel.load) if parcel else load
    template = template_of(group)
    if template is not None and draft.delivery_method == "courier":
        metres = metres_to(template.distance, recipient) if template.distance else None
        if template.distance and draft.joins is not None and recipient and metres is None:
            raise refusals.parcel_unmeasured()
        fen = template_fen(template, recipient, whole, metres)
    else:
        fen = freight_fen(group, whole.goods_fen, draft.delivery_method)
    return max(0, fen - parcel.freight_fen) if parcel else fen


def _deduct(
    draft: Draft,
    group: GroupTerms,
    lines: Chosen,
    units: Sequence[int],
    amounts: list[int],
    freight: int,
    snapshot: Snapshot,
) -> tuple[Basket, int]:
    """All deductions, and what the coupon is worth."""
    basket = Basket(amounts, [quantity for _, quantity in lines])
    if group.options is not NO_SALE_OPTIONS:
        money = group.options.money
        if money.gifts:
            _check_gifts(lines, amounts)
        if money.new_buyers and first_orders.is_new(draft, group, snapshot):
            take_new_buyer(basket, [_saved(one, unit) for one, unit in zip(lines, units, strict=True)])
        if money.reduction:
            take_reduction(basket, money.reduction, taking_part(lines))
    return basket, _coupon(basket, draft, group, freight, snapshot)


def taking_part(lines: Chosen) -> list[int]:
    """Which lines count for the sale's 满减."""
    return [
        i
        for i, (offer, _) in enumerate(lines)
        if not (offer.options.money.no_reduction or offer.options.money.gift)
    ]


def _saved(line: tuple[OfferTerms, int], unit: int) -> int:
    money = line[0].options.money
    if money.new_buyer_fen is None:
        return 0
    return max(0, unit - money.new_buyer_fen) * min(line[1], money.new_buyer_pieces)


def _coupon(basket: Basket, draft: Draft, group: GroupTerms, freight: int, snapshot: Snapshot) -> int:
    if draft.coupon_id is None:
        return 0
    every = range(len(basket.amounts))
    goods = sum(basket.left(every))
    found = snapshot.extra.get(coupon_terms.NAME, {}).get((draft.coupon_id, draft.person_id))
    terms = coupon_terms.check_coupon(found, group.store_id, group.id, goods, snapshot.now)
    worth = coupon_terms.coupon_fen(terms, goods, freight)
    if terms.kind == "freight":
        text = f"优惠券：{terms.title}（已免 {price_text(worth)}）"
        text_en = f"{terms.title_en} ({price_text(worth)} of delivery waived)"
        basket.deductions.append(Deduction("coupon_freight", 0, text, text_en))
    else:
        basket.take(every, Deduction("coupon", worth, f"优惠券：{terms.title}", f"Coupon: {terms.title_en}"))
    return worth


def _check_gifts(lines: Chosen, amounts: Sequence[int]) -> None:
    """Refuse gifts beyond what the goods earn; measured before deductions."""
    pieces = sum(quantity for offer, quantity in lines if not offer.options.money.gift)
    for offer, quantity in lines:
        gift = offer.options.money.gift
        if gift and quantity > gift_pieces(gift, sum(amounts), pieces):
            raise Conflict(
                "gift_not_earned",
                f"还没达到赠送「{offer.title}」的条件，请返回重新确认",
                "The goods do not bring this gift along.",
                offer_id=str(offer.id),
            )

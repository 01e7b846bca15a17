"""What a sale's paid orders hold, read for its judgement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.options import OfferOptions, offer_options_of
from yantuan.kernel.clock import now
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.settling.rules import Counts

_COLUMNS = (
    "id", "order_id", "order__number", "order__person_id", "offer_id", "price_fen", "quantity", "refunded_quantity",
    "amount_fen", "discount_share_fen", "refunded_goods_fen", "carton_share__wish",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineFact:
    """One line that was paid and not wholly given back."""

    line_id: int
    order_id: int
    number: int
    person_id: int
    offer_id: int
    price_fen: int
    kept: int
    """Pieces."""
    fen: int
    """Paid for its goods and not given back."""
    wish: int
    """Of a carton: at least so many; otherwise all of them."""


def line_facts(rows: QuerySet[OrderLine]) -> list[LineFact]:
    """The lines that count, in the order of payment. Gifts count for nothing."""
    paid = rows.filter(
        order__payment__in=PAID_PAYMENTS, quantity__gt=F("refunded_quantity"), price_fen__gt=0
    ).order_by("order__paid_at", "order_id", "id")
    found = []
    for row in paid.values_list(*_COLUMNS):
        (line, order, number, person, offer, price, bought, back, amount, discount, refunded, wish) = row
        kept = bought - back
        fact = LineFact(
            line, order, number, person, offer, price, kept, amount - discount - refunded, min(wish or kept, kept)
        )  # fmt: skip
        found.append(fact)
    return found


def facts_of_sale(group_buy_id: int) -> list[LineFact]:
    """Every line of the sale that counts."""
    return line_facts(OrderLine.objects.filter(order__group_buy_id=group_buy_id))


def counted(facts: Sequence[LineFact]) -> Counts:
    """Together."""
    return Counts(
        people=len({fact.person_id for fact in facts}),
        pieces=sum(fact.kept for fact in facts),
        fen=sum(fact.fen for fact in facts),
    )


def by_offer(facts: Sequence[LineFact]) -> dict[int, list[LineFact]]:
    """The same by offer, in the same order."""
    found: dict[int, list[LineFact]] = defaultdict(list)
    for fact in facts:
        found[fact.offer_id].append(fact)
    return found


def settling_offers(group_buy_id: int) -> dict[int, tuple[Offer, OfferOptions]]:
    """Offers with tiers, cartons or weight, those taken off the sale included."""
    rows = Offer.objects.filter(group_buy_id=group_buy_id, options__has_key="forming")
    found = rows.select_related("product", "sku").order_by("position", "id")
    return {offer.id: (offer, offer_options_of(offer.options)) for offer in found}


def closed_at(group_buy: GroupBuy) -> datetime | None:
    """Since when the sale takes no orders; None while it does."""
    if group_buy.state == GroupBuy.State.CLOSED:
        return group_buy.closed_at
    ended = group_buy.state == GroupBuy.State.PUBLISHED and group_buy.ends_at and group_buy.ends_at <= now()
    return group_buy.ends_at if ended else None


def open_orders(group_buy_id: int) -> bool:
    """Whether money may still come."""
    return Order.objects.filter(
        Q(payment="unpaid") | Q(payment="awaiting_confirmation"), group_buy_id=group_buy_id
    ).exists()

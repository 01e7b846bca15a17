"""Pieces of one sale, read in one query. Callers have passed `access_group_buy` already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from django.db.models import F, QuerySet

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.identity.rules import address_text, masked_name
from yantuan.kernel.clock import now
from yantuan.orders.address_records import stale_of
from yantuan.orders.holding import held_orders
from yantuan.orders.models import AddressRecord, OrderLine
from yantuan.orders.rules import VISIBLE_AFTER_RECEIPT
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.picking import rules
from yantuan.picking.rules import Bag, Goods, Piece
from yantuan.stores.models import PickupPoint

Scope = Literal["left", "all"]
"""`left`: pieces neither sent nor handed out; `all`: every piece that was not given back."""
COURIER_NAME: Final = "快递"
_COLUMNS: Final = (
    "order_id", "order__number", "order__delivery_method", "order__pickup_point_id", "order__recipient_name",
    "order__phone_last4", "order__province", "order__city", "order__district", "order__detail", "order__building",
    "order__unit", "order__room", "order__remark", "offer_id", "title", "sku_name", "sku_code", "quantity",
    "refunded_quantity", "shipped_quantity", "picked_quantity", "order__received_at",
    "order__address_record__changes", "order__local_delivery__metres",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lists:
    """Everything the lists of one sale are made of."""

    pieces: list[Piece]
    bags: list[Bag]
    goods: list[Goods]
    """In the order of the sale's page."""
    waiting: int = 0
    """Orders left out, since it is still open what they will get (`orders.holding`)."""


@dataclass(slots=True)
class _Home:
    """The parts of an address, as `address_text` reads them."""

    province: str
    city: str
    district: str
    detail: str
    building: str
    unit: str
    room: str


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a sale: one place, 跟团号 from `first` to `last`; None is all."""

    place: int | None = None
    first: int | None = None
    last: int | None = None


WHOLE: Final = Part()


def lists(group_buy: GroupBuy, scope: Scope, part: Part = WHOLE) -> Lists:
    """Pieces and bags of the sale's paid orders."""
    pieces = list(_pieces(group_buy, scope, part))
    held = held_orders(dict.fromkeys((piece.order_id for piece in pieces), group_buy.id))
    pieces = [piece for piece in pieces if piece.order_id not in held] if held else pieces
    bags = rules.bags(pieces)
    order = dict(Offer.objects.filter(group_buy_id=group_buy.id).values_list("id", "position"))
    goods = sorted(rules.goods(pieces, bags), key=lambda row: (order[row.offer_id], row.offer_id))
    return Lists(pieces, bags, goods, waiting=len(held))


def stale(group_buy: GroupBuy) -> list[AddressRecord]:
    """Orders whose newest label, list or sheet names an address that was changed since."""
    return list(stale_of(group_buy.id))


def _pieces(group_buy: GroupBuy, scope: Scope, part: Part) -> Iterator[Piece]:
    names, seen_until = _place_names(group_buy), now() - VISIBLE_AFTER_RECEIPT
    for row in _rows(group_buy, part).values_list(*_COLUMNS):
        (order_id, number, method, point, recipient, tail, province, city, district, detail, building, unit, room, remark,
         offer_id, title, sku_name, sku_code, bought, refunded, shipped, picked, received, changes, metres) = row  # fmt: skip
        done = (picked if method == "pickup" else shipped) if scope == "left" else 0
        quantity = bought - refunded - done
        if quantity <= 0:
            continue
        where = (point or 0) if method == "pickup" else rules.COURIER
        home = _Home(province, city, district, detail, building, unit, room)
        seen = received is None or received >= seen_until
        yield Piece(
            order_id=order_id, number=number, offer_id=offer_id, title=title, sku_name=sku_name, sku_code=sku_code,
            quantity=quantity, place=where, place_name=names[where],
            recipient=recipient if seen else masked_name(recipient), phone_last4=tail,
            address=_address(home, seen=seen) if where == rules.COURIER else "",
            building=building, unit=unit, room=room if seen else "", remark=remark, changes=changes or 0, metres=metres,
        )  # fmt: skip


def _address(home: _Home, *, seen: bool) -> str:
    """In full as long as the leader may see it (30 days after receipt)."""
    return address_text(home) if seen else f"{home.province}{home.city}{home.district} ****"


def _rows(group_buy: GroupBuy, part: Part) -> QuerySet[OrderLine]:
    rows = OrderLine.objects.filter(
        order__group_buy_id=group_buy.id,
        order__store_id=group_buy.store_id,
        order__payment__in=PAID_PAYMENTS,
        quantity__gt=F("refunded_quantity"),
    )
    if part.place == rules.COURIER:
        rows = rows.filter(order__delivery_method="courier")
    elif part.place is not None:
        rows = rows.filter(order__pickup_point_id=part.place)
    if part.first is not None:
        rows = rows.filter(order__number__gte=part.first)
    if part.last is not None:
        rows = rows.filter(order__number__lte=part.last)
    return rows.order_by("order_id", "id")


def _place_names(group_buy: GroupBuy) -> dict[int, str]:
    points = PickupPoint.objects.filter(store_id=group_buy.store_id)
    return {**dict(points.values_list("id", "name")), rules.COURIER: COURIER_NAME}

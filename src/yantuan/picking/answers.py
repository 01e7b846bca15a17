"""Lists turned into the bodies of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yantuan.groupbuys.models import GroupBuy
from yantuan.orders.models import AddressRecord
from yantuan.picking import rules
from yantuan.picking.queries import Lists
from yantuan.picking.rules import Bag, Building, Goods
from yantuan.picking.schemas import (
    BagOut,
    BagsOut,
    BuildingOut,
    CellOut,
    CountOut,
    GoodsOut,
    PickingOut,
    PlaceOut,
    StaleOut,
)

PAGE = 100
"""Bags in one answer."""


def picking_out(group_buy: GroupBuy, found: Lists, stale: Sequence[AddressRecord]) -> PickingOut:
    """Everything but the bags."""
    return PickingOut(
        title=group_buy.title,
        orders=len({piece.order_id for piece in found.pieces}),
        waiting=found.waiting,
        bags=len(found.bags),
        quantity=sum(row.quantity for row in found.goods),
        goods=[_goods_out(row) for row in found.goods],
        places=[PlaceOut(id=str(row.id), name=row.name, quantity=row.quantity, bags=row.bags) for row in rules.places(found.bags)],
        buildings=[_building_out(row) for row in rules.buildings(found.bags)],
        stale=[_stale_out(row) for row in stale],
    )  # fmt: skip


def bags_out(found: Lists, begin: int) -> BagsOut:
    """The bags from `begin` on, as they are carried."""
    walked = rules.in_walking_order(found.bags)
    end = begin + PAGE
    return BagsOut(
        bags=[_bag_out(bag) for bag in walked[begin:end]],
        total=len(walked),
        next=end if end < len(walked) else None,
    )


def _stale_out(row: AddressRecord) -> StaleOut:
    return StaleOut(
        order_id=str(row.order_id),
        number=row.order.number,
        recipient=row.order.recipient_name,
        kind=row.printed_kind,
        printed_at=row.printed_at,
        changed_at=row.changed_at,
    )


def _counts(goods: Mapping[int, int]) -> list[CountOut]:
    return [CountOut(offer_id=str(offer_id), quantity=quantity) for offer_id, quantity in goods.items()]


def _goods_out(row: Goods) -> GoodsOut:
    return GoodsOut(
        offer_id=str(row.offer_id),
        title=row.title,
        sku_name=row.sku_name,
        sku_code=row.sku_code,
        quantity=row.quantity,
        bags=row.bags,
        cells=[CellOut(place_id=str(place), quantity=count) for place, count in row.by_place.items()],
    )


def _building_out(row: Building) -> BuildingOut:
    return BuildingOut(
        place_id=str(row.place),
        place_name=row.place_name,
        name=row.name,
        quantity=row.quantity,
        bags=row.bags,
        goods=_counts(row.goods),
    )


def _bag_out(bag: Bag) -> BagOut:
    return BagOut(
        number=bag.number,
        part=bag.part,
        parts=bag.parts,
        place_id=str(bag.place),
        place_name=bag.place_name,
        recipient=bag.recipient,
        phone_last4=bag.phone_last4,
        home=bag.home,
        address=bag.address,
        remarks=list(bag.remarks),
        quantity=bag.quantity,
        orders=bag.orders,
        goods=_counts(bag.goods),
    )

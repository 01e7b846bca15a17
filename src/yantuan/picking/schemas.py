"""Bodies of the picking API. Quantities are pieces; names of recipients are as they stand on the bag."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from yantuan.kernel.http import IdOut


class PlaceOut(Schema):
    """A pick-up point; `id` is "0" for the courier."""

    id: IdOut
    name: str
    quantity: int
    bags: int


class CellOut(Schema):
    place_id: IdOut
    quantity: int


class GoodsOut(Schema):
    """One offer: how many to buy in, and how many for whom. Places without a piece are left out of `cells`."""

    offer_id: IdOut
    title: str
    sku_name: str
    sku_code: str
    quantity: int
    bags: int
    cells: list[CellOut]


class CountOut(Schema):
    offer_id: IdOut
    quantity: int


class BuildingOut(Schema):
    """One building of one pick-up point; `name` is empty where none was given."""

    place_id: IdOut
    place_name: str
    name: str
    quantity: int
    bags: int
    goods: list[CountOut]


class BagOut(Schema):
    """What one buyer takes home; `number` is the 跟团号 and the number on the bag."""

    number: int
    part: int
    parts: int
    place_id: IdOut
    place_name: str
    recipient: str
    phone_last4: str
    home: str
    address: str
    remarks: list[str]
    quantity: int
    orders: int
    goods: list[CountOut]


class StaleOut(Schema):
    """An order on paper with an address that was changed since."""

    order_id: IdOut
    number: int
    recipient: str
    kind: str
    """`labels`, `bags`, `sheet` or `export`."""
    printed_at: datetime | None
    changed_at: datetime | None


class PickingOut(Schema):
    """备货单 and 分拣单 of one sale, counted from paid orders."""

    title: str
    orders: int
    waiting: int
    """Paid orders left out because the sale, their team or their carton is not settled yet."""
    bags: int
    quantity: int
    goods: list[GoodsOut]
    places: list[PlaceOut]
    buildings: list[BuildingOut]
    stale: list[StaleOut] = []
    """标签已导出，地址后来改了: orders to be printed again before they leave."""


class BagsOut(Schema):
    """One page of bags in walking order; `next` is where the following page begins, null after the last."""

    bags: list[BagOut]
    total: int
    next: int | None

"""What fulfilment adds to an order's page, and where the after-sales floor says which pieces must not leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from yantuan.fulfilment import queries
from yantuan.orders import english, parts
from yantuan.orders.models import Order
from yantuan.orders.schemas import ParcelOut

HoldsFn = Callable[[int], Mapping[int, int]]
_holds: list[HoldsFn] = []


def provide_holds(fn: HoldsFn) -> HoldsFn:
    """Register who knows which units of an order, by line id, wait for a decision about their money."""
    if fn not in _holds:
        _holds.append(fn)
    return fn


def held_pieces(order_id: int) -> dict[int, int]:
    """Units by order line that may neither be shipped nor handed out now; read under the order's lock."""
    held: dict[int, int] = {}
    for fn in _holds:
        for line, units in fn(order_id).items():
            held[line] = held.get(line, 0) + units
    return held


Told = Literal["told", "final"]
ToldFn = Callable[[Sequence[int]], Mapping[int, Told]]
_told: list[ToldFn] = []


def provide_told(fn: ToldFn) -> ToldFn:
    """Register who has told an outside platform of orders' parcels. `told`: one correction is left there; `final`: none."""
    _told[:] = [fn]
    return fn


def told_elsewhere(order_ids: Sequence[int]) -> Mapping[int, Told]:
    """What is known of these orders; those nobody was told of are left out."""
    return _told[0](order_ids) if _told and order_ids else {}


@parts.provide("parcels")
def parcels(order: Order) -> list[ParcelOut]:
    """Every parcel of the order."""
    return queries.parcels_of(order)


def _parcel(text: str) -> parts.TextFn:
    def words(data: dict[str, Any]) -> str:
        if data.get("by_refund"):
            return "其余商品已退款，订单视为全部发出"
        number = str(data.get("tracking_no", ""))
        return f"{text}：{data.get('carrier_name', '')} {number}" if number else text

    return words


def _corrected(data: dict[str, Any]) -> str:
    return f"团长更正了运单：{data['before']} → {data['after']}"


parts.event_texts.update(
    {
        ("delivery", "ship_part"): _parcel("团长发出部分商品"),
        ("delivery", "ship_all"): _parcel("团长已全部发货"),
        ("delivery", "withdraw_part"): _parcel("团长撤回了一个包裹"),
        ("delivery", "withdraw_all"): _parcel("团长撤回了发货"),
        ("note", "parcel_corrected"): _corrected,
    }
)


def _parcel_en(text: str) -> parts.TextFn:
    def words(data: dict[str, Any]) -> str:
        if data.get("by_refund"):
            return "The other goods were refunded, so everything counts as shipped"
        number = str(data.get("tracking_no", ""))
        return f"{text}: {data.get('carrier_name', '')} {number}" if number else text

    return words


def _corrected_en(data: dict[str, Any]) -> str:
    return f"The leader corrected the tracking number: {data['before']} → {data['after']}"


english.event_texts.update(
    {
        ("delivery", "ship_part"): _parcel_en("The leader shipped a part"),
        ("delivery", "ship_all"): _parcel_en("The leader shipped everything"),
        ("delivery", "withdraw_part"): _parcel_en("The leader withdrew a parcel"),
        ("delivery", "withdraw_all"): _parcel_en("The leader withdrew the shipping"),
        ("note", "parcel_corrected"): _corrected_en,
    }
)

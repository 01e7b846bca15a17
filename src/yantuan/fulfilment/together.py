"""One parcel: paid orders of one 跟团号 that go to the same recipient leave with one number, entered once."""

from __future__ import annotations

from yantuan.fulfilment.schemas import TogetherOut
from yantuan.kernel.errors import Conflict
from yantuan.orders.models import Order
from yantuan.orders.readdressing import destination
from yantuan.orders.rules import left_to_ship
from yantuan.orders.states import PAID_PAYMENTS


def packed_with(order: Order) -> list[TogetherOut]:
    """Other orders that wait to be sent to the same recipient under the same 跟团号, oldest first."""
    if order.delivery_method != "courier":
        return []
    others = (
        Order.objects.filter(
            participation_id=order.participation_id,
            delivery_method="courier",
            payment__in=PAID_PAYMENTS,
            delivery__in=("none", "part_shipped"),
        )
        .exclude(id=order.id)
        .prefetch_related("lines")
        .order_by("id")
    )
    where = destination(order).key
    found = []
    for one in others:
        pieces = sum(left_to_ship(line) for line in one.lines.all())
        if pieces and destination(one).key == where:
            found.append(TogetherOut(order_id=str(one.id), goods=one.goods_text, pieces=pieces))
    return found


def refuse_stranger(order: Order, first: Order | None) -> None:
    """Both belong into one parcel; without `first` there is none. Raises Conflict `not_one_parcel`."""
    if (
        first is None
        or order.participation_id != first.participation_id
        or destination(order).key != destination(first).key
    ):
        raise Conflict(
            "not_one_parcel",
            "这些订单的收货信息不一样，不能装在一个包裹里，请刷新后再发",
            "These orders do not go to the same recipient.",
        )

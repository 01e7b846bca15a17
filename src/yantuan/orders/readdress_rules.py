"""Whether an order may still go elsewhere, which orders go with it, and how a change is told. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from yantuan.identity.phones import mask_phone
from yantuan.identity.rules import masked_name
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.spots import Spot
from yantuan.orders.states import LIVE_PAYMENTS, PAID_PAYMENTS

Part = Literal["name", "phone", "region", "detail", "door", "point"]
PARTS: Final[dict[Part, tuple[str, str]]] = {
    "name": ("姓名", "name"),
    "phone": ("手机", "phone"),
    "region": ("地区", "region"),
    "detail": ("详细地址", "street"),
    "door": ("楼栋房号", "door"),
    "point": ("自提点", "pick-up point"),
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Whom an order goes to and where; `point_id` is 0 for courier. Equal ones are packed together."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str
    building: str
    unit: str
    room: str
    point_id: int = 0
    point_name: str = ""
    spot: Spot | None = None
    """Where freight goes by distance: the point given with a new address."""
    metres: int | None = None
    """How far the order is known to go."""

    @property
    def street(self) -> tuple[str, ...]:
        """What a distance depends on; another door or person is as far."""
        return (self.province, self.city, self.district, self.detail)

    @property
    def key(self) -> tuple[object, ...]:
        """What makes two destinations one; a point's name may have changed meanwhile."""
        return (
            self.name, self.phone, self.province, self.city, self.district, self.detail, self.building, self.unit,
            self.room, self.point_id,
        )  # fmt: skip


class Movable(Protocol):
    """What the rules need of an order row."""

    payment: str
    delivery: str
    delivery_method: str


def refusal(order: Movable, *, by_leader: bool, sale_open: bool) -> AppError | None:
    """Why the destination can't be changed any more; None if it can.

    Courier orders until something is sent; pick-up orders until something is handed out, by the buyer only until the
    sale's cut-off.
    """
    if order.payment not in LIVE_PAYMENTS | PAID_PAYMENTS:
        return Conflict(
            "order_over", "订单已关闭或已退款，不用再改地址", "The order is closed or was refunded."
        )
    if order.delivery_method == "courier":
        if order.delivery == "none":
            return None
        return Conflict(
            "already_shipped",
            "已经发货，不能再改地址；请联系团长或快递拦截",
            "Something was shipped already, so the address stays.",
        )
    if order.delivery not in ("none", "awaiting_pickup"):
        return Conflict("already_picked", "已经领取，不能再改自提信息", "Something was handed out already.")
    if by_leader or sale_open:
        return None
    return Conflict(
        "cut_off_passed",
        "团购已截单，自提信息要改请联系团长",
        "The sale is over; ask the leader to change the pick-up.",
    )


def changed_parts(before: Destination, after: Destination) -> list[Part]:
    """Which parts differ, in the order people read an address."""
    pairs: dict[Part, tuple[object, object]] = {
        "name": (before.name, after.name),
        "phone": (before.phone, after.phone),
        "region": (
            (before.province, before.city, before.district),
            (after.province, after.city, after.district),
        ),
        "detail": (before.detail, after.detail),
        "door": ((before.building, before.unit, before.room), (after.building, after.unit, after.room)),
        "point": (before.point_id, after.point_id),
    }
    return [part for part, (one, other) in pairs.items() if one != other]


def masked(where: Destination) -> str:
    """For the timeline: `张* 138****1234 浙江省杭州市西湖区 ****`, or the pick-up point's name in place of the region."""
    city = "" if where.city == where.province else where.city
    place = where.point_name if where.point_id else f"{where.province}{city}{where.district} ****"
    return " ".join((masked_name(where.name), mask_phone(where.phone), place))


def part_words(parts: Sequence[str], *, english: bool = False) -> str:
    """`姓名、手机`; parts of a later version are left out."""
    known = [words[1 if english else 0] for part, words in PARTS.items() if part in parts]
    return (", " if english else "、").join(known)

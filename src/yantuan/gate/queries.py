"""The list a gate works from. Callers have passed `access_group_buy` already."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Literal

from yantuan.fulfilment.models import PickupCheck
from yantuan.gate.initials import initials
from yantuan.gate.passing import gate_passes
from yantuan.gate.rules import china_day, code_digest
from yantuan.gate.schemas import GateGoods, GateLine, GateList, GateOrder, GatePoint
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.identity.rules import masked_name
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid
from yantuan.kernel.tokens import keyed_hash
from yantuan.media.queries import media_map
from yantuan.orders.holding import held_orders
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import recipient_visible
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.picking.rules import plain_building
from yantuan.stores.models import PickupPoint

Picks = Mapping[int, tuple[datetime, str]]
State = Literal["waiting", "picked", "refunded", "unpaid", "unformed"]
_PURPOSE = "gate-list"


def gate_list(group_buy: GroupBuy, person: Person, point_id: int | None = None) -> GateList:
    """Every pick-up order of the sale that isn't closed, in a fixed number of queries.

    With a point, those of that point alone and without rooms, as its host may see them.
    """
    orders = _orders(group_buy, point_id)
    lines = _lines_of(orders)
    goods, places = _goods(lines)
    points = _points(group_buy.store_id, point_id)
    where = {point.id: place for place, point in enumerate(points)}
    salt, moment, picks = secrets.token_hex(8), now(), picks_of([o.id for o in orders])
    held = held_orders({o.id: group_buy.id for o in orders})
    return GateList(
        token=_token(group_buy.store_id, person.id, moment),
        salt=salt,
        made_at=moment,
        title=group_buy.title,
        store_id=str(group_buy.store_id),
        points=[GatePoint(id=str(point.id), name=point.name) for point in points],
        goods=goods,
        orders=[
            _order(
                order, [_line(x, places) for x in lines[order.id]], where, salt, picks, held, point_id is None
            )
            for order in orders
        ],
        passes=gate_passes([o.id for o in orders], china_day(moment)),
    )


def _orders(group_buy: GroupBuy, point_id: int | None) -> list[Order]:
    rows = Order.objects.filter(
        group_buy_id=group_buy.id, store_id=group_buy.store_id, delivery_method="pickup"
    )
    if point_id is not None:
        rows = rows.filter(pickup_point_id=point_id)
    return list(rows.exclude(payment="closed").order_by("number", "id"))


def _lines_of(orders: Sequence[Order]) -> dict[int, list[OrderLine]]:
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=[o.id for o in orders]).order_by("position", "id"):
        lines[line.order_id].append(line)
    return lines


def _points(store_id: int, point_id: int | None) -> list[PickupPoint]:
    rows = PickupPoint.objects.filter(store_id=store_id)
    return list((rows if point_id is None else rows.filter(id=point_id)).order_by("position", "id"))


def _goods(lines: Mapping[int, Sequence[OrderLine]]) -> tuple[list[GateGoods], dict[int, int]]:
    """The goods of all orders, and the place of each offer among them."""
    found = {line.offer_id: line for rows in lines.values() for line in rows}
    pictures = media_map(line.picture_media_id for line in found.values())
    goods = [
        GateGoods(
            title=f"{line.title} {line.sku_name}".strip(),
            picture=pictures[line.picture_media_id].thumb_url if line.picture_media_id in pictures else "",
        )
        for line in found.values()
    ]
    return goods, {offer: place for place, offer in enumerate(found)}


def _line(line: OrderLine, places: Mapping[int, int]) -> GateLine:
    left = max(line.quantity - line.refunded_quantity, line.picked_quantity)
    return GateLine(id=str(line.id), g=places[line.offer_id], q=left, d=line.picked_quantity)


def _order(
    order: Order,
    lines: list[GateLine],
    where: Mapping[int, int],
    salt: str,
    picks: Picks,
    held: Container[int],
    rooms: bool,
) -> GateOrder:
    seen = recipient_visible(order, now())
    at, by = picks.get(order.id, (None, ""))
    return GateOrder(
        id=str(order.id), n=order.number, p=where.get(order.pickup_point_id or 0, -1),
        name=order.recipient_name if seen else masked_name(order.recipient_name), room=_home(order) if seen and rooms else "",
        t=order.phone_last4, i=initials(order.recipient_name) if seen else "",
        c=code_digest(salt, order.pickup_code) if order.pickup_code else "",
        s=_state(order, held), a=order.aftersale == "open", at=at, by=by, l=lines,
    )  # fmt: skip


def _state(order: Order, held: Container[int]) -> State:
    if order.payment not in PAID_PAYMENTS:
        return "refunded" if order.payment == "refunded" else "unpaid"
    if order.delivery == "picked":
        return "picked"
    return "unformed" if order.id in held else "waiting"


def _home(order: Order) -> str:
    parts = (plain_building(order.building), order.unit.removesuffix("单元"), order.room.removesuffix("室"))
    return "-".join(part for part in parts if part)


def picks_of(order_ids: Sequence[int]) -> dict[int, tuple[datetime, str]]:
    """When and by whom something of each order was last handed out, what was taken back apart."""
    rows = PickupCheck.objects.filter(order_id__in=order_ids, undone_at=None).order_by("created_at", "id")
    last = {order: (at, actor) for order, at, actor in rows.values_list("order_id", "created_at", "actor_id")}
    names = names_of({actor for _, actor in last.values() if actor})
    return {order: (at, names.get(actor or 0, "")) for order, (at, actor) in last.items()}


def names_of(ids: set[int]) -> dict[int, str]:
    """Nicknames by person."""
    return dict(Person.objects.filter(id__in=ids).values_list("id", "nickname"))


def _token(store_id: int, person_id: int, moment: datetime) -> str:
    head = f"{store_id}.{person_id}.{int(moment.timestamp())}"
    return f"{head}.{keyed_hash(_PURPOSE, head)}"


def check_token(token: str, store_id: int, person_id: int) -> None:
    """Raise Invalid `gate_list_invalid` unless this instance gave that person a list of that store."""
    head, _, mark = token.rpartition(".")
    ours = head.startswith(f"{store_id}.{person_id}.") and secrets.compare_digest(
        mark.encode(), keyed_hash(_PURPOSE, head).encode()
    )
    if not ours:
        raise Invalid(
            "gate_list_invalid",
            "这份名单不是给你的，请重新下载",
            "This list was not made for you.",
            field="token",
        )

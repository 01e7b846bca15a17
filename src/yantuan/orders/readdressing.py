"""改地址: a buyer or leader sends orders elsewhere before they leave.

Everything of one 跟团号 that goes to the same destination and has not left is one parcel, so it moves together: an order that
was added to a parcel can't be moved out of it for the freight it never paid.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from yantuan.catalog.stock import lock_pools
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import offer_options_of, sale_options_of
from yantuan.groupbuys.rules import status
from yantuan.identity.models import Person
from yantuan.identity.phones import phone_of, seal_phone
from yantuan.kernel import outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.orders import households
from yantuan.orders.access import access_order, access_order_as_leader
from yantuan.orders.actions import note_event
from yantuan.orders.address_records import count_change, refuse_unseen
from yantuan.orders.book import dialect
from yantuan.orders.drafts import Recipient
from yantuan.orders.many import lock_orders
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.readdress_freight import check_freight, keep_way
from yantuan.orders.readdress_rules import Destination, changed_parts, masked, refusal
from yantuan.orders.readdress_schemas import ReaddressIn
from yantuan.orders.refusals import pickup_point_unknown
from yantuan.orders.states import LIVE_PAYMENTS, PAID_PAYMENTS, Viewer
from yantuan.stores.models import PickupPoint

OPEN = LIVE_PAYMENTS | PAID_PAYMENTS


def readdress(person: Person, order_id: int, body: ReaddressIn, viewer: Viewer) -> Order:
    """Send an order, and what is packed with it, to another recipient, address or pick-up point. The same again: no change.

    Raises Conflict `order_over`, `already_shipped`, `already_picked`, `cut_off_passed`, `address_changed`, `freight_differs`,
    `region_not_delivered`, `below_least_order`, `beyond_delivery`, `address_unmarked` or `household_limit`, Invalid
    `address_incomplete` or `pickup_point_unknown`.
    """
    access = access_order if viewer == "buyer" else access_order_as_leader
    order = access(person, order_id)
    return retrying(lambda: _readdress(order, body, Actor(viewer, person.id)))


def _readdress(known: Order, body: ReaddressIn, actor: Actor) -> Order:
    order, together = lock_parcel(known)
    wanted = _wanted(order, body)
    before = destination(order)
    if wanted.key == before.key:
        return order
    refuse_unseen(order.id, body.seen)
    sale = GroupBuy.objects.select_related("store").get(id=order.group_buy_id)
    by_leader = actor.kind == "leader"
    refused = refusal(order, by_leader=by_leader, sale_open=before_cut_off(sale))
    if refused is not None:
        raise refused
    lines = list(
        OrderLine.objects.filter(order_id__in=[o.id for o in together])
        .select_related("offer__sku")
        .order_by("id")
    )
    if order.delivery_method == "courier":
        way = check_freight(sale, before, wanted, lines, agreed=by_leader and body.keep_freight)
        if wanted.street != before.street:
            keep_way(together, way)
    _check_households(sale, order, together, wanted, lines)
    _move(together, before, wanted, actor)
    return order


def lock_parcel(known: Order) -> tuple[Order, list[Order]]:
    """The order and all that is packed with it, locked in id order; the order itself is first told apart after the locks."""
    ids = Order.objects.filter(
        participation_id=known.participation_id, payment__in=OPEN, delivery_method=known.delivery_method
    ).values_list("id", flat=True)
    locked = lock_orders([known.id, *ids])
    order = locked[known.id]
    return order, mates(order, list(locked.values()))


def mates(order: Order, others: Sequence[Order]) -> list[Order]:
    """Orders of the same buyer that are packed with this one, itself included: same destination, nothing of them gone."""
    waiting = [o for o in others if o.payment in OPEN and o.delivery in ("none", "awaiting_pickup")]
    where = destination(order).key
    return [o for o in waiting if o.id != order.id and destination(o).key == where] + [order]


def destination(order: Order) -> Destination:
    """Where an order goes now."""
    pickup = order.delivery_method == "pickup"
    return Destination(
        name=order.recipient_name, phone=phone_of(order.phone_sealed), province=order.province, city=order.city,
        district=order.district, detail=order.detail, building=order.building, unit=order.unit, room=order.room,
        point_id=(order.pickup_point_id or 0) if pickup else 0,
        point_name=str(order.pickup_snapshot.get("name", "")) if pickup else "",
    )  # fmt: skip


def before_cut_off(sale: GroupBuy) -> bool:
    """Whether the sale still takes orders by its window, whatever its store does meanwhile."""
    return status(sale.kind, sale.state, sale.starts_at, sale.ends_at, True, now()) == "open"


def _wanted(order: Order, body: ReaddressIn) -> Destination:
    """What was asked for, complete. Raises Invalid."""
    given = body.recipient
    if order.delivery_method == "courier":
        if not (given.province and given.city and given.detail):
            raise Invalid(
                "address_incomplete",
                "请把省、市和详细地址填完整",
                "Province, city and street are needed.",
                field="recipient",
            )
        return Destination(**given.model_dump(), spot=body.spot)
    point = point_of(order, body.pickup_point_id or order.pickup_point_id or 0)
    return Destination(
        name=given.name, phone=given.phone, province=order.province, city=order.city, district=order.district,
        detail=order.detail, building=given.building, unit=given.unit, room=given.room, point_id=point.id,
        point_name=point.name,
    )  # fmt: skip


def point_of(order: Order, point_id: int) -> PickupPoint:
    """The order's own point, or another live one of its sale. Raises Invalid `pickup_point_unknown`."""
    point = PickupPoint.objects.filter(id=point_id, store_id=order.store_id).first()
    if point is None or (
        point.id != order.pickup_point_id
        and (point.archived_at is not None or str(point.id) not in _sale_points(order))
    ):
        raise pickup_point_unknown()
    return point


def _sale_points(order: Order) -> set[str]:
    kept = GroupBuy.objects.filter(id=order.group_buy_id).values_list("pickup_point_ids", flat=True).get()
    return {str(one) for one in kept}


def _check_households(
    sale: GroupBuy, order: Order, together: Sequence[Order], wanted: Destination, lines: Sequence[OrderLine]
) -> None:
    """每户限购 counts where the goods go in the end, not where they were ordered to."""
    if not sale_options_of(sale.options).limits.by_household:
        return
    # The same locks under which placing adds up what a household holds.
    lock_pools({line.pool_id for line in lines})
    place = Recipient(
        wanted.name, seal_phone(wanted.phone), wanted.phone[-4:], wanted.province, wanted.city, wanted.district,
        wanted.detail, wanted.building, wanted.unit, wanted.room,
    )  # fmt: skip
    home = households.home_of(place, wanted.point_id)
    look = (order.group_buy_id, order.store_id, place.room, place.phone_last4)
    ours = {one.id for one in together}
    held = [one for one in households.held_of(dialect(), [look]) if one.order_id not in ours]
    wanting: dict[int, list[OrderLine]] = defaultdict(list)
    for line in lines:
        wanting[line.offer_id].append(line)
    for offer_id, mine in sorted(wanting.items()):
        most = offer_options_of(mine[0].offer.options).limits.per_household
        pieces = sum(line.quantity - line.refunded_quantity for line in mine)
        households.refuse_beyond(most, held, home, (offer_id, mine[0].title), pieces)


def _move(together: Sequence[Order], before: Destination, wanted: Destination, actor: Actor) -> None:
    fields: dict[str, Any] = {
        "recipient_name": wanted.name, "phone_sealed": seal_phone(wanted.phone), "phone_last4": wanted.phone[-4:],
        "province": wanted.province, "city": wanted.city, "district": wanted.district, "detail": wanted.detail,
        "building": wanted.building, "unit": wanted.unit, "room": wanted.room,
    }  # fmt: skip
    if wanted.point_id and wanted.point_id != before.point_id:
        fields |= {"pickup_point_id": wanted.point_id, "pickup_snapshot": _snapshot(wanted.point_id)}
    told = {"parts": changed_parts(before, wanted), "before": masked(before), "after": masked(wanted)}
    for order in together:
        done = Order.objects.filter(id=order.id, version=order.version, delivery=order.delivery).update(
            **fields, version=order.version + 1
        )
        if not done:
            raise Conflict("order_changed", "订单刚刚有变化，请刷新后再试", "The order has just changed.")
        note_event(order, "readdressed", actor, told)
    count_change(together)
    # The last of them is the one that was asked for; one word is enough for a whole parcel.
    outbox.emit(
        "order.readdressed",
        {"order_id": together[-1].id, "by": actor.kind, "version": together[-1].version + 1},
        store_id=together[-1].store_id,
    )


def _snapshot(point_id: int) -> dict[str, str]:
    names = ("name", "address", "hours", "contact_name", "contact_phone")
    found = PickupPoint.objects.filter(id=point_id).values(*names).get()
    return {name: str(found[name]) for name in names}

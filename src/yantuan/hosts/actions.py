"""The verbs at a point: counting what came, and telling those who wait for it."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts import rules, sheet, shelf
from yantuan.hosts.models import Arrival, ArrivalCount, ArrivalLine
from yantuan.hosts.queries import WAITING
from yantuan.hosts.schemas import CountIn, TellIn
from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.kernel.ids import new_id
from yantuan.notices.actions import tell_buyer
from yantuan.notices.jobs import arrived_key
from yantuan.notices.rules import Words
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.shipinfo.actions import arrived, arrived_at_point
from yantuan.stores.models import PickupPoint

TELL_TOPIC: Final = "arrival.tell"
SHELF_TOPIC: Final = "arrival.shelf"
SLICE: Final = 200
"""People told before the worker turns to something else."""


def count(person: Person, group_buy: GroupBuy, point: PickupPoint, body: CountIn) -> Arrival:
    """Write what came; again it is a correction, and both stay. In the caller's transaction.

    Of the shelf a count after the announcement begins the next delivery. Raises Conflict `nothing_due`, `count_changed`,
    Invalid `count_incomplete`, `damaged_more_than_came`.
    """
    arrival = _locked(group_buy, point)
    rules.check_base(arrival.counts, body.base)
    due = {one.offer_id: one.due for one in sheet.due_now(group_buy, point.id)}
    if not due:
        raise Conflict("nothing_due", "这个自提点没有要到的货", "Nothing is due at this point.")
    found = rules.check_count(
        due, [(line.offer_id, rules.Came(line.came, line.damaged)) for line in body.lines]
    )
    arrival.counts += 1
    row = ArrivalCount.objects.create(
        arrival=arrival, number=arrival.counts, person_id=person.id, note=body.note, at=now()
    )
    ArrivalLine.objects.bulk_create(
        ArrivalLine(
            id=new_id(), count=row, offer_id=offer, due=due[offer], came=one.came, damaged=one.damaged
        )
        for offer, one in found.items()
    )
    if shelf.is_shelf(group_buy):
        arrival.told_at = arrival.told_by = None
    arrival.save(update_fields=["counts", "told_at", "told_by"])
    _audit(person, "arrival.count", arrival, number=arrival.counts)
    return arrival


def tell(person: Person, group_buy: GroupBuy, point: PickupPoint, body: TellIn) -> Arrival:
    """Tell those who wait that the goods are there; a worker does it. Told already: no change. In the caller's transaction.

    Raises Conflict `not_counted_yet`, `count_changed`, `hearers_changed` (with the new number).
    """
    arrival = _locked(group_buy, point)
    if arrival.told_at is not None:
        return arrival
    if not arrival.counts:
        raise Conflict("not_counted_yet", "请先清点到货，再通知大家", "Count what came first.")
    rules.check_base(arrival.counts, body.counts)
    here = _here(arrival) if shelf.is_shelf(group_buy) else []
    people = len({order.person_id for order in here})
    if not shelf.is_shelf(group_buy):
        people = sheet.hearers(group_buy.id, point.id).values("person_id").distinct().count()
    if people != body.people:
        raise Conflict(
            "hearers_changed", f"现在要通知 {people} 人，请再确认一次", "The number of people has changed.",
            people=people,
        )  # fmt: skip
    arrival.told_at, arrival.told_by = now(), person.id
    arrival.save(update_fields=["told_at", "told_by"])
    _audit(person, "arrival.tell", arrival, people=people)
    if not shelf.is_shelf(group_buy):
        outbox.emit(TELL_TOPIC, {"arrival_id": str(arrival.id), "after": "0"}, store_id=arrival.store_id)
    for start in range(0, len(here), SLICE):
        ids = [str(order.id) for order in here[start : start + SLICE]]
        outbox.emit(SHELF_TOPIC, {"arrival_id": str(arrival.id), "order_ids": ids}, store_id=arrival.store_id)
    return arrival


def _here(arrival: Arrival) -> list[Order]:
    """Orders of the shelf whose goods the newest count has."""
    return shelf.covered(shelf.waiting(arrival.group_buy_id, arrival.point_id), sheet.newest(arrival))


def _locked(group_buy: GroupBuy, point: PickupPoint) -> Arrival:
    Arrival.objects.bulk_create(
        [Arrival(store_id=group_buy.store_id, group_buy=group_buy, point=point, created_at=now())],
        ignore_conflicts=True,
    )
    rows = Arrival.objects.select_for_update(of=("self",)).select_related("group_buy")
    return rows.get(group_buy=group_buy, point=point)


def _audit(person: Person, action: str, arrival: Arrival, **data: Any) -> None:
    audit.record(Actor("leader", person.id), action, "arrival", arrival.id, store_id=arrival.store_id, **data)


def tell_slice(arrival_id: int, after: int) -> None:
    """Tell the next buyers, in the order of their ids, and plan the rest. Told again, each hears it once."""
    arrival = Arrival.objects.select_related("group_buy", "point").get(id=arrival_id)
    waiting = sheet.hearers(arrival.group_buy_id, arrival.point_id)
    people = waiting.filter(person_id__gt=after).order_by("person_id").values_list("person_id", flat=True)
    ids = list(people.distinct()[:SLICE])
    orders: dict[int, list[Order]] = {}
    for order in waiting.filter(person_id__in=ids):
        orders.setdefault(order.person_id, []).append(order)
    for person_id in ids:
        if person_id in orders:
            _tell(arrival, orders[person_id])
    if len(ids) == SLICE:
        with transaction.atomic():
            payload = {"arrival_id": str(arrival_id), "after": str(ids[-1])}
            outbox.emit(TELL_TOPIC, payload, store_id=arrival.store_id, key=f"arrival:{arrival_id}:{ids[-1]}")
        return
    actor = Actor("leader", arrival.told_by)
    arrived_at_point(arrival.store_id, arrival.group_buy_id, arrival.point_id, actor)


def tell_shelf(arrival_id: int, order_ids: list[int]) -> None:
    """Each order by itself: goods of the shelf come anew with each. Told again, it is heard once."""
    arrival = Arrival.objects.select_related("group_buy", "point").get(id=arrival_id)
    rows = Order.objects.filter(id__in=order_ids, payment__in=list(PAID_PAYMENTS), delivery__in=WAITING)
    for order in rows.order_by("id"):
        _tell(arrival, [order])
        arrived(order.id)


def _tell(arrival: Arrival, orders: list[Order]) -> None:
    """One message, however many orders somebody has."""
    first, point = orders[0], arrival.point
    goods = "；".join(order.goods_text for order in orders)
    hours = f"，{point.hours}" if point.hours else ""
    words = Words(f"订单 #{first.number} 已到自提点", f"{goods}，请带取货码到{point.name}来取{hours}")
    link = f"/pages/order/index?id={first.id}" if len(orders) == 1 else "/pages/orders/index"
    tell_buyer(
        first.person_id, "order_arrived", words, arrived_key(first), store_id=first.store_id, order_id=first.id,
        link=link,
    )  # fmt: skip

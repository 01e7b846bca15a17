"""What is due at a point, what came, and who is waiting for it. Callers have passed `access_point_sale` already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Case, F, IntegerField, QuerySet, Sum, Value, When
from django.db.models.functions import Greatest

from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.hosts import rules, shelf
from yantuan.hosts.models import Arrival, ArrivalCount, ArrivalLine
from yantuan.hosts.queries import WAITING
from yantuan.hosts.schemas import ArrivalGoods, ArrivalOut, ArrivalStep, Hearer
from yantuan.identity.models import Person
from yantuan.media.queries import media_map
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.stores.models import PickupPoint

SHOWN: Final = 200
"""Hearers named before the announcement; the number is always of all."""
STEPS: Final = 20
"""Counts shown of the history."""


@dataclass(frozen=True)
class Due:
    """Units of one offer at one point."""

    offer_id: int
    title: str
    picture_media_id: int | None
    due: int
    picked: int


def due_goods(group_buy_id: int, point_id: int) -> list[Due]:
    """What the point must hand out of a sale, in one query; nothing of unpaid or closed orders.

    A line needs what was neither given back, and what was handed out before it was given back.
    """
    left = Greatest(F("quantity") - F("refunded_quantity"), F("picked_quantity"))
    needed = Case(
        When(order__payment__in=list(PAID_PAYMENTS), then=left),
        When(order__payment="refunded", then=F("picked_quantity")),
        default=Value(0),
        output_field=IntegerField(),
    )
    rows = OrderLine.objects.filter(
        order__group_buy_id=group_buy_id, order__pickup_point_id=point_id, order__delivery_method="pickup"
    )
    sums = rows.values("offer_id").annotate(due=Sum(needed), picked=Sum("picked_quantity"))
    return _dues({row["offer_id"]: (row["due"], row["picked"]) for row in sums if row["due"]})


def due_now(group_buy: GroupBuy, point_id: int) -> list[Due]:
    """What a count is of: all of a dated sale, of the shelf what nobody was told of yet."""
    if not shelf.is_shelf(group_buy):
        return due_goods(group_buy.id, point_id)
    units = shelf.due(shelf.waiting(group_buy.id, point_id))
    return _dues({offer_id: (n, 0) for offer_id, n in units.items()})


def _dues(units: Mapping[int, tuple[int, int]]) -> list[Due]:
    offers = (
        Offer.objects.filter(id__in=list(units)).select_related("product", "sku").order_by("position", "id")
    )
    return [
        Due(o.id, f"{o.product.title} {o.sku.name}".strip(), _picture(o), units[o.id][0], units[o.id][1])
        for o in offers
    ]  # fmt: skip


def _picture(offer: Offer) -> int | None:
    found = offer.product.picture_media_ids
    return int(found[0]) if found else None


def arrival_out(group_buy: GroupBuy, point: PickupPoint) -> ArrivalOut:
    """The sheet of one sale at one point."""
    arrival = Arrival.objects.select_related("group_buy").filter(group_buy=group_buy, point=point).first()
    goods = due_now(group_buy, point.id)
    pictures = media_map(one.picture_media_id for one in goods)
    came = newest(arrival)
    people, named = _who(group_buy, point, came)
    told_by = Person.objects.filter(id=arrival.told_by or 0).first() if arrival else None
    return ArrivalOut(
        store_id=str(group_buy.store_id), title=group_buy.title, point=point.name, dated=group_buy.kind == GroupBuy.Kind.DATED,
        counts=arrival.counts if arrival else 0, told_at=arrival.told_at if arrival else None,
        told_by=told_by.nickname if told_by else "",
        goods=[
            _goods(one, came.get(one.offer_id), pictures[one.picture_media_id].thumb_url if one.picture_media_id in pictures else "")
            for one in goods
        ],
        history=_history(arrival) if arrival else [],
        people=people, hearers=named,
    )  # fmt: skip


def _who(group_buy: GroupBuy, point: PickupPoint, came: Mapping[int, rules.Came]) -> tuple[int, list[Hearer]]:
    """How many buyers hear of it, and the first of them; of the shelf, once counted, those whose goods are there."""
    if shelf.is_shelf(group_buy):
        orders = shelf.waiting(group_buy.id, point.id)
        orders = shelf.covered(orders, came) if came else orders
        return len({order.person_id for order in orders}), _named(orders)
    rows = hearers(group_buy.id, point.id)
    shown = rows.only("person_id", "number", "recipient_name", "phone_last4")[: SHOWN * 2]
    return rows.values("person_id").distinct().count(), _named(shown)


def _goods(one: Due, came: rules.Came | None, picture: str) -> ArrivalGoods:
    return ArrivalGoods(
        offer_id=str(one.offer_id), title=one.title, picture=picture, due=one.due, picked=one.picked,
        came=came.came if came else None, damaged=came.damaged if came else None,
        missing=one.due - came.came if came else None,
    )  # fmt: skip


def newest(arrival: Arrival | None) -> dict[int, rules.Came]:
    """What the newest count says, by offer; empty before the first, and of the shelf once its buyers were told."""
    if arrival is None or not arrival.counts:
        return {}
    if arrival.told_at is not None and shelf.is_shelf(arrival.group_buy):
        return {}
    rows = ArrivalLine.objects.filter(count__arrival=arrival, count__number=arrival.counts)
    return {row.offer_id: rules.Came(row.came, row.damaged) for row in rows}


def hearers(group_buy_id: int, point_id: int) -> QuerySet[Order]:
    """Paid orders of a sale with something left to be fetched at the point."""
    rows = Order.objects.filter(
        group_buy_id=group_buy_id,
        pickup_point_id=point_id,
        payment__in=list(PAID_PAYMENTS),
        delivery__in=WAITING,
    )
    return rows.order_by("number", "id")


def _named(rows: Iterable[Order]) -> list[Hearer]:
    seen: dict[int, Hearer] = {}
    for row in rows:
        if row.person_id not in seen:
            seen[row.person_id] = Hearer(number=row.number, name=row.recipient_name, last4=row.phone_last4)
    return list(seen.values())[:SHOWN]


def _history(arrival: Arrival) -> list[ArrivalStep]:
    counts = list(ArrivalCount.objects.filter(arrival=arrival).order_by("-number")[:STEPS])
    names = dict(Person.objects.filter(id__in={c.person_id for c in counts}).values_list("id", "nickname"))
    lines: dict[int, list[ArrivalLine]] = {c.id: [] for c in counts}
    rows = ArrivalLine.objects.filter(count__in=counts).select_related("offer__product", "offer__sku")
    for line in rows.order_by("offer__position", "id"):
        lines[line.count_id].append(line)
    return [_step(count, lines[count.id], names.get(count.person_id, "")) for count in counts]


def _step(count: ArrivalCount, lines: Sequence[ArrivalLine], by: str) -> ArrivalStep:
    zh, en = rules.told_of([
        rules.Step(f"{x.offer.product.title} {x.offer.sku.name}".strip(), x.due, x.came, x.damaged) for x in lines
    ])  # fmt: skip
    return ArrivalStep(number=count.number, at=count.at, by=by, note=count.note, text=zh, text_en=en)

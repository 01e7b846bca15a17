"""Orders change hands: everything that names their buyer goes along, in the caller's transaction and under its locks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db.models import F, Sum

from yantuan.aftersales.models import AfterSale
from yantuan.catalog.models import StockMovement
from yantuan.groupbuys.models import GroupCounter, Offer
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import actions as orders
from yantuan.orders import refusals
from yantuan.orders.models import LimitUse, Order, OrderLine, Participation

MOVED = "order.moved"
"""Outbox topic: orders went from one person to another; `store_id` and `people`, whose figures are counted anew."""


def lock(group_buy_id: int, order_ids: Sequence[int]) -> list[Order]:
    """These orders by id, then the sale's counter: the order every verb on orders keeps.

    While the counter is held nobody places an order in the sale.
    """
    rows = list(Order.objects.select_for_update().filter(id__in=list(order_ids)).order_by("id"))
    GroupCounter.objects.select_for_update(no_key=True).get(group_buy_id=group_buy_id)
    return rows


def units_of(order_ids: Sequence[int]) -> dict[int, int]:
    """Units these orders count against the limit per person, by offer: what was ordered and not closed, less what was restocked."""
    lines = OrderLine.objects.filter(order_id__in=list(order_ids)).exclude(order__payment="closed")
    rows = list(lines.values_list("id", "offer_id", "quantity"))
    returned = StockMovement.objects.filter(kind="restock", order_line_id__in=[row[0] for row in rows])
    back = dict(
        returned.values("order_line_id").annotate(n=Sum("quantity")).values_list("order_line_id", "n")
    )
    units: dict[int, int] = defaultdict(int)
    for line_id, offer_id, quantity in rows:
        units[offer_id] += quantity - back.get(line_id, 0)
    return dict(units)


def check_limits(units: dict[int, int], person_id: int) -> None:
    """Raise Conflict `limit_reached` where these units would lie beyond what one person may have."""
    used = dict(
        LimitUse.objects.filter(person_id=person_id, offer_id__in=list(units)).values_list(
            "offer_id", "quantity"
        )
    )
    limited = Offer.objects.select_related("product").filter(id__in=list(units), limit_per_person__gt=0)
    for offer in limited.order_by("id"):
        left = offer.limit_per_person - used.get(offer.id, 0)
        if units[offer.id] > left:
            raise refusals.limit_reached(offer.id, offer.product.title, offer.limit_per_person, max(0, left))


def move(moved: Sequence[Order], join: Participation, person_id: int, event: str, actor: Actor) -> None:
    """All of `moved` (of one person) to `person_id` under `join`; the locks of `lock` are held."""
    if not moved:
        return
    ids, from_id = [one.id for one in moved], moved[0].person_id
    _move_units(units_of(ids), from_id, person_id)
    Order.objects.filter(id__in=ids).update(
        person_id=person_id, participation_id=join.id, number=join.number, version=F("version") + 1
    )
    AfterSale.objects.filter(order_id__in=ids).update(person_id=person_id)
    for one in moved:
        other = {} if one.number == join.number else {"before": one.number, "after": join.number}
        orders.note_event(one, event, actor, other)
    outbox.emit(
        MOVED, {"store_id": moved[0].store_id, "people": [from_id, person_id]}, store_id=moved[0].store_id
    )


def _move_units(units: dict[int, int], from_id: int, to_id: int) -> None:
    for offer_id, quantity in sorted(units.items()):
        LimitUse.objects.get_or_create(offer_id=offer_id, person_id=to_id, defaults={"quantity": 0})
        LimitUse.objects.filter(offer_id=offer_id, person_id=to_id).update(quantity=F("quantity") + quantity)
        LimitUse.objects.filter(offer_id=offer_id, person_id=from_id).update(
            quantity=F("quantity") - quantity
        )


def join_of(group_buy_id: int, person_id: int) -> Participation | None:
    """Their place in the sale, if they have one."""
    return Participation.objects.filter(group_buy_id=group_buy_id, person_id=person_id).first()


def new_join(like: Participation, person: Person) -> Participation:
    """The next 跟团号 of the sale for this person; the counter is held."""
    GroupCounter.objects.filter(group_buy_id=like.group_buy_id).update(last_number=F("last_number") + 1)
    number = GroupCounter.objects.values_list("last_number", flat=True).get(group_buy_id=like.group_buy_id)
    return Participation.objects.create(
        store_id=like.store_id, group_buy_id=like.group_buy_id, person=person, number=number, created_at=now()
    )


def just_changed() -> AppError:
    """Something else came first."""
    return Conflict("order_changed", "订单刚刚有变化，请刷新后再试", "The order has just changed.")

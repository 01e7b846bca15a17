"""The doors to a pick-up point: its hosts, its leader, and helpers with the right that is needed. They fail closed."""

from __future__ import annotations

from django.db.models import Q

from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts.models import PointHost
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.orders.models import Order
from yantuan.staff.access import reach
from yantuan.stores.models import PickupPoint


def hosted(person: Person) -> Q:
    """Points this person is a host of now; read anew with every request, so a revoked host is out with the next."""
    live = PointHost.objects.filter(person_id=person.id, revoked_at=None)
    return Q(id__in=live.values("point_id"))


def access_point(person: Person, point_id: int) -> PickupPoint:
    """A point the person is host of, or of a store they may hand out for; points out of use too. Raises NotFound otherwise."""
    rows = PickupPoint.objects.select_related("store__leader__person").filter(id=point_id)
    point = rows.filter(hosted(person)).first() or reach(person, rows, "store__")
    if point is None:
        raise NotFound
    return point


def access_point_sale(person: Person, point_id: int, group_buy_id: int) -> tuple[PickupPoint, GroupBuy]:
    """The point, and a sale of its store that somebody picks up there. Raises NotFound otherwise."""
    point = access_point(person, point_id)
    sale = GroupBuy.objects.filter(id=group_buy_id, store_id=point.store_id).first()
    if sale is None or not Order.objects.filter(group_buy_id=sale.id, pickup_point_id=point.id).exists():
        raise NotFound
    return point, sale

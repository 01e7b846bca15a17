"""The only doors to a store's rows; they fail closed and don't tell "not yours" from "absent"."""

from __future__ import annotations

from yantuan.identity.auth import person_of as person_of
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.staff.access import reach
from yantuan.stores.models import PickupPoint, Store


def access_store(person: Person, store_id: int) -> Store:
    """A store the person owns, or helps in with the right that is needed, with its leader. Raises NotFound otherwise."""
    store = reach(person, Store.objects.select_related("leader__person").filter(id=store_id), "")
    if store is None:
        raise NotFound
    return store


def access_pickup_point(person: Person, point_id: int) -> PickupPoint:
    """A live pick-up point of one of the person's stores. Raises NotFound otherwise."""
    rows = PickupPoint.objects.select_related("store__leader__person").filter(id=point_id, archived_at=None)
    point = reach(person, rows, "store__")
    if point is None:
        raise NotFound
    return point

"""The only doors to a store's rows; they fail closed and don't tell "not yours" from "absent"."""

from __future__ import annotations

from yantuan.identity.auth import person_of as person_of
from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.stores.models import PickupPoint, Store


def access_store(person: Person, store_id: int) -> Store:
    """The person's own store with its leader. Raises NotFound otherwise."""
    store = (
        Store.objects.select_related("leader__person")
        .filter(id=store_id, leader__person_id=person.id)
        .first()
    )
    if store is None:
        raise NotFound
    return store


def access_pickup_point(person: Person, point_id: int) -> PickupPoint:
    """A live pick-up point of one of the person's stores. Raises NotFound otherwise."""
    point = (
        PickupPoint.objects.select_related("store__leader__person")
        .filter(id=point_id, archived_at=None, store__leader__person_id=person.id)
        .first()
    )
    if point is None:
        raise NotFound
    return point

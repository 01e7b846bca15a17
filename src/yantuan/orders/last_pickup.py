"""Who fetched last time, so that nobody types name and door twice."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.identity.phones import phone_of
from yantuan.orders.models import Order
from yantuan.orders.recipient_schemas import LastPickup


def last_pickup(person: Person, point_id: int | None) -> LastPickup | None:
    """The contact of the person's newest order to be fetched at the point, else anywhere; None before the first."""
    rows = (
        Order.objects.filter(person_id=person.id, delivery_method="pickup")
        .exclude(phone_sealed="")
        .order_by("-id")
    )
    found = (rows.filter(pickup_point_id=point_id).first() if point_id else None) or rows.first()
    if found is None:
        return None
    return LastPickup(
        name=found.recipient_name, phone=phone_of(found.phone_sealed), building=found.building, unit=found.unit,
        room=found.room, here=found.pickup_point_id == point_id,
    )  # fmt: skip

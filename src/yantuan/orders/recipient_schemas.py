"""Bodies of whom an order goes to, shared by its page and by changing it."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from yantuan.kernel.http import IdOut


class StalePaper(Schema):
    """A label, list or sheet left the shop with an address that was changed since."""

    kind: str
    """`labels`, `bags`, `sheet` or `export`."""
    printed_at: datetime | None
    changed_at: datetime | None


class RecipientParts(Schema):
    """Whom an order goes to, part by part."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str
    building: str
    unit: str
    room: str


class LastPickup(Schema):
    """Name, phone and door of the person's newest order to be fetched."""

    name: str
    phone: str
    building: str
    unit: str
    room: str
    here: bool
    """At the point that was asked for."""


class MyParcel(Schema):
    """What a person has ordered in a sale and what has not left yet: more can be added to it."""

    order_id: IdOut
    """The order to be named as `joins_order_id`."""
    number: int
    orders: int
    """Orders that are packed together."""
    goods: list[str]
    paid: bool
    """Whether freight was paid already; only then does what is added travel with it."""
    delivery_method: str
    pickup_point_id: str
    recipient_name: str
    phone: str
    place: str

"""Bodies of whom an order goes to, shared by its page and by changing it."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema


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

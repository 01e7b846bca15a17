"""Bodies of the waiting-list API."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from yantuan.kernel.http import Count, IdOut


class WaitIn(Schema):
    quantity: Count


class WaitOut(Schema):
    """A person's own place in a line."""

    id: IdOut
    offer_id: IdOut
    title: str
    sku_name: str
    quantity: int
    state: str
    """waiting, offered, taken, left, passed or ended."""
    state_label: str
    ahead: int
    """People before, while waiting."""
    until: datetime | None
    """While offered: until when the goods are held."""

"""Bodies of the shipping information API."""

from __future__ import annotations

from ninja import Schema


class ArrivedOut(Schema):
    """How many orders the platform is told of now."""

    orders: int

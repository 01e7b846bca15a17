"""Imported at start: registers what orders tell the pages of group buys, and which options take part in placing."""

from __future__ import annotations

from yantuan.orders import (
    capacity,
    first_orders,
    households,
    joined,
    local,
    open_parcels,
    pictures,
    readdress_parts,
    regulars,
    sold,
)

__all__ = [
    "capacity",
    "first_orders",
    "households",
    "joined",
    "local",
    "open_parcels",
    "pictures",
    "readdress_parts",
    "regulars",
    "sold",
]

"""The invariants `yantuan check` looks at, one small function each. Importing this package registers them all."""

from __future__ import annotations

from yantuan.reports.rules import (
    coupons,
    figures,
    house,
    ledger,
    merchants,
    orders,
    payments,
    people,
    settling,
    shipping,
    splits,
    stock,
    system,
    teams,
)
from yantuan.reports.rules.base import RULES

__all__ = [
    "RULES",
    "coupons",
    "figures",
    "house",
    "ledger",
    "merchants",
    "orders",
    "payments",
    "people",
    "settling",
    "shipping",
    "splits",
    "stock",
    "system",
    "teams",
]

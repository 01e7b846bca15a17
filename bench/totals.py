"""Prints what the database holds as JSON: stock, lines, counters, limits and numbers. Run with the product's settings."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from django.db.models import Sum  # noqa: E402

from bench import world  # noqa: E402
from yantuan.catalog.models import StockPool  # noqa: E402
from yantuan.groupbuys.models import GroupCounter  # noqa: E402
from yantuan.orders.models import LimitUse, Order, OrderLine, Participation  # noqa: E402


def _sum(rows: Any, column: str) -> int:
    return int(rows.aggregate(n=Sum(column))["n"] or 0)


def whole() -> dict[str, int]:
    """Sums over everything."""
    pools = StockPool.objects.all()
    return {
        "orders": Order.objects.count(),
        "units": _sum(OrderLine.objects.all(), "quantity"),
        "held": _sum(pools, "held") + _sum(pools, "sold"),
        "available": _sum(pools, "available"),
        "total": _sum(pools, "total"),
        "counter": _sum(GroupCounter.objects.all(), "orders"),
        "limit_use": _sum(LimitUse.objects.all(), "quantity"),
        "numbers": Participation.objects.count(),
        "last_numbers": _sum(GroupCounter.objects.all(), "last_number"),
    }


def small() -> dict[str, int]:
    """The offer with the small stock."""
    place = world.place_of(world.special("small"))
    pool = StockPool.objects.get(id=place.pool_id)
    return {
        "units": _sum(OrderLine.objects.filter(offer_id=place.offer_id), "quantity"),
        "held": pool.held + pool.sold,
        "available": pool.available,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"whole": whole(), "small": small()}))

"""Exports a store's orders in this process and prints time, size and memory. Run with the product's settings."""

from __future__ import annotations

import json
import os
import resource
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from yantuan.kernel.actors import SYSTEM  # noqa: E402
from yantuan.orders.models import Order  # noqa: E402
from yantuan.reports import exports  # noqa: E402
from yantuan.reports.models import OrderExport  # noqa: E402
from yantuan.stores.models import Store  # noqa: E402


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(store_id: int, group_buy_id: int | None) -> None:
    """Ask for the sheet and write it, as the worker does."""
    store = Store.objects.get(id=store_id)
    export = exports.request(store.leader.person, store, group_buy_id=group_buy_id, tab="all")
    if export.state == OrderExport.State.WAITING_APPROVAL:
        exports.start(export.id, SYSTEM)
    # What a process loads once is not what a sheet costs.
    Order.objects.filter(store=store).order_by("id").first()
    before, began = _peak_mib(), time.perf_counter()
    exports.write(export.id)
    seconds = time.perf_counter() - began
    done = OrderExport.objects.get(id=export.id)
    assert done.state == "done" and done.orders_done == export.orders_total, done.state
    found = {
        "orders": done.orders_done, "seconds": round(seconds, 2), "file_mib": round(done.size / 2**20, 2),
        "peak_mib": round(_peak_mib(), 1), "grown_mib": round(_peak_mib() - before, 1),
        "orders_per_second": round(done.orders_done / seconds),
    }  # fmt: skip
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)

"""Exports a store's orders in this process and prints time, size and memory. Run with the product's settings.

`python -m bench.export_job STORE [SALE|-] [usual|all] [FILE]`: with a file, the cells are pickled there row by row and no sheet is written.
"""

from __future__ import annotations

import json
import os
import pickle
import resource
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yantuan.settings")
django.setup()

# Importable only when Django is set up.
from yantuan.kernel.actors import SYSTEM  # noqa: E402
from yantuan.kernel.sheets.writing import Cell, Fen, Sheet  # noqa: E402
from yantuan.orders.models import Order  # noqa: E402
from yantuan.reports import choosing, exports  # noqa: E402
from yantuan.reports.columns import COLUMNS, USUAL  # noqa: E402
from yantuan.reports.models import OrderExport  # noqa: E402
from yantuan.stores.models import Store  # noqa: E402


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pickle_rows(path: Path) -> None:
    """From now on rows go to this file and not into a sheet."""
    file = path.open("wb")

    def row(sheet: Sheet, cells: Iterable[Cell]) -> None:
        sheet.written += 1
        # Cells for the library alone: Excel keeps any number as a float, and nothing is reckoned with these.
        pickle.dump([one.fen / 100 if isinstance(one, Fen) else one for one in cells], file)
        if sheet.written % 5000 == 0:
            file.flush()

    # Assigned as an attribute the type checker would refuse it: the product's sheet has its method for good.
    setattr(Sheet, "row", row)  # noqa: B010


def main(store_id: int, group_buy_id: int | None, choice: str = "usual") -> None:
    """Ask for the sheet and write it, as the worker does."""
    store = Store.objects.get(id=store_id)
    person = store.leader.person
    choosing.choose(person, store, list(COLUMNS) if choice == "all" else USUAL)
    export = exports.request(person, store, group_buy_id=group_buy_id, tab="all")
    if export.state == OrderExport.State.WAITING_APPROVAL:
        exports.start(export.id, SYSTEM)
    # What a process loads once is not what a sheet costs.
    Order.objects.filter(store=store).order_by("id").first()
    before, began, cpu = _peak_mib(), time.perf_counter(), time.process_time()
    exports.write(export.id)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    done = OrderExport.objects.get(id=export.id)
    assert done.state == "done" and done.orders_done == export.orders_total, done.state
    found: dict[str, Any] = {
        "orders": done.orders_done, "seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2), "file_mib": round(done.size / 2**20, 2),
        "peak_mib": round(_peak_mib(), 1), "grown_mib": round(_peak_mib() - before, 1),
        "orders_per_second": round(done.orders_done / seconds),
    }  # fmt: skip
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    given = dict(enumerate(sys.argv))
    sale, choice, rows = given.get(2, "-"), given.get(3, "usual"), given.get(4, "")
    if rows:
        pickle_rows(Path(rows))
    main(int(given[1]), None if sale == "-" else int(sale), choice)

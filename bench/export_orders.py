"""What a sheet of a hundred thousand orders costs: `python -m bench.export_orders [orders] [sqlite|postgres]`.

Baseline: XlsxWriter alone writing the very same cells in the same run, read from a file of pickled rows. Each is a process of its own, so that its
peak of memory is its own; a tenth of the orders is written too, because memory must not follow their number. CPU time says more than the
clock where others use the machine. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

# Finds the tests' PostgreSQL.
from bench.reading import parsed  # noqa: E402
from bench.stage import Copy, postgres_stage, run_module, sqlite_stage  # noqa: E402

CHOICES = ("usual", "all")
Found = dict[str, Any]


def _told(printed: str) -> Found:
    found: Found = json.loads(printed)
    return found


def one_choice(copy: Copy, store: str, choice: str) -> Found:
    """The product's sheet of these columns, and the same cells by the library alone."""
    env, folder = copy.environment(), Path(copy.data)
    product = _told(run_module("bench.export_job", store, "-", choice, env=env))
    rows = folder / "rows.pickle"
    run_module("bench.export_job", store, "-", choice, str(rows), env=env)
    bare = _told(run_module("bench.export_bare", str(rows), str(folder / "bare.xlsx"), env=env))
    rows.unlink()
    times = {
        "clock": product["seconds"] / bare["seconds"],
        "cpu": product["cpu_seconds"] / bare["cpu_seconds"],
    }
    return {"product": product, "bare": bare, "times_bare": {name: round(one, 2) for name, one in times.items()}}  # fmt: skip


def measured(orders: int, vendor: str) -> Found:
    """Both choices of columns on a past of so many orders, four fifths of them in the store that is exported."""
    with postgres_stage() if vendor == "postgres" else sqlite_stage() as stage:
        filled = parsed(stage.fill("bench.orders_seed", str(orders)))
        copy = stage.source()
        return {choice: one_choice(copy, str(filled["store_id"]), choice) for choice in CHOICES}


def main(orders: int, vendor: str) -> None:
    # So many in the exported store.
    sizes = {size: measured(size * 5 // 4, vendor) for size in (orders // 10, orders)}
    small, large = sizes[orders // 10], sizes[orders]
    growth = {
        choice: round(large[choice]["product"]["peak_mib"] - small[choice]["product"]["peak_mib"], 1)
        for choice in CHOICES
    }
    result = {"database": vendor, "orders": sizes, "peak_mib_for_nine_tenths_more": growth, "load": os.getloadavg()[0]}  # fmt: skip
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:] if one.isdigit()]
    main(numbers[0] if numbers else 100_000, "postgres" if "postgres" in sys.argv else "sqlite")

"""What one placed order really writes: the product places it, and the rows are read back from the database.

The `limit` section builds its statements from this, so that it can never fall behind the product.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import world
from bench.stage import Copy, run_module

OFFER = world.special("hot")
BUYER = 0
KEY = "recorded-order"


@dataclass(frozen=True)
class Written:
    """One row an order inserted or changed."""

    table: str
    columns: dict[str, Any]


@dataclass(frozen=True)
class Recording:
    """All rows of one order, in the order of `BOOKED` and then by name of the table."""

    rows: list[Written]

    @property
    def tables(self) -> set[str]:
        return {row.table for row in self.rows}

    def of(self, table: str) -> list[Written]:
        return [row for row in self.rows if row.table == table]

    def shape(self) -> dict[str, list[str]]:
        """Table to its columns."""
        return {row.table: sorted(row.columns) for row in self.rows}


BOOKED = (
    "catalog_stockpool",
    "groupbuys_groupcounter",
    "orders_participation",
    "orders_order",
    "orders_orderline",
)


def record(copy: Copy) -> Recording:
    """Place one order on this copy and read what it wrote."""
    if copy.vendor == "sqlite":
        return _sorted(list(_on_sqlite(copy)))
    rows = json.loads(run_module("bench.one_order", env=copy.environment()))
    return _sorted([Written(**row) for row in rows])


def _sorted(rows: list[Written]) -> Recording:
    rank = {name: i for i, name in enumerate(BOOKED)}
    return Recording(sorted(rows, key=lambda row: (rank.get(row.table, len(rank)), row.table)))


def _on_sqlite(copy: Copy) -> Iterator[Written]:
    """The difference to a copy made before."""
    before = Path(f"{copy.sqlite}.before")
    with sqlite3.connect(copy.sqlite) as source, sqlite3.connect(before) as target:
        source.backup(target)
    run_module("bench.one_order", env=copy.environment())
    connection = sqlite3.connect(copy.sqlite)
    connection.row_factory = sqlite3.Row
    connection.execute("ATTACH ? AS old", (str(before),))
    names = connection.execute(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (name,) in names:
        for row in connection.execute(f'SELECT * FROM main."{name}" EXCEPT SELECT * FROM old."{name}"'):
            yield Written(name, dict(row))
    connection.close()
    before.unlink()

"""SQLite's own durable rate: the rows one order of the product writes, through prepared statements, without the product."""

from __future__ import annotations

import sqlite3
import time
from itertools import count
from typing import Any

from bench import world
from bench.recording import BUYER, KEY, OFFER, Recording, Written
from bench.stage import Copy

PER_TRANSACTION = (1, 8, 32, 128)
_ROW_IDS = 64

UPDATED = {
    "catalog_stockpool": "UPDATE catalog_stockpool SET available = available - 1, held = held + 1"
    " WHERE id = :pool AND available >= 1",
    "groupbuys_groupcounter": "UPDATE groupbuys_groupcounter SET last_number = last_number + 1, orders = orders + 1"
    " WHERE group_buy_id = :sale RETURNING last_number",
    "orders_limituse": "INSERT INTO orders_limituse (offer_id, person_id, quantity) VALUES (:offer, :person, 1)"
    " ON CONFLICT (offer_id, person_id) DO UPDATE SET quantity = orders_limituse.quantity + 1",
}
_JOINED = "SELECT id FROM orders_participation WHERE group_buy_id = :sale AND person_id = :person"


class Orders:
    """Writes orders like the recorded one on one connection."""

    def __init__(self, connection: sqlite3.Connection, recording: Recording) -> None:
        self._connection = connection
        self._serial = count(1)
        place = world.place_of(OFFER)
        self._names: dict[Any, str] = {
            place.offer_id: ":offer", place.product_id: ":product", place.pool_id: ":pool", place.sale_id: ":sale",
            place.store_id: ":store", world.BUYER_0 + BUYER: ":person", KEY: ":key",
        }  # fmt: skip
        self._added = [row for row in recording.rows if row.table not in UPDATED]
        for number, row in enumerate(self._added):
            self._names[row.columns["id"]] = f":base + {number}"
        (joined,) = recording.of("orders_participation")
        self._names[joined.columns["id"]] = ":joined"
        self._inserts = [self._insert(row) for row in self._added]

    def tables(self) -> set[str]:
        """What is written to."""
        return set(UPDATED) | {row.table for row in self._added}

    def _insert(self, row: Written) -> tuple[str, str, dict[str, Any]]:
        given: dict[str, Any] = {}
        values: list[str] = []
        for number, (column, value) in enumerate(row.columns.items()):
            if column == "number":
                values.append(":number")
            elif value in self._names:
                values.append(self._names[value])
            else:
                given[f"v{number}"] = value
                values.append(f":v{number}")
        columns = ", ".join(f'"{name}"' for name in row.columns)
        return row.table, f'INSERT INTO "{row.table}" ({columns}) VALUES ({", ".join(values)})', given

    def write(self, index: int) -> None:
        """One order of offer number `index` in the open transaction; buyers take turns."""
        serial = next(self._serial)
        place = world.place_of(index)
        base = 4_000_000_000_000_000_000 + serial * _ROW_IDS
        person = world.BUYER_0 + serial * 7919 % world.BUYERS
        names: dict[str, Any] = {
            "offer": place.offer_id, "product": place.product_id, "pool": place.pool_id, "sale": place.sale_id,
            "store": place.store_id, "person": person, "key": str(base), "base": base,
        }  # fmt: skip
        run = self._connection.execute
        run(UPDATED["catalog_stockpool"], names)
        names["number"] = run(UPDATED["groupbuys_groupcounter"], names).fetchone()[0]
        known = run(_JOINED, names).fetchone()
        names["joined"] = known[0] if known else base + _ROW_IDS - 1
        for table, statement, given in self._inserts:
            if table != "orders_participation" or known is None:
                run(statement, names | given)
        run(UPDATED["orders_limituse"], names)


def limit_round(copy: Copy, recording: Recording, seconds: float) -> dict[str, Any]:
    """Orders per second with 1, 8, 32 and 128 orders per transaction, spread over all offers, and hot with one each."""
    connection = sqlite3.connect(copy.sqlite, isolation_level=None, cached_statements=64)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    orders = Orders(connection, recording)
    found = {f"spread_{size}_per_tx": _rate(connection, orders, size, seconds) for size in PER_TRANSACTION}
    found["hot_1_per_tx"] = _rate(connection, orders, 1, seconds, hot=True)
    connection.close()
    return found


def _rate(
    connection: sqlite3.Connection, orders: Orders, size: int, seconds: float, *, hot: bool = False
) -> dict[str, Any]:
    began, written = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(size):
            orders.write(OFFER if hot else written * 367 % world.OFFERS)
            written += 1
        connection.execute("COMMIT")
    return {"per_second": round(written / (time.perf_counter() - began), 1)}

"""The `limit` section must write exactly what one placed order of the product writes, row by row and counter by counter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import limit_postgres, limit_sqlite, one_order, seed, world
from bench.recording import OFFER, Recording, Written, _sorted
from bench.stage import Copy
from django.conf import settings
from django.db import connection

ORDERS = 10
BUYERS = 3
SQLITE = "sqlite" in settings.DATABASES["default"]["ENGINE"]
# pgbench comes by a connection of its own.
pytestmark = pytest.mark.django_db(transaction=not SQLITE)
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "BUYERS", BUYERS)
    seed._stores()
    seed._sales()
    seed._buyers(BUYERS)


def everything() -> Rows:
    """All rows of all tables of the trade."""
    found: Rows = {}
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in cursor.description]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


def changed(before: Rows, after: Rows) -> Iterator[Written]:
    for table, rows in after.items():
        yield from (Written(table, row) for row in rows if row not in before[table])


@pytest.fixture
def recorded(_world: None) -> tuple[Recording, Rows, Rows]:
    """What one order of the product wrote, and everything before and after it."""
    before = everything()
    one_order._place()
    after = everything()
    return _sorted(list(changed(before, after))), before, after


def growth(before: Rows, after: Rows) -> dict[str, int]:
    return {table: n for table, rows in after.items() if (n := len(rows) - len(before[table]))}


def counters(rows: Rows) -> dict[str, int]:
    """The hot offer's stock, its sale's counter and the limits, summed."""
    place = world.place_of(OFFER)
    (pool,) = [row for row in rows["catalog_stockpool"] if row["id"] == place.pool_id]
    (sale,) = [row for row in rows["groupbuys_groupcounter"] if row["group_buy_id"] == place.sale_id]
    used = sum(row["quantity"] for row in rows["orders_limituse"])
    return {
        "available": pool["available"], "held": pool["held"], "sold": pool["sold"], "orders": sale["orders"], "used": used,
    }  # fmt: skip


def moved(before: Rows, after: Rows) -> dict[str, int]:
    first, last = counters(before), counters(after)
    return {name: last[name] - first[name] for name in first}


def check(recording: Recording, before: Rows, after: Rows, later: Rows) -> None:
    """`later` is after ORDERS of the limit's own orders: the same rows and deltas, as often."""
    per_person = {"orders_participation", "orders_limituse"}
    once = {table: n for table, n in growth(before, after).items() if table not in per_person}
    many = {table: n for table, n in growth(after, later).items() if table not in per_person}
    assert many == {table: n * ORDERS for table, n in once.items()}
    assert set(limit_sqlite.UPDATED) < recording.tables
    assert moved(after, later) == {name: n * ORDERS for name, n in moved(before, after).items()}
    numbers = sorted(row["number"] for row in later["orders_participation"])
    assert len(numbers) <= BUYERS and len(set(numbers)) == len(numbers)
    orders = {row["id"] for row in later["orders_order"]}
    assert {row["order_id"] for row in later["orders_orderline"]} == orders


@pytest.mark.skipif(not SQLITE, reason="SQLite's own limit")
def test_sqlite_limit_writes_what_an_order_writes(recorded: tuple[Recording, Rows, Rows]) -> None:
    recording, before, after = recorded
    connection.ensure_connection()
    raw = connection.connection
    orders = limit_sqlite.Orders(raw, recording)
    for _ in range(ORDERS):
        orders.write(OFFER)
    assert orders.tables() == recording.tables
    check(recording, before, after, everything())


@pytest.mark.skipif(SQLITE, reason="PostgreSQL's own limit")
def test_pgbench_writes_what_an_order_writes(recorded: tuple[Recording, Rows, Rows]) -> None:
    recording, before, after = recorded
    assert limit_postgres.Script(recording, hot=True).tables() == recording.tables
    name, one = connection.settings_dict["NAME"], connection.settings_dict
    copy = Copy("postgres", Path("/"), f"postgresql://{one['USER']}@{one['HOST']}:{one['PORT']}/{name}")
    limit_postgres.database_limit(copy, recording, hot=True, clients=1, seconds=1, orders=ORDERS)
    check(recording, before, after, everything())

"""On PostgreSQL every statement of the hot path and of the lists has an index to go by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from orderworld import World, make_world

from yantuan.orders.lists import BUYER_TABS, LEADER_TABS, buyer_orders, leader_orders
from yantuan.orders.placing import place_orders

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="plans need --db=postgres"
    ),
]

GROWING = ("orders_order", "orders_orderline", "orders_participation", "orders_limituse", "identity_address")


@contextmanager
def plans() -> Iterator[list[str]]:
    """EXPLAIN beside every statement run inside; sequential scans are priced out, so one left has no index."""
    found: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE")):
            with connection.cursor() as other:
                other.cursor.execute("EXPLAIN " + sql, params)
                found.extend(row[0] for row in other.cursor.fetchall())
        return execute(sql, params, many, context)

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    with connection.execute_wrapper(watch):
        yield found


def scans(found: list[str]) -> list[str]:
    return [line for line in found if any(f"Seq Scan on {table} " in line for table in GROWING)]


def test_placing_reads_by_index(world: World) -> None:
    drafts = [world.draft() for _ in range(5)]
    with plans() as found:
        place_orders(drafts)
    assert found and scans(found) == []


@pytest.mark.parametrize("tab", LEADER_TABS)
def test_the_desk_reads_by_index(world: World, tab: str) -> None:
    with plans() as found:
        for text in ("", "12", "#12", "王", "1234", "红富士"):
            leader_orders(world.store, tab=tab, q=text, group_buy_id="", cursor="")
    assert found and scans(found) == []


@pytest.mark.parametrize("tab", BUYER_TABS)
def test_the_buyers_list_reads_by_index(world: World, tab: str) -> None:
    person, _ = world.buyer()
    with plans() as found:
        buyer_orders(person, tab=tab, q="", cursor="")
    assert found and scans(found) == []


def _walked(table: str) -> int:
    """Rows and index entries of `table` read so far in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_get_xact_tuples_returned(%s::regclass) + sum(pg_stat_get_xact_tuples_returned(indexrelid)) "
            "FROM pg_index WHERE indrelid = %s::regclass",
            [table, table],
        )
        return int(cursor.fetchone()[0])


def test_a_plan_from_an_empty_shop_does_not_outlive_it(db: None) -> None:
    world = make_world(stock_units=5_000)
    with connection.cursor() as cursor:
        # The statistics say: nothing there. A rush fills tables faster than new ones are taken.
        cursor.execute("ANALYZE")

    def place(number: int) -> None:
        place_orders([world.draft() for _ in range(number)])
        connection.check_constraints()

    for _ in range(8):
        place(2)
    for _ in range(12):
        place(64)
    before = _walked("orders_order")
    place(16)
    walked = _walked("orders_order") - before
    assert walked < 16 * 8, f"{walked} order rows read to place 16 orders beside 784 others"

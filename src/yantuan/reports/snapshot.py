"""The one instant a run of the self-check looks at: read-only, nobody waits for it, no rule runs for ever."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from yantuan.reports.rules.base import Reader, Scope, first_id

TIMEOUT_MS = 60_000
"""Longest any one statement (PostgreSQL) or rule (SQLite) may take."""
CACHE_KIB = 65_536
"""Page cache SQLite gets for the run; its everyday one is small, to save memory."""
_STEPS = 100_000
"""SQLite asks whether to go on after so many steps of its machine."""


@contextmanager
def snapshot(scope: Scope) -> Iterator[None]:
    """Every rule sees the same instant, and nobody has to wait for us.

    Inside a transaction the caller's own view is the snapshot. SQLite's BEGIN is written by hand, because Django's
    would take the write lock at once. Orders the run is narrowed to are listed in a table of this connection alone.
    """
    if not scope.whole:
        _run("CREATE TEMP TABLE IF NOT EXISTS check_scope (id bigint PRIMARY KEY)")
    if connection.in_atomic_block:
        _fill(scope)
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            _run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            _run(f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
            _run("SET LOCAL work_mem = '64MB'")
            _fill(scope)
            yield
    else:
        with _roomy_cache():
            _run("BEGIN")
            try:
                _fill(scope)
                yield
            finally:
                _run("ROLLBACK")


@contextmanager
def within_time() -> Iterator[None]:
    """Ends what runs too long on SQLite, which knows no statement timeout."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    raw: Any = connection.connection
    end = time.monotonic() + TIMEOUT_MS / 1000
    raw.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


@contextmanager
def _roomy_cache() -> Iterator[None]:
    with connection.cursor() as cursor:
        before = int(cursor.execute("PRAGMA cache_size").fetchone()[0])
    _run(f"PRAGMA cache_size=-{CACHE_KIB}")
    try:
        yield
    finally:
        _run(f"PRAGMA cache_size={before}")
        _run("PRAGMA shrink_memory")


def _fill(scope: Scope) -> None:
    """List the orders of the run: those of the store, or those that anything happened to since then."""
    if scope.whole:
        return
    _run("DELETE FROM check_scope")
    store = "1 = 1" if scope.store_id is None else f"o.store_id = {int(scope.store_id)}"
    if scope.since is None:
        _run(f"INSERT INTO check_scope SELECT o.id FROM orders_order o WHERE {store}")
        return
    least = first_id(scope.since)
    moment = Reader(scope.since).at(scope.since)
    # Every step of an order leaves an event, and ids follow time; only money for closed orders comes back,
    # and money is shared, without one.
    touched = f"""
        SELECT order_id FROM orders_orderevent WHERE id >= {least}
        UNION SELECT order_id FROM payments_paymentattempt WHERE id >= {least}
        UNION SELECT order_id FROM payments_refund WHERE id >= {least} OR done_at >= %s
        UNION SELECT order_id FROM splits_split WHERE decided_at >= %s
        UNION SELECT id FROM orders_order WHERE id >= {least}"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO check_scope SELECT o.id FROM orders_order o WHERE {store} AND o.id IN ({touched})",
            [moment, moment],
        )


def _run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

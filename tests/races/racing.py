"""What every race needs: a start at one instant, a slow database on demand, and guards that can be taken away.

Guards are taken away in the SQL itself (`without`), whatever code wrote it: row locks, the condition of a guarded
update, a comparison with the version read. `meeting` holds the threads of a race before a statement until all have come
there, which without locks is the worst moment.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from unittest.mock import patch

from django.db import connection, connections, transaction

from appendonly import lifted
from harness.pgproxy import PgProxy, pg_proxy
from yantuan.kernel.clock import now
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader

T = TypeVar("T")
FULL = os.environ.get("YANTUAN_RACES") == "full"
"""The sizes of the catalogue in place of the quick ones (`make races`)."""
DELAY_MS = 100.0 if FULL else 25.0
"""Per statement; the quick set keeps the tests of every day short."""


@dataclass(frozen=True)
class Guard:
    """A part of statements (those `where` matches) that protects, and what stands there without it."""

    where: re.Pattern[str]
    what: re.Pattern[str]
    instead: str | Callable[[re.Match[str]], str] = ""

    def off(self, sql: str, params: Any) -> tuple[str, Any]:
        """The statement without the guard. Parameters are written in first, so that a condition goes with its value."""
        if not self.where.search(sql):
            return sql, params
        whole = connection.ops.compose_sql(sql, params) if params else sql
        return self.what.sub(self.instead, whole), None


LOCK = Guard(
    re.compile("FOR (NO KEY )?UPDATE"),
    re.compile(r"\s+FOR (?:NO KEY )?UPDATE\b(?: OF \S+)?(?: SKIP LOCKED)?"),
)
"""Row locks."""
ENOUGH = Guard(
    re.compile("catalog_stockpool"), re.compile(r"AND catalog_stockpool\.available >= v\.held \+ v\.sold")
)
"""The last look at the stock, in the update that takes it."""
SEEN = Guard(
    re.compile(r'^UPDATE "orders_order"'),
    re.compile(r'"orders_order"\."(?:payment|delivery|aftersale|version)" = (?:\d+|\'\w+\')'),
    "1 = 1",
)
"""The comparison of a transition with the row it was decided on."""

CHECKED = ("M1", "M2", "L4", "L5", "ST1", "ST2", "ST3", "ST4", "O1", "O2", "O4", "P1", "P4", "R1")
"""Invariants of money, stock and states no race may break."""

_removed: list[Guard] = []
_meetings: list[_Meeting] = []
_crowds: list[Crowd] = []


def size(quick: int, full: int) -> int:
    """A number of rounds or people: the quick one, or the catalogue's."""
    return full if FULL else quick


class _Meeting:
    """Threads wait for each other before the first statement of theirs that matches, once per piece of work."""

    def __init__(self, pattern: str, parties: int, seconds: float) -> None:
        self.pattern = re.compile(pattern, re.DOTALL)
        self.seconds = seconds
        self.barrier = threading.Barrier(parties)
        self.came = threading.local()

    def before(self, sql: str) -> None:
        if getattr(self.came, "yes", False) or not self.pattern.search(sql):
            return
        self.came.yes = True
        try:
            self.barrier.wait(self.seconds)
        except threading.BrokenBarrierError:
            # Somebody waits at a lock and can't come: the guard works.
            return


def _rewritten(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    for meeting_ in _meetings:
        meeting_.before(sql)
    for guard in _removed:
        sql, params = guard.off(sql, params)
    return execute(sql, params, many, context)


@contextmanager
def without(*guards: Guard) -> Iterator[None]:
    """Take guards away from every statement that race threads send."""
    _removed.extend(guards)
    try:
        yield
    finally:
        for one in guards:
            _removed.remove(one)


@contextmanager
def meeting(pattern: str, parties: int, seconds: float = 5) -> Iterator[None]:
    """Race threads meet before their first statement that matches; after `seconds` they go on alone."""
    one = _Meeting(pattern, parties, seconds)
    _meetings.append(one)
    try:
        yield
    finally:
        _meetings.remove(one)


@contextmanager
def unconstrained(table: str, *names: str) -> Iterator[None]:
    """Take constraints away from a table; it is emptied before they come back."""
    quoted = connection.ops.quote_name(table)
    found: dict[str, tuple[str, bool]] = {name: _definition(table, name) for name in names}
    with connection.cursor() as cursor:
        for name, (_, index) in found.items():
            cursor.execute(f"DROP INDEX {name}" if index else f"ALTER TABLE {quoted} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        with transaction.atomic(), lifted(connection), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {quoted} CASCADE")
        with connection.cursor() as cursor:
            for name, (definition, index) in found.items():
                cursor.execute(
                    definition if index else f"ALTER TABLE {quoted} ADD CONSTRAINT {name} {definition}"
                )


def _definition(table: str, name: str) -> tuple[str, bool]:
    """How to make the constraint again, and whether it is a partial index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s AND conrelid = %s::regclass",
            [name, table],
        )
        row = cursor.fetchone()
        if row is not None:
            return str(row[0]), False
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [name])
        return str(cursor.fetchone()[0]), True


@contextmanager
def slow_database(delay_ms: float = DELAY_MS) -> Iterator[PgProxy]:
    """Connections made from now on (those of race threads) pay `delay_ms` per statement; the test's own doesn't."""
    connection.ensure_connection()
    chosen = connections.settings["default"]
    url = f"postgresql://{chosen['USER']}@{chosen['HOST']}:{chosen['PORT']}/{chosen['NAME']}"
    with pg_proxy(url) as proxy, patch.dict(chosen, HOST="127.0.0.1", PORT=proxy.port):
        proxy.slow(delay_ms)
        yield proxy


class Crowd:
    """Threads with a connection each, kept open over many rounds."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count)
        self._each(connection.ensure_connection)

    def run(self, work: Sequence[Callable[[], T]]) -> list[T | Exception]:
        """Do all `work`, as much at a time as there are threads, the first of it started at one instant."""
        ready = threading.Barrier(min(self.count, len(work)))

        def first(one: Callable[[], T]) -> T | Exception:
            ready.wait(60)
            return _done(one)

        futures = [
            self._pool.submit(first if n < ready.parties else _done, one) for n, one in enumerate(work)
        ]
        return [future.result(300) for future in futures]

    def leave(self) -> None:
        """Close the connections and end the threads."""
        self._each(connections.close_all)
        self._pool.shutdown()

    def _each(self, act: Callable[[], object]) -> None:
        """Do something in every thread: none is free again before all have begun."""
        met = threading.Barrier(self.count)

        def one() -> None:
            met.wait(60)
            act()

        for future in [self._pool.submit(one) for _ in range(self.count)]:
            future.result(120)


def _done(one: Callable[[], T]) -> T | Exception:
    # A piece of work meets anew; its thread may have met before.
    for meeting_ in _meetings:
        meeting_.came.yes = False
    try:
        if not _removed and not _meetings:
            # The product sends its statements together only where nobody watches them.
            return one()
        with connection.execute_wrapper(_rewritten):
            return one()
    except Exception as error:
        return error


@contextmanager
def crowd(count: int) -> Iterator[None]:
    """Races within use these threads, in place of new ones each time."""
    made = Crowd(count)
    _crowds.append(made)
    try:
        yield
    finally:
        _crowds.remove(made)
        made.leave()


def together(work: Sequence[Callable[[], T]], threads: int = 0) -> list[T | Exception]:
    """Do all `work`, `threads` at a time (all, if nothing is said), each thread with a connection of its own and started
    at one instant. Answers each result, or the exception it ended with."""
    count = min(threads or len(work), len(work))
    if _crowds and _crowds[-1].count >= count:
        return _crowds[-1].run(work)
    made = Crowd(count)
    try:
        return made.run(work)
    finally:
        made.leave()


def deadlocks() -> int:
    """How many the server has broken so far, also those after which the product tried again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def violations() -> set[str]:
    """The invariants that do not hold now."""
    reader = Reader(now())
    return {rule for rule in CHECKED if RULES[rule].check(reader)}


def eventually(true: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something comes true within some seconds."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True

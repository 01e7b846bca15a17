"""Booking on PostgreSQL: row locks on the pools; statements travel together, rows as one array per column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from yantuan.kernel.lean import Later
from yantuan.orders.dialect import Row, Statement, Table

psycopg: Any = Later("psycopg")
"""Not needed on SQLite."""

_PASSING = {"40001", "40P01", "55P03"}
"""Serialization failure, deadlock, lock not available."""
_SHUTDOWN = {"57P01", "57P02", "57P03"}
"""The server stops, has crashed, or is starting."""


class Postgres:
    """Statements are prepared and their plans kept. Behind PgBouncer in transaction mode this needs its version 1.21.

    A rush fills tables faster than their statistics are taken, and a plan made while a table was empty walks through all
    of it; so do the kept plans of foreign keys, which look up each order of a line at commit. Here all looks have an index.
    """

    first: Sequence[Statement] = (Statement("SET LOCAL enable_seqscan = off", []),)

    # NO KEY UPDATE: orders' foreign keys elsewhere never wait for it, other stock writers do.
    row_lock = "FOR NO KEY UPDATE"

    def run(self, statements: Sequence[Statement]) -> list[list[Row]]:
        if connection.execute_wrappers or connection.queries_logged:
            return _one_by_one(statements)
        connection.ensure_connection()
        line = connection.connection
        cursors = []
        # In a pipeline nobody waits between statements: one wait for the lot, whatever the distance.
        with connection.wrap_database_errors, line.pipeline():
            for sql, values in statements:
                cursors.append(psycopg.Cursor(line))
                cursors[-1].execute(sql, values, prepare=True)
        return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    # Arrays keep the text of a statement the same however many rows it carries.
    def among(self, values: Sequence[int]) -> tuple[str, list[Any]]:
        return "= ANY(%s::bigint[])", [_array(values)]

    def table(self, types: Sequence[str], rows: Sequence[Row]) -> tuple[str, list[Any]]:
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        return f"SELECT * FROM unnest({arrays})", [_array(column) for column in zip(*rows, strict=True)]

    def moment(self, moment: datetime | None) -> Any:
        return moment.isoformat(sep=" ") if moment else None

    def insert(self, table: Table, rows: Sequence[Row]) -> list[Statement]:
        names = ", ".join((*table.columns, *table.fixed))
        # Documents travel as text: an array of them would have to be escaped twice.
        sent = ", ".join(f"%s::{'text' if kind == 'jsonb' else kind}[]" for kind in table.columns.values())
        wanted = ", ".join(
            f"v.{name}::jsonb" if kind == "jsonb" else f"v.{name}" for name, kind in table.columns.items()
        )
        fixed = "".join(f", {literal}" for literal in table.fixed.values())
        sql = (
            f"INSERT INTO {table.name} ({names}) SELECT {wanted}{fixed} "
            f"FROM unnest({sent}) AS v({', '.join(table.columns)})"
        )
        return [Statement(sql, [_array(column) for column in zip(*rows, strict=True)])]

    def passing(self, error: Exception) -> bool:
        return getattr(error.__cause__, "sqlstate", None) in _PASSING

    def lost(self, error: Exception) -> bool:
        # A connection that breaks without a word from the server has no SQLSTATE.
        state = getattr(error.__cause__, "sqlstate", None)
        return state is None or state.startswith("08") or state in _SHUTDOWN


def _one_by_one(statements: Sequence[Statement]) -> list[list[Row]]:
    """Through Django's own cursor, for whoever watches or counts statements."""
    found: list[list[Row]] = []
    with connection.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(sql, values)
            found.append(cursor.fetchall() if cursor.description else [])
    return found


def _array(values: Iterable[Any]) -> str:
    """An array literal. The driver's own list dumper asks every element for its type; here the column knows."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value.__class__ is str:
        # Quoted always, so that NULL, braces and commas are just text; these two are all that must be escaped.
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if value is None:
        return "NULL"
    if value.__class__ is bool:
        return "t" if value else "f"
    return str(value)


POSTGRES = Postgres()

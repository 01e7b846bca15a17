"""Booking on SQLite: BEGIN IMMEDIATE (the connection's transaction mode) is the lock of everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from yantuan.orders.dialect import Row, Statement, Table


class _Many(list[Any]):
    """Parameters of the same statement run once for each row."""


@lru_cache(32)
def _text(moment: datetime) -> str:
    # A batch writes the same few instants over and over.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")


class Sqlite:
    row_lock = ""
    first: Sequence[Statement] = ()

    def run(self, statements: Sequence[Statement]) -> list[list[Row]]:
        found: list[list[Row]] = []
        with connection.cursor() as cursor:
            for sql, values in statements:
                if isinstance(values, _Many):
                    cursor.executemany(sql, values)
                    found.append([])
                else:
                    cursor.execute(sql, values)
                    found.append(cursor.fetchall())
        return found

    def among(self, values: Sequence[int]) -> tuple[str, list[Any]]:
        return f"IN ({', '.join(['%s'] * len(values))})", list(values)

    def table(self, types: Sequence[str], rows: Sequence[Row]) -> tuple[str, list[Any]]:
        one = f"({', '.join(['%s'] * len(types))})"
        return f"VALUES {', '.join([one] * len(rows))}", [value for row in rows for value in row]

    def moment(self, moment: datetime | None) -> Any:
        return _text(moment) if moment else None

    def insert(self, table: Table, rows: Sequence[Row]) -> list[Statement]:
        names = ", ".join(f'"{name}"' for name in (*table.columns, *table.fixed))
        places = ", ".join([*["%s"] * len(table.columns), *table.fixed.values()])
        return [Statement(f'INSERT INTO "{table.name}" ({names}) VALUES ({places})', _Many(rows))]

    def passing(self, error: Exception) -> bool:
        return "locked" in str(error) or "busy" in str(error)

    def lost(self, error: Exception) -> bool:
        return False


SQLITE = Sqlite()

"""Booking on SQLite: BEGIN IMMEDIATE (the connection's transaction mode) is the lock of everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db.backends.utils import CursorWrapper

from yantuan.orders.dialect import Row


class Sqlite:
    row_lock = ""

    def among(self, values: Sequence[int]) -> tuple[str, list[Any]]:
        return f"IN ({', '.join(['%s'] * len(values))})", list(values)

    def table(self, types: Sequence[str], rows: Sequence[Row]) -> tuple[str, list[Any]]:
        one = f"({', '.join(['%s'] * len(types))})"
        return f"VALUES {', '.join([one] * len(rows))}", [value for row in rows for value in row]

    def moment(self, moment: datetime | None) -> Any:
        return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ") if moment else None

    def insert(self, cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows)

    def passing(self, error: Exception) -> bool:
        return "locked" in str(error) or "busy" in str(error)

    def lost(self, error: Exception) -> bool:
        return False


SQLITE = Sqlite()

"""Booking on PostgreSQL: row locks on the pools, COPY for the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from yantuan.orders.dialect import Row

_PASSING = {"40001", "40P01", "55P03"}
"""Serialization failure, deadlock, lock not available."""
_SHUTDOWN = {"57P01", "57P02", "57P03"}
"""The server stops, has crashed, or is starting."""


class Postgres:
    # NO KEY UPDATE: orders' foreign keys elsewhere never wait for it, other stock writers do.
    row_lock = "FOR NO KEY UPDATE"

    # Arrays keep the text of a statement the same however many rows it carries.
    def among(self, values: Sequence[int]) -> tuple[str, list[Any]]:
        return "= ANY(%s::bigint[])", [list(values)]

    def table(self, types: Sequence[str], rows: Sequence[Row]) -> tuple[str, list[Any]]:
        arrays = ", ".join(f"%s::{kind}[]" for kind in types)
        return f"SELECT * FROM unnest({arrays})", [list(column) for column in zip(*rows, strict=True)]

    def moment(self, moment: datetime | None) -> Any:
        return moment

    def insert(self, cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        names = ", ".join(f'"{name}"' for name in columns)
        statement = f'COPY "{table}" ({names}) FROM STDIN'
        # Django wraps the driver's errors in its own everywhere but here.
        with connection.wrap_database_errors, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def passing(self, error: Exception) -> bool:
        return getattr(error.__cause__, "sqlstate", None) in _PASSING

    def lost(self, error: Exception) -> bool:
        # A connection that breaks without a word from the server has no SQLSTATE.
        state = getattr(error.__cause__, "sqlstate", None)
        return state is None or state.startswith("08") or state in _SHUTDOWN


POSTGRES = Postgres()

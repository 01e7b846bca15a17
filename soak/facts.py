"""A look into the instance's database past the product: the oracle of tests and soak. Reads only, but for letting time pass."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]
_WAITS = (
    ("kernel_outboxevent", "available_at", "state = 'pending'"),
    ("payments_refund", "next_try_at", "next_try_at IS NOT NULL"),
    ("payments_paymentattempt", "next_poll_at", "next_poll_at IS NOT NULL"),
    ("notices_delivery", "due_at", "state = 'waiting'"),
    ("kernel_timedrun", "next_at", "name NOT LIKE '%reconcile%'"),
)
"""Where the product notes when to do something next: (table, column, which rows)."""


class Facts:
    """One instance's database, by URL or by the SQLite file."""

    def __init__(self, *, url: str = "", file: Path | None = None) -> None:
        self._url, self._file = url, file

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Rows as dicts; `?` marks a value on both engines."""
        if self._url:
            with psycopg.connect(self._url, row_factory=dict_row) as connection:
                return connection.execute(sql.replace("?", "%s").encode(), list(values)).fetchall()
        with closing(self._sqlite()) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, list(values)).fetchall()]

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row."""
        return next(iter(self.rows(sql, values)[0].values()))

    def hurry(self) -> None:
        """Let every lease, pause and period end now, as if minutes had passed."""
        past = (datetime.now(UTC) - timedelta(seconds=1)).replace(tzinfo=None)
        for table, column, which in _WAITS:
            sql = f"UPDATE {table} SET {column} = ? WHERE {which} AND {column} > ?"
            if self._url:
                stamp: Any = past.replace(tzinfo=UTC)
                with psycopg.connect(self._url) as connection:
                    connection.execute(
                        sql.replace("%reconcile%", "%%reconcile%%").replace("?", "%s").encode(),
                        [stamp, stamp],
                    )
            else:
                text = past.isoformat(sep=" ")
                with closing(self._sqlite()) as connection, connection:
                    connection.execute(sql, [text, text])

    def _sqlite(self) -> sqlite3.Connection:
        return sqlite3.connect(str(self._file), timeout=20)

"""What differs between the two engines when orders are booked; everything else is shared (see `book`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db.backends.utils import CursorWrapper

Row = Sequence[Any]


class Dialect(Protocol):
    """One small object per engine: `book_sqlite.SQLITE`, `book_postgres.POSTGRES`."""

    row_lock: str
    """Added to a SELECT: locks its rows until commit."""

    def among(self, values: Sequence[int]) -> tuple[str, list[Any]]:
        """`= ANY(…)` or `IN (…)` over ids, with its parameters."""

    def table(self, types: Sequence[str], rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """The rows as the body of a common table expression, with its parameters; `types` are `bigint` or `text`."""

    def moment(self, moment: datetime | None) -> Any:
        """A point in time as the driver wants it."""

    def insert(self, cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Write many rows at once."""

    def passing(self, error: Exception) -> bool:
        """True for a lost race (deadlock, serialization, lock time-out): the same batch may simply be tried again."""

    def lost(self, error: Exception) -> bool:
        """True when the connection itself went away."""

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

    def moment(self, moment: datetime | None) -> object:
        """A point in time as the driver wants it."""

    def insert(self, cursor: CursorWrapper, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Write many rows at once."""

    def passing(self, error: Exception) -> bool:
        """True for a lost race (deadlock, serialization, lock time-out): the same batch may simply be tried again."""

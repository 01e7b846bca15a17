"""What differs between the two engines when orders are booked; everything else is shared (see `book`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

Row = Sequence[Any]


class Statement(NamedTuple):
    """SQL with `%s` places, and its parameters."""

    sql: str
    values: list[Any]


@dataclass(frozen=True)
class Table:
    """Where booked rows go: the columns that differ from row to row with their types, and those that never do.

    `fixed` maps a column to the SQL literal every freshly placed row carries there.
    """

    name: str
    columns: Mapping[str, str]
    fixed: Mapping[str, str]


class Dialect(Protocol):
    """One small object per engine: `book_sqlite.SQLITE`, `book_postgres.POSTGRES`."""

    row_lock: str
    """Added to a SELECT: locks its rows until commit."""

    first: Sequence[Statement]
    """Run at the head of each booking transaction."""

    def run(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run all in order on the open transaction and answer the rows of each; an engine may send them in one go."""

    def among(self, values: Sequence[int]) -> tuple[str, list[Any]]:
        """`= ANY(…)` or `IN (…)` over ids, with its parameters."""

    def table(self, types: Sequence[str], rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """The rows as the body of a common table expression, with its parameters; `types` are `bigint` or `text`."""

    def moment(self, moment: datetime | None) -> Any:
        """A point in time as the driver wants it."""

    def insert(self, table: Table, rows: Sequence[Row]) -> list[Statement]:
        """The statements that write `rows`, each in the order of `table.columns`."""

    def passing(self, error: Exception) -> bool:
        """True for a lost race (deadlock, serialization, lock time-out): the same batch may simply be tried again."""

    def lost(self, error: Exception) -> bool:
        """True when the connection itself went away."""

"""What a rule is, and the narrow reader rules look through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db import connection

from yantuan.kernel.ids import EPOCH_MS

Severity = Literal["S1", "S2"]
Kind = Literal["", "money", "stock"]
MAX_IDS: Final = 20
SCAN: Final = 500
"""Offending rows looked at, so that every store they belong to is known; twenty of them are shown."""
GRACE: Final = timedelta(minutes=5)
"""Work in flight is given this long before it counts as forgotten."""


@dataclass(frozen=True)
class Finding:
    """One thing that isn't as it should be: up to twenty ids, what was expected, what the first of them shows, and
    what a person may do about it (nothing is mended by itself).

    `owners` says which store each offending row belongs to (store id → ids); it is filled only where the finding is
    reason enough to stop that store.
    """

    ids: list[str]
    expected: str
    found: str
    suggestion: str
    owners: Mapping[int, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One invariant; `severity` S1 is money, stock or rights, and `kind` says whether money or stock is at stake.

    `house` rules are about the instance and not about anybody's orders; they can't be narrowed to a store.
    """

    id: str
    severity: Severity
    meaning: str
    check: Callable[[Reader], list[Finding]]
    kind: Kind = ""
    house: bool = False


@dataclass(frozen=True)
class Scope:
    """What a run is narrowed to: orders touched since a moment, or of one store. Both None: everything."""

    since: datetime | None = None
    store_id: int | None = None

    @property
    def whole(self) -> bool:
        return self.since is None and self.store_id is None


class Reader:
    """Reads in the snapshot of one run. SQL must be plain enough for SQLite and PostgreSQL alike.

    Rules put `orders()` and `rows()` of this reader into their WHERE clauses, so that the same SQL looks at everything
    or only at what the run is narrowed to.
    """

    def __init__(self, moment: datetime, scope: Scope | None = None) -> None:
        self.moment = moment
        self.scope = scope or Scope()
        self._kept: dict[str, list[tuple[Any, ...]]] = {}

    @property
    def sqlite(self) -> bool:
        return connection.vendor == "sqlite"

    @property
    def sums(self) -> bool:
        """Whether counters may be compared with the sums of all their rows: not in a run of what changed lately."""
        return self.scope.since is None

    def orders(self, column: str) -> str:
        """SQL: `column`, an order id, belongs to the run."""
        return "1 = 1" if self.scope.whole else f"{column} IN (SELECT id FROM check_scope)"

    def of_store(self, column: str) -> str:
        """SQL: `column`, a store id, belongs to the run."""
        return "1 = 1" if self.scope.store_id is None else f"{column} = {int(self.scope.store_id)}"

    def recent(self, column: str) -> str:
        """SQL: `column`, a row id, is not older than what the run is narrowed to."""
        return "1 = 1" if self.scope.since is None else f"{column} >= {first_id(self.scope.since)}"

    def once(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows, asked for once a run: for sums over the great tables that several rules need."""
        if sql not in self._kept:
            self._kept[sql] = self.rows(sql)
        return self._kept[sql]

    def at(self, moment: datetime) -> Any:
        """A moment as a parameter of the database in use."""
        return connection.ops.adapt_datetimefield_value(moment)

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """All rows; for look-ups that answer few."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def stream(self, sql: str, *params: Any, size: int = 5000) -> Iterator[tuple[Any, ...]]:
        """Rows in pieces, so that a table of millions never stands in memory. `sql` must select `id` first and carry
        `{after}` where the last id seen belongs, and end ordered by it."""
        last = -1
        while True:
            found = self.rows(sql.format(after="%s") + f" LIMIT {size}", *params, last)
            yield from found
            if len(found) < size:
                return
            last = int(found[-1][0])

    def probe(self, sql: str, *params: Any, expected: str, suggestion: str, of: str = "") -> list[Finding]:
        """A finding if `sql` (id first, then telling columns) has any row. `of`: the table the ids are of, where the
        finding is reason enough to stop the store they belong to."""
        found = self.rows(f"{sql} LIMIT {SCAN if of else MAX_IDS}", *params)
        return self.finding(found, expected=expected, suggestion=suggestion, of=of)

    def finding(
        self, rows: Sequence[Sequence[Any]], *, expected: str, suggestion: str, of: str = ""
    ) -> list[Finding]:
        """One finding from offending rows (id first), or none."""
        if not rows:
            return []
        first = " / ".join("空" if v is None else str(v) for v in rows[0][1:])
        ids = [str(r[0]) for r in rows]
        owners = self._owners(of, [int(r[0]) for r in rows[:SCAN]]) if of else {}
        return [Finding(ids[:MAX_IDS], expected, first or ids[0], suggestion, owners)]

    def _owners(self, table: str, ids: Sequence[int]) -> dict[int, list[str]]:
        if table == "stores_store":
            return {one: [str(one)] for one in ids}
        owners: dict[int, list[str]] = {}
        chosen = ", ".join(str(one) for one in sorted(set(ids)))
        for row_id, store_id in self.rows(f"SELECT id, store_id FROM {table} WHERE id IN ({chosen})"):
            mine = owners.setdefault(int(store_id), [])
            if len(mine) < MAX_IDS:
                mine.append(str(row_id))
        return owners


def finding(rows: Sequence[Sequence[Any]], *, expected: str, suggestion: str) -> list[Finding]:
    """One finding that stops nobody, from offending rows (id first), or none."""
    if not rows:
        return []
    first = " / ".join("空" if v is None else str(v) for v in rows[0][1:])
    return [Finding([str(r[0]) for r in rows[:MAX_IDS]], expected, first or str(rows[0][0]), suggestion)]


def first_id(moment: datetime) -> int:
    """The least id a row made at `moment` can have, with a little room for clocks that differ."""
    ms = int((moment - GRACE).timestamp() * 1000)
    return max(0, ms - EPOCH_MS) << 22


RULES: Final[dict[str, Rule]] = {}
"""All rules in the order they are checked."""


def rule(
    rule_id: str, severity: Severity, meaning: str, *, kind: Kind = "", house: bool = False
) -> Callable[[Callable[[Reader], list[Finding]]], Callable[[Reader], list[Finding]]]:
    """Register a check under its id."""

    def register(check: Callable[[Reader], list[Finding]]) -> Callable[[Reader], list[Finding]]:
        if rule_id in RULES:
            raise ValueError(f"two rules are called {rule_id}")
        RULES[rule_id] = Rule(rule_id, severity, meaning, check, kind, house)
        return check

    return register

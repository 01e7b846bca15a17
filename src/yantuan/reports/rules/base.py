"""What a rule is, and the narrow reader rules look through."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db import connection

Severity = Literal["S1", "S2"]
MAX_IDS: Final = 20
GRACE: Final = timedelta(minutes=5)
"""Work in flight is given this long before it counts as forgotten."""


@dataclass(frozen=True)
class Finding:
    """One thing that isn't as it should be: up to twenty ids, what was expected, what the first of them shows, and
    what a person may do about it (nothing is mended by itself)."""

    ids: list[str]
    expected: str
    found: str
    suggestion: str


@dataclass(frozen=True)
class Rule:
    """One invariant; `severity` S1 is money, stock or rights."""

    id: str
    severity: Severity
    meaning: str
    check: Callable[[Reader], list[Finding]]


class Reader:
    """Reads in the snapshot of one run. SQL must be plain enough for SQLite and PostgreSQL alike."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment
        self._kept: dict[str, list[tuple[Any, ...]]] = {}

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

    def probe(self, sql: str, *params: Any, expected: str, suggestion: str) -> list[Finding]:
        """A finding if `sql` (id first, then telling columns) has any row."""
        found = self.rows(f"{sql} LIMIT {MAX_IDS}", *params)
        return finding(found, expected=expected, suggestion=suggestion)


def finding(rows: Sequence[Sequence[Any]], *, expected: str, suggestion: str) -> list[Finding]:
    """One finding from offending rows (id first), or none."""
    if not rows:
        return []
    first = " / ".join("空" if v is None else str(v) for v in rows[0][1:])
    return [Finding([str(r[0]) for r in rows[:MAX_IDS]], expected, first or str(rows[0][0]), suggestion)]


RULES: Final[dict[str, Rule]] = {}
"""All rules in the order they are checked."""


def rule(
    rule_id: str, severity: Severity, meaning: str
) -> Callable[[Callable[[Reader], list[Finding]]], Callable[[Reader], list[Finding]]]:
    """Register a check under its id."""

    def register(check: Callable[[Reader], list[Finding]]) -> Callable[[Reader], list[Finding]]:
        if rule_id in RULES:
            raise ValueError(f"two rules are called {rule_id}")
        RULES[rule_id] = Rule(rule_id, severity, meaning, check)
        return check

    return register

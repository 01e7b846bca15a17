"""Sees what a request wrote, and proves that a refused one left the rows as they were."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

_WRITE = re.compile(r'^\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?', re.IGNORECASE)
COUNTERS = frozenset({"kernel_ratecount", "kernel_auditentry"})
"""A refusal may be counted and written into the audit log."""


class Watch:
    """Digests of tables as they stood at first sight; every cell is rolled back, so they stay true."""

    def __init__(self) -> None:
        self._before: dict[str, str] = {}
        self._held: dict[str, str] = {}
        self.touched: set[str] = set()

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        found = _WRITE.match(sql)
        if found and found[1] not in self._before:
            self._before[found[1]] = digest(found[1])
        if found:
            self.touched.add(found[1])
        return execute(sql, params, many, context)

    @contextmanager
    def cell(self) -> Iterator[None]:
        """One request: what it writes is noted, then undone."""
        self.touched = set()
        point = transaction.savepoint()
        try:
            with connection.execute_wrapper(self):
                yield
        finally:
            transaction.savepoint_rollback(point)
            self._before |= self._held
            self._held = {}

    def forget(self) -> None:
        """What was written until now belongs to the preparation: compare with the rows of this moment."""
        for table in self.touched:
            self._held.setdefault(table, self._before[table])
            self._before[table] = digest(table)
        self.touched = set()

    def changed(self) -> list[str]:
        """Tables whose rows differ now from before the request, counters left out."""
        return sorted(t for t in self.touched - COUNTERS if digest(t) != self._before[t])


def digest(name: str) -> str:
    """Number and hash of a table's rows."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{name}"')
        rows = sorted(repr(row) for row in cursor.fetchall())
    return f"{len(rows)}:{hashlib.sha256(chr(10).join(rows).encode()).hexdigest()}"

"""How a test gets past the triggers of append-only tables: to empty them after itself, or to plant a fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yantuan.reports import append_only


@contextmanager
def lifted(connection: Any) -> Iterator[None]:
    """Inside a transaction, until the block ends; a block that fails leaves it to the rollback."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            yield
            cursor.execute("SET LOCAL session_replication_role = origin")
    else:
        append_only.unguard(connection)
        yield
        append_only.guard(connection)

"""Emptying the database after a test that commits: only the tables that hold rows, and nothing is made anew.

Django's way empties all hundred tables and writes the content types and permissions again: a third of a second on PostgreSQL.
"""

from __future__ import annotations

import functools
from contextlib import nullcontext
from typing import Any

from django.db import connections, transaction
from django.test import TransactionTestCase

from appendonly import lifted
from yantuan.reports import append_only

KEPT = frozenset({"django_content_type", "auth_permission"})
"""What every migration ends with; no test changes them."""


@functools.cache
def _tables(alias: str) -> tuple[str, ...]:
    found = connections[alias].introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(sorted(set(found) - KEPT))


def empty(alias: str) -> None:
    """Delete every row, those of append-only tables too."""
    connection: Any = connections[alias]
    quote = connection.ops.quote_name
    holding = [f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in _tables(alias)]
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(holding))
        names = [name for (name,) in cursor.fetchall()]
        guarded = connection.vendor == "postgresql" or bool(set(names) & set(append_only.TABLES))
        with lifted(connection) if guarded else nullcontext():
            for name in names:
                cursor.execute(f"DELETE FROM {quote(name)}")


def _teardown(case: TransactionTestCase) -> None:
    for alias in case._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
        empty(alias)


def use() -> None:
    """From now on, tests that commit are cleaned up after in this way."""
    TransactionTestCase._fixture_teardown = _teardown  # type: ignore[method-assign,attr-defined]

"""Tables whose rows are written once: the database itself refuses to change or delete them.

The timeline of orders and the audit log are what everything else is checked against, so no statement of the program, and
no hand at a console, changes them by mistake. Whoever owns the database can still take the triggers away; rule D1 tells
when one is gone or switched off, O1 and V2 what was changed meanwhile.

SQLite makes a table anew for most schema changes and drops its triggers without a word: a migration that changes one of
these tables ends with `guard`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES: Final = ("orders_orderevent", "kernel_auditentry")
WORDS: Final = "append-only: rows of this table are never changed or deleted"

_FUNCTION: Final = f"""
CREATE OR REPLACE FUNCTION yantuan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '{WORDS}' USING ERRCODE = 'restrict_violation'; END $$
"""


def verbs(vendor: str) -> tuple[str, ...]:
    """The statements a guarded table refuses; SQLite knows no TRUNCATE."""
    return ("UPDATE", "DELETE", "TRUNCATE") if vendor == "postgresql" else ("UPDATE", "DELETE")


def name_of(table: str, verb: str) -> str:
    """The trigger that keeps `verb` from `table`."""
    return f"{table}_no_{verb.lower()}"


def guard(connection: BaseDatabaseWrapper, tables: Sequence[str] = TABLES) -> None:
    """Put the triggers on, whether or not some stand already. A refused statement raises IntegrityError and changes nothing."""
    postgres = connection.vendor == "postgresql"
    unguard(connection, tables)
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute(_FUNCTION)
        for table in tables:
            for verb in verbs(connection.vendor):
                head = f"CREATE TRIGGER {name_of(table, verb)} BEFORE {verb} ON {table}"
                if postgres:
                    each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
                    cursor.execute(f"{head} FOR EACH {each} EXECUTE FUNCTION yantuan_append_only()")
                else:
                    cursor.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END")


def unguard(connection: BaseDatabaseWrapper, tables: Sequence[str] = TABLES) -> None:
    """Take the triggers away again."""
    where = "ON {}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for table in tables:
            for verb in verbs(connection.vendor):
                cursor.execute(f"DROP TRIGGER IF EXISTS {name_of(table, verb)} {where.format(table)}")


def missing(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    """Triggers that should stand and don't, or are switched off, each with its table."""
    if connection.vendor == "postgresql":
        # 'O' fires for everybody but a replica, 'A' always.
        standing = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    else:
        standing = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    with connection.cursor() as cursor:
        cursor.execute(standing)
        found = {row[0] for row in cursor.fetchall()}
    wanted = [(name_of(table, verb), table) for table in TABLES for verb in verbs(connection.vendor)]
    return [(name, table) for name, table in wanted if name not in found]

"""Order events and audit entries are written once: the database itself refuses to change or delete them."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from yantuan.reports import append_only

# Named here and not taken from the module: a table guarded later gets its triggers from a migration of its own.
_TABLES = ("orders_orderevent", "kernel_auditentry")


def _guard(apps: Any, schema_editor: Any) -> None:
    append_only.guard(schema_editor.connection, _TABLES)


def _unguard(apps: Any, schema_editor: Any) -> None:
    append_only.unguard(schema_editor.connection, _TABLES)


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0001_initial"),
        ("orders", "0003_known_words"),
        ("reports", "0004_halted_store"),
    ]

    operations = [migrations.RunPython(_guard, _unguard)]

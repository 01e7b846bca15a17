"""Does the database fit this program? Read from file names and one small table, without importing a migration."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.apps import apps
from django.db import DatabaseError, connection

from yantuan.kernel.errors import AppError


@dataclass(frozen=True)
class SchemaState:
    """`missing`: steps this program has and the database has not; `unknown`: steps of a newer program. Both as `app.name`."""

    missing: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return not self.missing and not self.unknown


class SchemaMismatch(AppError):
    """The program must not serve this database; nothing was changed."""

    def __init__(self, state: SchemaState) -> None:
        if state.unknown:
            super().__init__(
                "schema_newer",
                "数据库由更新版本的雁团升级过，这个旧版本不能使用它。请换回新版本程序，或恢复升级前的备份",
                f"The database belongs to a newer version (it has {state.unknown[0]}). Run that version again, or restore the backup from before the upgrade.",
                status=503,
            )
        else:
            super().__init__(
                "schema_older",
                "数据库还是旧版本的结构，请先运行 yantuan migrate 升级，再启动服务",
                f"The database has an older schema ({state.missing[0]} is missing): run `yantuan migrate` first.",
                status=503,
            )


@lru_cache(maxsize=1)
def _own_steps() -> frozenset[str]:
    found = set()
    for app in apps.get_app_configs():
        for path in (Path(app.path) / "migrations").glob("[0-9]*.py"):
            found.add(f"{app.label}.{path.stem}")
    return frozenset(found)


def schema_state() -> SchemaState:
    """Compare now. A database without any schema misses everything. Raises DatabaseError when it can't be asked."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = {f"{app}.{name}" for app, name in cursor.fetchall()}
    except DatabaseError:
        if "django_migrations" in connection.introspection.table_names():
            raise
        applied = set()
    labels = {app.label for app in apps.get_app_configs() if app.name.startswith("yantuan.")}
    ours = {step for step in applied if step.split(".", 1)[0] in labels}
    return SchemaState(
        missing=tuple(sorted(_own_steps() - applied)), unknown=tuple(sorted(ours - _own_steps()))
    )


def refuse_misfit() -> None:
    """Raise SchemaMismatch unless the database is exactly of this program's schema."""
    state = schema_state()
    if not state.fits:
        raise SchemaMismatch(state)


def refuse_newer() -> None:
    """Raise SchemaMismatch when a newer program has changed the database: this one has nothing to say there."""
    state = schema_state()
    if state.unknown:
        raise SchemaMismatch(state)

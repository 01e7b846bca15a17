"""An instance as an earlier version left it: the rows of a shop that went through the whole story, in the schema of that time.

`previous/*.sql.gz` are dumps of SQLite databases, the schema included. On PostgreSQL the schema of that time is made by
migrating to exactly the steps the dump names, and the rows are carried over.
"""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from instance import Instance
from psycopg import sql
from psycopg.types.json import Jsonb

DUMPS = sorted((Path(__file__).parent / "previous").glob("*.sql.gz"))

_MIGRATE_TO = """
import json, sys, django
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
MigrationExecutor(connection).migrate([tuple(step) for step in json.loads(sys.argv[1])])
"""


def load(dump: Path, instance: Instance) -> None:
    """Fill the instance's empty database, and give it picture files of the sizes its rows name."""
    instance.data.mkdir(parents=True)
    target = instance.data / "yantuan.sqlite3" if not instance.url else Path(":memory:")
    source = sqlite3.connect(target)
    source.executescript(gzip.decompress(dump.read_bytes()).decode())
    source.commit()
    _write_pictures(source, instance.data / "media")
    if instance.url:
        steps = source.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
        instance.python(_MIGRATE_TO, json.dumps(steps))
        with psycopg.connect(instance.url) as pg:
            _carry_over(source, pg)
    source.close()


def _write_pictures(source: sqlite3.Connection, folder: Path) -> None:
    for key, size in source.execute("SELECT key, size FROM media_media"):
        for name, length in ((f"{key}.webp", size), (f"{key}_t.webp", 10)):
            path = folder / key[:2] / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(length))


def _carry_over(source: sqlite3.Connection, pg: psycopg.Connection[Any]) -> None:
    # Rows arrive table by table: references are whole again only at the end.
    pg.execute("SET session_replication_role = replica")
    tables = [str(n) for (n,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    for table in tables:
        if not table.startswith("sqlite_"):
            _carry_table(source, pg, table)


def _carry_table(source: sqlite3.Connection, pg: psycopg.Connection[Any], table: str) -> None:
    kinds = dict(
        pg.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [table]
        ).fetchall()
    )
    read = source.execute(f'SELECT * FROM "{table}"')
    columns = [str(c[0]) for c in read.description]
    pg.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
    fill = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join([sql.Placeholder()] * len(columns)),
    )
    for row in read.fetchall():
        pg.execute(fill, [_value(kinds[c], v) for c, v in zip(columns, row, strict=True)])
    own = (
        pg.execute("SELECT pg_get_serial_sequence(%s, 'id')", [f'"{table}"']).fetchone()
        if "id" in kinds
        else None
    )
    if own and own[0]:
        pg.execute(
            sql.SQL("SELECT setval(%s, (SELECT COALESCE(MAX(id), 1) FROM {}))").format(sql.Identifier(table)),
            [own[0]],
        )


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "boolean":
        return bool(value)
    if kind == "jsonb":
        return Jsonb(json.loads(value))
    return f"{value}+00" if kind == "timestamp with time zone" else value

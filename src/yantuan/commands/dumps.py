"""Copies of the database: taken while it serves, put back, and counted."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from yantuan.kernel.errors import AppError
from yantuan.kernel.ids import new_token

SQLITE_NAME = "yantuan.sqlite3"
POSTGRES_NAME = "database.dump"

_FACTS = {
    "orders": "SELECT COUNT(*) FROM orders_order",
    "ordered_fen": "SELECT COALESCE(SUM(total_fen), 0) FROM orders_order",
    "paid_fen": "SELECT COALESCE(SUM(paid_fen), 0) FROM orders_order",
    "refunded_fen": "SELECT COALESCE(SUM(refunded_fen), 0) FROM orders_order",
    "lines": "SELECT COUNT(*) FROM orders_orderline",
    "events": "SELECT COUNT(*) FROM orders_orderevent",
    "attempts": "SELECT COUNT(*) FROM payments_paymentattempt",
    "refunds": "SELECT COUNT(*) FROM payments_refund",
    "notices": "SELECT COUNT(*) FROM payments_providernotice",
    "stock_sold": "SELECT COALESCE(SUM(sold), 0) FROM catalog_stockpool",
    "people": "SELECT COUNT(*) FROM identity_person",
    "pictures": "SELECT COUNT(*) FROM media_media",
}
"""What a copy must hold as much of as the original did at that instant."""
_STEPS = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"

Facts = tuple[dict[str, int], list[str]]
"""Counts and sums, and the applied migration steps."""


def _facts(scalars: Callable[[str], list[tuple[object, ...]]]) -> Facts:
    counts = {name: int(str(scalars(query)[0][0])) for name, query in _FACTS.items()}
    return counts, [str(row[0]) for row in scalars(_STEPS)]


def dump_sqlite(source: Path, target: Path) -> Facts:
    """Copy a database in use: one consistent instant, and no writer waits."""
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
    return facts_sqlite(target)


def facts_sqlite(path: Path) -> Facts:
    """Count a copy that nobody else uses. Raises sqlite3.DatabaseError when it is no sound database."""
    with closing(sqlite3.connect(path)) as copy:
        result = _facts(lambda query: copy.execute(query).fetchall())
        problem = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise sqlite3.DatabaseError(str(problem))
        return result


def dump_postgres(url: str, target: Path) -> Facts:
    """pg_dump and the counts see the same snapshot."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = str(connection.execute("SELECT pg_export_snapshot()").fetchall()[0][0])
        _tool(
            "pg_dump", url, "--format=custom", "--compress=0", f"--snapshot={snapshot}", "--file", str(target)
        )
        target.chmod(0o600)
        return _facts(lambda query: connection.execute(query.encode()).fetchall())


def facts_postgres(url: str) -> Facts:
    """Count a database."""
    with psycopg.connect(url) as connection:
        return _facts(lambda query: connection.execute(query.encode()).fetchall())


def restore_postgres(url: str, dump: Path) -> None:
    """Fill an empty database from a dump, wholly or not at all. Raises AppError `database_not_empty`, `tool_missing` or `tool_failed`."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'").fetchall()
    if tables[0][0]:
        raise AppError(
            "database_not_empty",
            "目标数据库不是空的，没有恢复。请新建一个空数据库，再把 YANTUAN_DATABASE_URL 指向它",
            "The database is not empty; nothing was restored. Create an empty one and point YANTUAN_DATABASE_URL at it.",
        )
    _tool(
        "pg_restore",
        url,
        "--single-transaction",
        "--no-owner",
        "--no-privileges",
        str(dump),
        name_option=True,
    )


@contextmanager
def scratch_postgres(url: str) -> Iterator[str]:
    """A database of its own on the same server, gone afterwards. The role needs CREATEDB."""
    name = f"yantuan_verify_{new_token(6).lower().replace('-', 'a').replace('_', 'b')}"
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise AppError(
                "scratch_refused",
                "数据库账号没有建库权限（CREATEDB），无法试恢复来核对备份",
                "The database role may not create a scratch database (CREATEDB) to verify the backup in.",
            ) from error
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _program(name: str) -> str:
    """The tool on the path, or the newest of the system's PostgreSQL folders."""
    local = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[-3]), reverse=True
    )
    found = str(local[0]) if local else shutil.which(name)
    if found is None:
        raise AppError(
            "tool_missing",
            f"没有找到 {name}，请先安装 PostgreSQL 客户端工具",
            f"{name} is needed: install the PostgreSQL client tools.",
        )
    return found


def _tool(name: str, url: str, *arguments: str, name_option: bool = False) -> None:
    """Run one of PostgreSQL's tools. The password travels in the environment: the command line is everybody's to read."""
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@", 1)))
    where = ["--dbname", bare] if name_option else [bare]
    extra = {"PGPASSWORD": psycopg.conninfo.conninfo_to_dict(url).get("password") or ""}
    environment = os.environ | {k: str(v) for k, v in extra.items() if v}
    done = subprocess.run(
        [_program(name), *arguments[:-1], *where, arguments[-1]]
        if name_option
        else [_program(name), *arguments, *where],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["?"])[-1][:300]
        raise AppError("tool_failed", f"{name} 失败：{words}", f"{name} failed: {words}")

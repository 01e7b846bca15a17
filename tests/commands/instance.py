"""An instance in a folder of its own, driven through the command line as its operator would."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from migrated import sqlite_file
from pgserver import TEMPLATE
from stack import ROOT

SECRET = "stack-only-secret-that-is-long-enough-0123456789"


@dataclass
class Instance:
    """`url` is empty for SQLite."""

    data: Path
    url: str = ""
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
        kept |= {
            "YANTUAN_DATA": str(self.data),
            "YANTUAN_SECRET_KEY": SECRET,
            "YANTUAN_LOG_FORMAT": "text",
            "PYTHONPATH": str(ROOT / "src"),
            "DJANGO_SETTINGS_MODULE": "yantuan.settings",
        }
        if self.url:
            kept["YANTUAN_DATABASE_URL"] = self.url
        return kept | self.settings

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`yantuan …` to its end; its status is the caller's business."""
        command = [sys.executable, "-m", "yantuan", *arguments]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=400
        )

    def python(self, code: str, *arguments: str) -> str:
        """Run a few lines inside this instance's Django; answers what they print."""
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=400,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def violations(self) -> list[dict[str, Any]]:
        """What `yantuan check` finds; the run itself must have been possible."""
        done = self.run("check", "--json")
        assert done.returncode in (0, 1), done.stdout + done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["violations"]
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Plain SQL both databases understand."""
        if not self.url:
            connection = sqlite3.connect(self.data / "yantuan.sqlite3")
            try:
                return connection.execute(query).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.url, autocommit=True) as pg:
            return pg.execute(query.encode()).fetchall()

    def write(self, statement: str) -> None:
        """Plain SQL past the product, to break what it would never break."""
        if not self.url:
            connection = sqlite3.connect(self.data / "yantuan.sqlite3")
            try:
                connection.execute(statement)
                connection.commit()
            finally:
                connection.close()
            return
        with psycopg.connect(self.url, autocommit=True) as pg:
            pg.execute(statement.encode())


@contextmanager
def scratch_database(server: str, name: str, like: str = "template1") -> Iterator[str]:
    """A database of our own on the server, a copy of `like`; empty text on SQLite."""
    if not server:
        yield ""
        return
    with psycopg.connect(server, autocommit=True) as pg:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(like))
        pg.execute(made)
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as pg:
            pg.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def migrated_instance(server: str, name: str, data: Path, **settings: str) -> Iterator[Instance]:
    """An instance of this version on which nothing has happened yet."""
    with scratch_database(server, name, TEMPLATE) as url:
        data.mkdir(parents=True)
        if not url:
            shutil.copyfile(sqlite_file(), data / "yantuan.sqlite3")
        yield Instance(data, url, settings)


@contextmanager
def grown_instance(like: Instance, server: str, name: str, data: Path) -> Iterator[Instance]:
    """A copy of an instance that nobody is using: its rows and its pictures."""
    with scratch_database(server, name, urlsplit(like.url).path.lstrip("/") or "template1") as url:
        shutil.copytree(like.data, data)
        yield Instance(data, url)

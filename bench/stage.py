"""Databases to measure on: filled once, then copied for every round, so that each round begins with the same rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from pgserver import DURABLE, postgres

ROOT = Path(__file__).resolve().parent.parent
_NUMBER = count(1)


def environment(data: Path, database_url: str, **settings: str) -> dict[str, str]:
    """The product's settings in a clean environment; `settings` are names without YANTUAN_."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    named = {f"YANTUAN_{name.upper()}": value for name, value in settings.items()}
    return clean | {
        "YANTUAN_DATA": str(data),
        "YANTUAN_DATABASE_URL": database_url,
        "YANTUAN_SECRET_KEY": "bench-only-secret-that-is-long-enough-0123456789",
        "DJANGO_SETTINGS_MODULE": "yantuan.settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}:{ROOT / 'tests'}",
        **named,
    }


def run_module(module: str, *arguments: str, env: dict[str, str]) -> str:
    """Run a module of the bench beside the service; answers its standard output. Raises CalledProcessError."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr[-4000:])
        done.check_returncode()
    return done.stdout


@dataclass
class Copy:
    """One copy of a filled database: the data folder and, on PostgreSQL, the URL."""

    vendor: str
    data: Path
    url: str = ""
    postmaster: int | None = None

    def environment(self, **settings: str) -> dict[str, str]:
        return environment(self.data, self.url, **settings)

    @property
    def sqlite(self) -> Path:
        return self.data / "yantuan.sqlite3"


@dataclass
class Stage:
    """A filled database that is copied for each use. `vendor` is `sqlite` or `postgres`."""

    vendor: str
    folder: Path
    admin_url: str = ""
    postmaster: int | None = None
    _source: str = field(default="", repr=False)

    def fill(self, module: str = "bench.seed", *arguments: str) -> str:
        """Make the source of the later copies with a program of ours; answers what it printed."""
        data = self.folder / "source"
        data.mkdir(parents=True, exist_ok=True)
        if self.vendor == "postgres" and not self._source:
            self._source = f"source_{next(_NUMBER)}"
            self._command(f"CREATE DATABASE {self._source}")
        return run_module(module, *arguments, env=environment(data, self._url(self._source)))

    @contextmanager
    def copy(self) -> Iterator[Copy]:
        """A fresh copy; removed afterwards."""
        data = Path(tempfile.mkdtemp(prefix="copy-", dir=self.folder))
        if self.vendor == "sqlite":
            shutil.copytree(self.folder / "source", data, dirs_exist_ok=True)
            yield Copy("sqlite", data)
        else:
            name = f"round_{next(_NUMBER)}"
            self._command(f"CREATE DATABASE {name} TEMPLATE {self._source}", "CHECKPOINT")
            yield Copy("postgres", data, self._url(name), self.postmaster)
            self._command(f"DROP DATABASE {name} WITH (FORCE)")
        shutil.rmtree(data, ignore_errors=True)

    def source(self) -> Copy:
        """The filled database itself, for a single use: a long past is not worth copying."""
        return Copy(self.vendor, self.folder / "source", self._url(self._source), self.postmaster)

    def _url(self, name: str) -> str:
        return urlsplit(self.admin_url)._replace(path=f"/{name}").geturl() if self.admin_url else ""

    def _command(self, *statements: str) -> None:
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def sqlite_stage() -> Iterator[Stage]:
    """An embedded database, not yet filled."""
    folder = Path(tempfile.mkdtemp(prefix="yantuan-bench-"))
    try:
        yield Stage("sqlite", folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_stage() -> Iterator[Stage]:
    """A PostgreSQL of our own with fsync and synchronous_commit on, not yet filled."""
    folder = Path(tempfile.mkdtemp(prefix="yantuan-bench-"))
    try:
        with postgres(DURABLE) as url:
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT current_setting('data_directory')").fetchone()
            assert row is not None
            postmaster = int((Path(row[0]) / "postmaster.pid").read_text().split()[0])
            yield Stage("postgres", folder, url, postmaster)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

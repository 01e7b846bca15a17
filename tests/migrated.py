"""A database with every migration already, made once per state of the code and copied: migrating takes eight seconds of a core.

Only the first use after a change migrates. Whoever copies may migrate again at once: it then finds nothing to do.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

SOURCE = Path(__file__).resolve().parent.parent / "src"
KEPT_SECONDS = 24 * 3600


def key(source: Path, *versions: str) -> str:
    """Another for every change of any line of Python there: models, not only migrations, say what a database begins with."""
    digest = hashlib.sha256("\0".join([sys.version, django.__version__, *versions]).encode())
    for path in sorted(source.rglob("*.py")):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(source)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:32]


def kept(name: str, make: Callable[[Path], None], folder: Path | None = None) -> Path:
    """The file or folder of this name, made elsewhere and moved there whole when it is missing; nobody writes to it."""
    place = (folder or Path(tempfile.gettempdir()) / f"yantuan-migrated-{os.getuid()}") / name
    place.parent.mkdir(mode=0o700, exist_ok=True)
    if place.parent.stat().st_uid != os.getuid():
        raise RuntimeError(f"{place.parent} is somebody else's")
    if not place.exists():
        _forget_old(place.parent)
        scratch = Path(tempfile.mkdtemp(prefix="making-", dir=place.parent))
        try:
            make(scratch / "made")
            _move(scratch / "made", place)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return place


def _move(made: Path, place: Path) -> None:
    try:
        made.rename(place)
    except OSError:
        # Another run was faster; its folder is as good.
        if not place.exists():
            raise


def _forget_old(folder: Path) -> None:
    for path in folder.iterdir():
        try:
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except FileNotFoundError:
            continue


def migrate(database_url: str, data: Path) -> None:
    """Migrate in a process of its own, without the quick settings of tests."""
    data.mkdir(parents=True, exist_ok=True)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    environment |= {
        "YANTUAN_DATA": str(data),
        "YANTUAN_DATABASE_URL": database_url,
        "YANTUAN_SECRET_KEY": "template-only-secret-that-is-long-enough-0123456789",
        "PYTHONPATH": str(SOURCE),
        "DJANGO_SETTINGS_MODULE": "yantuan.settings",
    }
    command = [sys.executable, "-m", "django", "migrate", "--verbosity=0", "--no-input"]
    subprocess.run(command, env=environment, check=True)


@functools.cache
def sqlite_file() -> Path:
    """A SQLite file to copy, without anything beside it."""

    def make(target: Path) -> None:
        data = target.with_name("data")
        migrate("", data)
        whole = sqlite3.connect(data / "yantuan.sqlite3")
        whole.execute("PRAGMA journal_mode=DELETE")
        whole.close()
        (data / "yantuan.sqlite3").rename(target)

    return kept(f"{key(SOURCE, sqlite3.sqlite_version)}.sqlite3", make)


def pour(database: str) -> sqlite3.Connection:
    """Fill an empty SQLite database, given as file or URI; one in memory lives as long as what this answers."""
    filled = sqlite3.connect(database, uri=database.startswith("file:"), check_same_thread=False)
    template = sqlite3.connect(f"{sqlite_file().as_uri()}?mode=ro&immutable=1", uri=True)
    template.backup(filled)
    template.close()
    return filled


def begin_with(creation: Any) -> None:
    """Django's test database on SQLite begins with the migrated one; its own migrating then finds nothing to do."""
    make = creation._create_test_db

    def _create_test_db(self: Any, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name: str = make(self, verbosity, autoclobber, keepdb)
        self.connection.poured = pour(name)
        return name

    creation._create_test_db = _create_test_db

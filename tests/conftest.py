"""Shared set-up: a data folder of its own, and SQLite or PostgreSQL by `--db`.

The choice must be made before Django's settings are read, hence at import, from the command line. That is also why the
settings are named here: named in pyproject.toml, pytest-django would read them before this file.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.db.backends.sqlite3.creation import DatabaseCreation

import emptying
import migrated
from pgserver import TEMPLATE, postgres
from thrift import keep

_stack = ExitStack()
atexit.register(_stack.close)
_folder = tempfile.mkdtemp(prefix="yantuan-test-")
_stack.callback(shutil.rmtree, _folder, True)

_OURS = {
    "YANTUAN_DATABASE_URL",
    "YANTUAN_TEST_POSTGRES",
    "YANTUAN_SCREENSHOTS",
    "YANTUAN_RACES",
    "YANTUAN_CRASH",
}
"""Choices of this run; everything else of an instance's settings is left out."""

for _name in [
    n
    for n in os.environ
    if n.startswith("YANTUAN_") and n not in _OURS and not n.startswith("YANTUAN_MACHINE_")
]:
    del os.environ[_name]
os.environ["YANTUAN_DATA"] = _folder
os.environ["YANTUAN_SECRET_KEY"] = "test-only-secret-that-is-long-enough-0123456789"
# Most tests let several leaders be paid by the one merchant of the simulator; those about separate accounts say so.
os.environ["YANTUAN_MULTI_LEADER"] = "no"
os.environ["DJANGO_SETTINGS_MODULE"] = "yantuan.settings"
if "--db=postgres" in sys.argv:
    os.environ["YANTUAN_DATABASE_URL"] = _stack.enter_context(postgres(begun=True))
    settings.DATABASES["default"]["TEST"] = {"TEMPLATE": TEMPLATE}
else:
    migrated.begin_with(DatabaseCreation)
keep()
# Conftests of folders import models.
django.setup()
emptying.use()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--db", choices=["sqlite", "postgres"], default="sqlite", help="database engine to test on"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m stack` or `-m browser`, files that never name that mark needn't be imported to be left out."""
    wanted = config.option.markexpr
    if wanted not in ("stack", "browser") or not collection_path.match("test_*.py"):
        return None
    return True if f"mark.{wanted}" not in collection_path.read_text() else None


_INSTANCES = {"commands", "crash", "harness", "lane", "measuring", "peers"}
"""Folders whose tests may start a program or a server on the database of this run."""


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "one_database: reads rows, but of no interest on another database")


def _once_is_enough(item: pytest.Item) -> bool:
    """Whether it would see the same on SQLite: it says so, or it reads no row."""
    if item.get_closest_marker("one_database"):
        return True
    reads = {"db", "transactional_db", "django_db_setup"} & set(getattr(item, "fixturenames", ()))
    marked = any(item.get_closest_marker(name) for name in ("django_db", "stack", "browser"))
    return not reads and not marked and item.path.parent.name not in _INSTANCES


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, only what PostgreSQL can change."""
    if config.option.db != "postgres":
        return
    once = [item for item in items if _once_is_enough(item)]
    items[:] = [item for item in items if item not in set(once)]
    config.hook.pytest_deselected(items=once)


def pytest_collection_finish() -> None:
    """What is loaded now stays until the end: the collector need not look at it again and again, nor all the time at the rest."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Where this run keeps media and secrets."""
    return Path(_folder)

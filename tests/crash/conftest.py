"""The crash driver's instance: web, worker and simulator, each to be killed at a named point and started again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import migrated

# The soak's harness lies beside `src` and `tests`, like `bench`.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from soak.facts import Facts
from soak.system import System


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """One instance on the database of this run; every case leaves it whole."""
    with System(
        postgres=bool(os.environ.get("YANTUAN_DATABASE_URL")),
        proxies=False,
        hold_seconds=900,
        gather_seconds=1,
    ) as running:
        if running.pg is None:
            shutil.copyfile(migrated.sqlite_file(), running.data / "yantuan.sqlite3")
        running.start(shops=1, offers=4, buyers=80)
        running.supervisor.pause()
        yield running


@pytest.fixture(scope="session")
def facts(system: System) -> Facts:
    return Facts(url=system.pg.url) if system.pg else Facts(file=system.data / "yantuan.sqlite3")

"""The benches of a leader's day still run: a small one of each, every row of it booked and every order on the lists."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# They make a SQLite database of their own, whatever this run is on.
pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(
    ("module", "told"),
    [("bench.picking", {"orders": 60, "bags": 60}), ("bench.shipping_import", {"rows": 60})],
)
def test_a_small_one_runs(module: str, told: dict[str, int]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "60"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    assert {name: found[name] for name in told} == told
    assert found["database"] == "sqlite" and found["seconds"]

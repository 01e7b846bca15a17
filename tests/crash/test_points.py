"""Crash points: the table and the code agree, and nothing is armed by accident."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import yantuan
from yantuan.kernel import faults

PACKAGE = Path(yantuan.__file__).parent
PLACED = re.compile(r'faults\.point\("([^"]+)"\)')


def test_every_point_of_the_table_is_placed_exactly_once() -> None:
    found: Counter[str] = Counter()
    for path in PACKAGE.rglob("*.py"):
        if path.name != "faults.py":
            found.update(PLACED.findall(path.read_text()))
    assert found == Counter(list(faults.POINTS))


def test_there_are_enough_points() -> None:
    assert len(faults.POINTS) >= 20


@pytest.mark.parametrize(
    "environment",
    [
        {"YANTUAN_FAULT": "outbox.claimed"},
        {"YANTUAN_FAULT": "outbox.claimed", "YANTUAN_TEST_FAULTS": "yes"},
        {"YANTUAN_FAULT": "outbox.nowhere", "YANTUAN_TEST_FAULTS": "1"},
        {"YANTUAN_FAULT": "outbox.claimed:0", "YANTUAN_TEST_FAULTS": "1"},
        {"YANTUAN_FAULT": "outbox.claimed:1:sing", "YANTUAN_TEST_FAULTS": "1"},
    ],
)
def test_a_wrong_order_stops_the_start(environment: dict[str, str]) -> None:
    done = _passing(environment)
    assert done.returncode == 1 and "ValueError" in done.stderr and "passed" not in done.stdout


def test_a_point_goes_off_at_its_nth_passing_and_only_there() -> None:
    armed = {"YANTUAN_FAULT": "outbox.claimed:3", "YANTUAN_TEST_FAULTS": "1"}
    done = _passing(armed)
    assert done.returncode == faults.KILLED
    assert done.stdout.splitlines() == ["passed", "passed"]
    assert done.stderr == "fault outbox.claimed: kill\n"


def test_a_point_may_raise() -> None:
    done = _passing({"YANTUAN_FAULT": "outbox.claimed:1:raise", "YANTUAN_TEST_FAULTS": "1"})
    assert done.returncode == 1 and "FaultRaised: outbox.claimed" in done.stderr


def test_nothing_happens_unarmed() -> None:
    done = _passing({})
    assert done.returncode == 0 and done.stdout.splitlines() == ["passed"] * 4


def _passing(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Pass the point four times, and another one each time, in a process with this environment."""
    code = (
        "from yantuan.kernel import faults\n"
        "for _ in range(4):\n"
        "    faults.point('outbox.enqueued'); faults.point('outbox.claimed'); print('passed', flush=True)\n"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "PYTHONPATH": str(PACKAGE.parent), **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

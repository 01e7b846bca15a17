"""Dying at any named point is harmless: after a restart everything acknowledged is there, and every effect happened once.

The quick run tries five points; `YANTUAN_CRASH=all` (`make crash`) tries all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from cases import CASES, COMMANDS, QUICK, Case
from scene import PATIENCE, Scene, arm, wait_for_death
from soak.facts import Facts
from soak.nemesis import stopped
from soak.system import System

from yantuan.kernel import faults

pytestmark = pytest.mark.stack
ALL = os.environ.get("YANTUAN_CRASH") == "all"
CHOSEN = [case for case in CASES if ALL or case.point in QUICK]


def test_every_point_has_a_case() -> None:
    named = [case.point for case in CASES]
    assert len(named) == len(set(named))
    assert set(named) | COMMANDS == set(faults.POINTS)
    assert set(QUICK) <= set(named)


@pytest.fixture(autouse=True)
def whole(system: System) -> Iterator[None]:
    """Every case begins and ends with all parts alive and unarmed."""
    yield
    system.simulate("faults", method="DELETE")
    for part in system.parts:
        if part.extra or not part.alive:
            part.stop()
            part.extra = {}
            part.start()
            part.held = True
    system.wait_ready()


@pytest.mark.parametrize("case", CHOSEN, ids=[case.point for case in CHOSEN])
def test_dying_there_is_harmless(system: System, facts: Facts, case: Case) -> None:
    scene = Scene(system, facts, case.point)
    victim = system.webs[0] if case.part == "web" else system.workers[0]
    case.before(scene)
    # The worker asks and tidies by itself: it stands still, or it might do what the web is to die at.
    still = system.workers if case.part == "web" else []
    with stopped(still):
        arm(system, victim, case.point)
        case.drive(scene)
        wait_for_death(victim, case.point)
    system.wait_ready()
    case.again(scene)
    _becomes_right(scene, case.right)
    _doctor(system)


def _becomes_right(scene: Scene, right: Callable[[Scene], bool]) -> None:
    """Leases and pauses end early, as if minutes passed; what is right must stay right after all of it is done."""
    end = time.monotonic() + PATIENCE
    hurry_at = time.monotonic() + 1
    while not right(scene):
        assert time.monotonic() < end, f"{scene.point}: {right.__name__} did not come true\n{_state(scene)}"
        if time.monotonic() > hurry_at:
            scene.facts.hurry()
            hurry_at += 4
        time.sleep(0.3)
    _drain(scene)
    assert right(scene), f"{scene.point}: {right.__name__} did not stay true\n{_state(scene)}"


def _drain(scene: Scene) -> None:
    """Until no event waits any more."""
    end = time.monotonic() + PATIENCE
    while scene.facts.one("SELECT count(*) FROM kernel_outboxevent WHERE state = 'pending'"):
        assert time.monotonic() < end, "events stay\n" + _state(scene)
        scene.facts.hurry()
        time.sleep(1.5)


def _state(scene: Scene) -> str:
    waiting = scene.facts.rows(
        "SELECT topic, state, attempts, last_error FROM kernel_outboxevent WHERE state <> 'done'"
    )
    seen = [scene.now(), scene.book(), scene.refunds(), scene.attempt()] if scene.order_id else []
    return (
        json.dumps([seen, waiting], default=str, ensure_ascii=False, indent=1)[-5000:]
        + scene.system.log_ends()
    )


def _doctor(system: System) -> None:
    checked = system.command("check", "--json")
    found = json.loads(checked.stdout)
    assert (checked.returncode, found["violations"], found["unchecked"]) == (0, [], {}), checked.stdout


BILL = """
import django; django.setup()
from datetime import timedelta
from yantuan.kernel.clock import CHINA, now
from yantuan.payments.reconcile import reconcile
print(reconcile(now().astimezone(CHINA).date()))
"""
"""Compare today's bill, which the simulator gives at once."""


@pytest.mark.skipif(not ALL, reason="YANTUAN_CRASH=all")
@pytest.mark.parametrize("point", sorted(p for p in COMMANDS if "bill" in p))
def test_a_bill_half_checked_is_checked_again(system: System, facts: Facts, point: str) -> None:
    scene = Scene(system, facts, point).paid()
    armed = {"YANTUAN_FAULT": point, "YANTUAN_TEST_FAULTS": "1"}
    assert _script(system, BILL, armed).returncode == faults.KILLED
    done = _script(system, BILL, {})
    assert (done.returncode, done.stdout.strip()) == (0, "0"), done.stderr
    assert facts.one("SELECT count(*) FROM payments_providernotice WHERE event_type = 'BILL.CHECKED'") == 1
    assert facts.one("SELECT count(*) FROM payments_billdifference") == 0
    assert scene.now()["payment"] == "paid"
    _doctor(system)


def _script(system: System, code: str, extra: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env=system.direct | extra, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip


@pytest.mark.skipif(not ALL, reason="YANTUAN_CRASH=all")
@pytest.mark.parametrize("point", sorted(p for p in COMMANDS if "backup" in p))
def test_half_a_backup_never_looks_like_one(system: System, point: str) -> None:
    target = system.folder / f"{point}.tar.gz"
    died = system.command("backup", str(target), YANTUAN_FAULT=point, YANTUAN_TEST_FAULTS="1")
    assert died.returncode == faults.KILLED and not target.exists()
    done = system.command("backup", str(target))
    assert done.returncode == 0, done.stderr
    assert system.command("verify", str(target)).returncode == 0

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
from cases import CASES, COMMANDS, ELSEWHERE, QUICK, Case
from scene import PATIENCE, Scene, arm, frozen, wait_for_death
from soak.facts import Facts
from soak.system import System

from yantuan.kernel import faults

pytestmark = pytest.mark.stack
ALL = os.environ.get("YANTUAN_CRASH") == "all"
HURRY_AFTER = {"web": 3, "worker": 20}
"""Seconds until pauses end early. The worker's cases count messages: one on its way that lost its lease would be sent twice,
even where that takes a busy machine a while. What the dead worker held is free at once (`wait_for_death`)."""
CHOSEN = [case for case in CASES if ALL or case.point in QUICK]


def test_every_point_has_a_case() -> None:
    named = [case.point for case in CASES]
    assert len(named) == len(set(named))
    assert set(named) | COMMANDS == {point for point in faults.POINTS if not point.startswith(ELSEWHERE)}
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
    # The worker asks and tidies by itself: it stands still, or it might do what the web is to die at.
    with frozen(system, facts, system.workers if case.part == "web" else []):
        case.before(scene)
        arm(system, victim, case.point)
        case.drive(scene)
        wait_for_death(scene, victim)
    system.wait_ready()
    case.again(scene)
    _becomes_right(scene, case)
    _doctor(system)


def _becomes_right(scene: Scene, case: Case) -> None:
    """It must come true, and stay true after everything that waits is done."""
    _in_the_end(scene, case, lambda: case.right(scene), f"{case.right.__name__} did not come true")
    _in_the_end(scene, case, lambda: _all_done(scene), "events stay")
    assert case.right(scene), f"{case.point}: {case.right.__name__} did not stay true\n{scene.state()}"


def _in_the_end(scene: Scene, case: Case, true: Callable[[], bool], trouble: str) -> None:
    """Wait; pauses end early now and then, as if minutes passed, but no lease that somebody has only just taken."""
    end = time.monotonic() + PATIENCE
    hurry_at = time.monotonic() + HURRY_AFTER[case.part]
    while not true():
        assert time.monotonic() < end, f"{case.point}: {trouble}\n{scene.state()}"
        if time.monotonic() > hurry_at:
            scene.facts.hurry()
            hurry_at += HURRY_AFTER[case.part]
        time.sleep(0.2)


def _all_done(scene: Scene) -> bool:
    return scene.facts.one("SELECT count(*) FROM kernel_outboxevent WHERE state = 'pending'") == 0


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
    # The bill's address is the simulator's own, and one on another host than the provider's is refused.
    straight = {"YANTUAN_WECHATPAY_BASE_URL": system.sim}
    return subprocess.run(
        [sys.executable, "-c", code], env=system.direct | straight | extra, capture_output=True, text=True,
        check=False, timeout=120,
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

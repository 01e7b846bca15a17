"""Time that has come for certain, and timed work, when the clock jumps (CLK-03, CLK-04)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from yantuan.kernel import certain, clock
from yantuan.kernel.certain import HOLD_SECONDS, Steady
from yantuan.kernel.models import TimedRun
from yantuan.kernel.schedule import Timed
from yantuan.kernel.worker import Worker

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _at(steady: Steady, seconds: float, ahead: timedelta = timedelta(0)) -> timedelta:
    """What has surely come `seconds` after the start, as time since the start, on a clock that is `ahead`."""
    return steady.moment(START + timedelta(seconds=seconds) + ahead, seconds) - START


def test_an_even_clock_is_believed() -> None:
    steady = Steady()
    for seconds in (0, 5, 10, 86_400):
        assert _at(steady, seconds) == timedelta(seconds=seconds)
    # Half a minute is what a time service corrects.
    for seconds, ahead in ((86_405, 30), (86_410, 60), (86_415, 0), (86_420, -40)):
        assert _at(steady, seconds, timedelta(seconds=ahead)) == timedelta(seconds=seconds + ahead)


def test_an_hour_ahead_and_back_moves_nothing() -> None:
    steady = Steady()
    assert _at(steady, 0) == timedelta(0)
    assert _at(steady, 5, HOUR) == timedelta(seconds=5)
    assert _at(steady, 1800, HOUR) == timedelta(seconds=1800)
    assert _at(steady, 1805) == timedelta(seconds=1805)
    # Another jump waits its whole time again.
    assert _at(steady, 1810, HOUR) == timedelta(seconds=1810)
    assert _at(steady, 1809 + HOLD_SECONDS, HOUR) == timedelta(seconds=1809 + HOLD_SECONDS)


def test_a_clock_that_keeps_its_new_time_is_believed() -> None:
    steady = Steady()
    _at(steady, 0)
    assert _at(steady, 10, HOUR) == timedelta(seconds=10)
    assert _at(steady, 9 + HOLD_SECONDS, HOUR) == timedelta(seconds=9 + HOLD_SECONDS)
    assert _at(steady, 10 + HOLD_SECONDS, HOUR) == timedelta(seconds=10 + HOLD_SECONDS) + HOUR
    assert _at(steady, 15 + HOLD_SECONDS, HOUR) == timedelta(seconds=15 + HOLD_SECONDS) + HOUR


def test_a_clock_that_wanders_is_never_believed() -> None:
    steady = Steady()
    _at(steady, 0)
    for n in range(1, 20):
        seconds = n * HOLD_SECONDS / 2
        assert _at(steady, seconds, n * HOUR) == timedelta(seconds=seconds)


def test_a_clock_set_back_is_late_and_set_right_again_at_once_right() -> None:
    steady = Steady()
    _at(steady, 0)
    assert _at(steady, 10, -HOUR) == timedelta(seconds=10) - HOUR
    assert _at(steady, 20) == timedelta(seconds=20)


@pytest.mark.django_db
def test_the_database_contradicts_a_process_that_began_with_a_wrong_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On SQLite there is no second clock: such a process believes its own."""
    right = clock.now()
    for ahead, believed in (
        (timedelta(seconds=20), True),
        (HOUR, connection.vendor == "sqlite"),
        (-HOUR, True),
    ):
        monkeypatch.setattr(clock, "_wall", lambda ahead=ahead: datetime.now(tz=UTC) + ahead)
        monkeypatch.setattr(certain, "_steady", Steady())
        found = certain.surely() - right
        assert timedelta(0) <= found - (ahead if believed else timedelta(0)) < timedelta(seconds=30)
        assert (certain.doubt() > timedelta(minutes=59)) is (not believed)


@pytest.mark.django_db
def test_timed_work_planned_by_a_clock_since_set_back_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job, moment = Timed("once.in.a.while", 5.0, lambda: None), clock.now()
    running, other = Worker(1), Worker(1)

    def may(one: Worker, ahead: float) -> bool:
        with clock.frozen(moment + timedelta(seconds=ahead)):
            return one._may_start(job)

    assert may(running, 3600) and not may(running, 3602)
    # Back to the right time: due at once, for exactly one of two, and from then on as usual.
    assert [may(running, 0), may(other, 0), may(running, 1), may(other, 4)] == [True, False, False, False]
    assert TimedRun.objects.get(name=job.name).next_at == moment + timedelta(seconds=5)
    assert may(other, 5) and not may(running, 6)
    # A neighbour whose clock is half a minute ahead is no reason to start twice.
    assert may(other, 40) and not may(running, 10)

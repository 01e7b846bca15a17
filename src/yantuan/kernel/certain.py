"""Time that has come for certain. Closing an order can't be undone, so it waits for this and never believes a clock that jumped.

A jump shows against the machine's steady counter of seconds, and on PostgreSQL against the database's clock. While the clock is
ahead of either, time goes on as it did before the jump. A clock that keeps its new time for an hour is believed: it was set right.
Whatever was due to be closed is then closed late, never early.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta

from django.db import connection

from yantuan.kernel import clock

log = logging.getLogger(__name__)

JUMP = timedelta(minutes=1)
"""What a clock may differ by; a time service corrects less than this at once."""
HOLD_SECONDS = 3600.0
"""A new time is believed after this long: longer than orders wait for an online payment, so none of them is closed early."""
DATABASE_SECONDS = 5.0
"""How long the database's clock is carried on by the steady counter before it is asked again."""


class Steady:
    """One process's knowledge of time. Moments are aware, `ticks` are seconds of a counter that never jumps."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sure: tuple[datetime, float] | None = None
        self._off = timedelta(0)
        self._off_since = 0.0
        self._database: tuple[datetime, float] | None = None

    def moment(self, wall: datetime, ticks: float) -> datetime:
        """The latest moment that has surely come, when the clock says `wall`."""
        with self._lock:
            if self._sure is None:
                self._sure = wall, ticks
            expected = _carried(self._sure, ticks)
            off = wall - expected
            if abs(off) > JUMP and not self._kept(off, ticks):
                return min(wall, expected)
            self._sure, self._off = (wall, ticks), timedelta(0)
            return wall

    def _kept(self, off: timedelta, ticks: float) -> bool:
        """Whether the clock has been off by this much for so long that it was set on purpose."""
        if abs(off - self._off) > JUMP:
            self._off, self._off_since = off, ticks
            log.error(
                "the clock jumped by %d s; orders are closed by the time before the jump", off.total_seconds()
            )
        return ticks - self._off_since >= HOLD_SECONDS

    def database(self, ticks: float) -> datetime | None:
        """The database's time; None where the database has no clock but ours."""
        if connection.vendor != "postgresql":
            return None
        held = self._database
        if held is None or ticks - held[1] > DATABASE_SECONDS:
            with connection.cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")
                held = self._database = cursor.fetchone()[0], ticks
        return _carried(held, ticks)


def _carried(line: tuple[datetime, float], ticks: float) -> datetime:
    return line[0] + timedelta(seconds=ticks - line[1])


_steady = Steady()


def surely() -> datetime:
    """The latest moment that has surely come, aware, in UTC; in ordinary times simply now."""
    if clock.is_told():
        return clock.now()
    ticks = time.monotonic()
    moment = _steady.moment(clock.now(), ticks)
    there = _steady.database(ticks)
    return there if there is not None and moment - there > JUMP else moment


def doubt() -> timedelta:
    """How far the clock is ahead of what has surely come; zero in ordinary times."""
    return max(timedelta(0), clock.now() - surely())

"""The arithmetic of the dashboard: spans, parts of a whole, and how long things took. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, Literal

from yantuan.kernel.clock import CHINA

Length = Literal["today", "week", "month"]
DAYS: Final[dict[Length, int]] = {"today": 1, "week": 7, "month": 30}
LATE_HOURS: Final = 48
"""A parcel that waits longer than this after its payment is late."""
STEPS: Final = (24, 48, 72)
"""Hours the speed of shipping is told in."""
WHOLE: Final = 10_000


@dataclass(frozen=True)
class Span:
    """[begin, end) in time."""

    begin: datetime
    end: datetime

    def holds(self, moment: datetime | None) -> bool:
        """Whether the moment lies in the span; what never came lies in none."""
        return moment is not None and self.begin <= moment < self.end

    def earlier(self, days: int) -> Span:
        """The same span some days before."""
        return Span(self.begin - timedelta(days=days), self.end - timedelta(days=days))


def span_of(days: int, moment: datetime) -> Span:
    """The Beijing days that end with the day of `moment`, until that very moment."""
    today = datetime.combine(moment.astimezone(CHINA).date(), time.min, tzinfo=CHINA)
    return Span(today - timedelta(days=days - 1), moment)


def slots_of(days: int, span: Span) -> list[Span]:
    """The bars of the chart: the 24 hours of today, or one per day; the last ones may lie ahead."""
    step = timedelta(hours=1) if days == 1 else timedelta(days=1)
    return [
        Span(span.begin + step * n, span.begin + step * (n + 1)) for n in range(24 if days == 1 else days)
    ]


def part_bp(part: int, whole: int) -> int:
    """`part` of `whole` in ten-thousandths, a half counting up; 0 of nothing. Above 10,000 where `part` is the greater."""
    return (part * 2 * WHOLE + whole) // (2 * whole) if whole else 0


def average_fen(fen: int, count: int) -> int:
    """Fen per piece in whole fen, a half counting up; 0 of nothing."""
    return (2 * fen + count) // (2 * count) if count else 0


@dataclass(frozen=True)
class Pace:
    """How long something took: how many were done, within each of STEPS (cumulative), and the median in whole hours
    begun (None when nothing was done)."""

    done: int
    within: tuple[int, ...]
    median_hours: int | None


def pace(hours: Mapping[int, int]) -> Pace:
    """From how many took so many whole hours: 0 is less than one hour. Clocks that ran backwards count as 0."""
    done = sum(hours.values())
    within = tuple(sum(n for hour, n in hours.items() if hour < step) for step in STEPS)
    seen, median = 0, None
    for hour in sorted(hours):
        seen += hours[hour]
        if 2 * seen >= done:
            median = max(hour, 0) + 1
            break
    return Pace(done, within, median)

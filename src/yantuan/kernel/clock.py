"""The one place that reads the wall clock; tests move it, product code never does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Beijing time; China has had no daylight saving since 1991."""


def _wall() -> datetime:
    return datetime.now(tz=UTC)


_source: Callable[[], datetime] | None = None


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _wall() if _source is None else _source()


def is_told() -> bool:
    """Whether a test tells the time, so that there is no clock to mistrust."""
    return _source is not None


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """For tests: `now()` answers `moment` inside the block."""
    global _source
    before = _source

    def held() -> datetime:
        return moment

    _source = held
    try:
        yield
    finally:
        _source = before


def china_text(moment: datetime) -> str:
    """`2026-05-12 18:00` in Beijing time."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")

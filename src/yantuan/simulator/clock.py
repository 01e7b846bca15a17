"""The simulator's clock: real time plus an offset, and the time formats of WeChat."""

import time
from datetime import UTC, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))


class Clock:
    """Seconds since 1970 that a test can push forwards or backwards."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds

    def now(self) -> float:
        return time.time() + self.offset_seconds


def china_time(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC).astimezone(CHINA)


def rfc3339(moment: float) -> str:
    """`2026-05-12T10:34:56+08:00`, the only form WeChat Pay v3 writes."""
    return china_time(moment).isoformat(timespec="seconds")


def parse_rfc3339(text: str) -> float:
    """Seconds since 1970; raises ValueError for a text without an offset or not a time at all."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset is missing")
    return moment.timestamp()

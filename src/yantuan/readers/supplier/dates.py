"""Days and hours as suppliers write them: 周五晚8点, 11月27日20:00, 明天中午12点."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from yantuan.kernel.clock import CHINA
from yantuan.readers.jielong.numbers import CHINESE, value
from yantuan.readers.supplier.result import Sureness

_DAYS = {"今天": 0, "今日": 0, "今晚": 0, "明天": 1, "明日": 1, "明晚": 1, "后天": 2, "大后天": 3}
_WEEK = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6} | {str(i + 1): i for i in range(7)}
_PART = r"(?P<part>凌晨|早上|早晨|早|上午|中午|下午|傍晚|晚上|晚间|晚|夜里)?"
_HOUR = (
    rf"(?P<hour>\d{{1,2}}|{CHINESE})\s?(?:点钟?|时(?!间))(?P<half>半|(?P<minute>\d{{1,2}})分?)?"
    r"|(?P<clock>\d{1,2}):(?P<clock_minute>\d{2})"
)
DAY = (
    r"(?:(?P<near>大后天|今天|今日|今晚|明天|明日|明晚|后天)"
    r"|(?P<which>本|这个?|下个?)?(?:周|星期|礼拜)(?P<week>[一二三四五六日天1-7])"
    r"|(?:(?P<year>20\d\d)[年./-])?(?P<month>\d{1,2})(?:月|[./-])(?P<day>\d{1,2})(?!\d)[日号]?"
    r"|(?P<date>\d{1,2})[日号](?!楼|院|门|店|果))"
)
_BRACKET = r"(?:\s?\((?:周|星期|礼拜)?[一二三四五六日天]\))?"
WHEN = re.compile(
    rf"{DAY}{_BRACKET}\s?的?(?:\s?{_PART}\s?(?:{_HOUR})|\s?(?P<only>上午|中午|下午|傍晚|晚上|晚))?"
)
CLOCK = re.compile(rf"{_PART}\s?(?:{_HOUR})")
_PARTS = {
    "上午": time(12),
    "中午": time(12),
    "下午": time(18),
    "傍晚": time(18),
    "晚上": time(23, 59),
    "晚": time(23, 59),
}


@dataclass(frozen=True, slots=True)
class When:
    """A moment found in a text; None where it cannot be one to come."""

    at: datetime | None
    sure: Sureness


def moment_of(hit: re.Match[str], now: datetime) -> When:
    """The moment a match of WHEN or CLOCK means, seen from `now`; a day without an hour ends at 23:59, as a guess."""
    local = now.astimezone(CHINA)
    parts = hit.groupdict()
    day, stated = _day(parts, local) if "near" in parts else (local, True)
    if day is None:
        return When(None, "guess")
    evening = parts.get("near") in ("今晚", "明晚")
    clock, sure = _clock(parts, evening)
    if clock is None:
        return When(None, "guess")
    at = datetime.combine(day.date(), clock, CHINA)
    if (
        at <= local
        and not parts.get("part")
        and not evening
        and clock.hour < 12
        and day.date() == local.date()
    ):
        at, sure = at + timedelta(hours=12), "guess"
    if at <= local and parts.get("week") and not parts.get("which"):
        at, sure = at + timedelta(days=7), "guess"
    return When(at if at > local else None, sure if stated else "guess")


def _day(parts: dict[str, str | None], local: datetime) -> tuple[datetime | None, bool]:
    """The day, and whether its month or week was said."""
    if near := parts["near"]:
        return local + timedelta(days=_DAYS[near]), True
    if week := parts["week"]:
        ahead = _WEEK[week] - local.weekday()
        which = parts["which"]
        if which and which[0] == "下":
            return local + timedelta(days=ahead + 7), True
        return local + timedelta(days=ahead if which or ahead >= 0 else ahead + 7), True
    if date := parts["date"]:
        later = _dated(local.year, local.month, int(date))
        if later is None or later.date() < local.date():
            year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
            later = _dated(year, month, int(date))
        return later, False
    year = int(parts["year"] or local.year)
    found = _dated(year, int(parts["month"] or 0), int(parts["day"] or 0))
    if found and not parts["year"] and (local - found).days > 180:
        found = _dated(year + 1, found.month, found.day)
    return found, True


def _dated(year: int, month: int, day: int) -> datetime | None:
    try:
        return datetime(year, month, day, tzinfo=CHINA)
    except ValueError:
        return None


def _clock(parts: dict[str, str | None], evening: bool) -> tuple[time | None, Sureness]:
    """The hour of the day and how sure it is."""
    if only := parts.get("only"):
        return _PARTS[only], "guess"
    if clock := parts["clock"]:
        hour, minute = int(clock), int(parts["clock_minute"] or 0)
    elif said := parts["hour"]:
        hour = value(said) or 0
        minute = 30 if parts["half"] == "半" else int(parts["minute"] or 0)
    else:
        return time(23, 59), "guess"
    part = parts["part"] or ("晚" if evening else "")
    late = part in ("下午", "傍晚", "晚上", "晚间", "晚", "夜里") or (part == "中午" and hour < 3)
    if late and hour < 12:
        hour += 12
    if (hour == 24 and minute == 0) or (late and hour == 12 and part != "中午"):
        hour, minute = 23, 59
    return (
        (time(hour, minute), "sure" if part or hour >= 12 else "likely")
        if hour < 24 and minute < 60
        else (None, "guess")
    )

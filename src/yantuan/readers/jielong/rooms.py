"""Doors: every way of writing building, unit and room, made `building-unit-room`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yantuan.readers.jielong.numbers import CHINESE, digits, value

_BUILDING = rf"(?:(?<![a-z])[a-z]?\d{{1,3}}|(?<![a-z])[a-z]|{CHINESE})"
_UNIT = rf"(?:\d{{1,2}}|{CHINESE})"
_ROOM = r"(?:\d{3,4}(?!\d)|[零〇一二三四五六七八九]{3,4}(?![十百]))"
_END = r"(?:室|号房|房间?|户|号(?!楼|栋|幢))?"
_NAMED = re.compile(
    rf"(?<!\d)(?P<b>{_BUILDING})\s?(?:号楼|号院|栋楼?|幢楼?|座|#楼?|楼(?=\s?[-\d])|号(?=-?\d{{3,4}}(?!\d))|-(?=\d{{1,2}}单元))\s?-?\s?"
    rf"(?:(?P<u>{_UNIT})\s?(?:单元|门(?!口|卫))\s?-?\s?|(?P<u2>\d{{1,2}})-(?=\d{{3,4}}))?"
    rf"(?:(?:\d{{1,2}}(?:楼|层)\s?-?(?=\d{{3,4}}(?!\d)))?(?P<r>{_ROOM}){_END})?"
)
_DASHED = re.compile(
    rf"(?<![\d.a-z])(?P<b>[a-z]?\d{{1,3}}|[a-z])(?:-(?P<u>\d{{1,2}}))?(?:-|\s-\s)(?P<r>\d{{3,4}})(?!\d|-\d){_END}"
)
_SLASHED = re.compile(rf"(?<![\d/])(?P<b>\d{{1,2}})/(?P<r>\d{{3,4}})(?![\d/]){_END}")
_UNIT_ONLY = re.compile(rf"(?<!\d)(?P<u>{_UNIT})单元\s?-?\s?(?P<r>{_ROOM}){_END}")
_ROOM_ONLY = re.compile(r"(?<![\d.\-])(?P<r>\d{3,4})(?:室|号房|房间?(?!东)|户|号(?!楼|栋|幢))")
_FORMS = (_NAMED, _DASHED, _SLASHED, _UNIT_ONLY, _ROOM_ONLY)


@dataclass(frozen=True, slots=True)
class Room:
    """A door found in a line: folded positions and its plain form."""

    start: int
    end: int
    plain: str


def rooms(text: str) -> list[Room]:
    """All doors of a folded line, from left to right."""
    found: list[Room] = []
    taken = -1
    hits = sorted((m for form in _FORMS for m in form.finditer(text)), key=lambda m: (m.start(), -m.end()))
    for hit in hits:
        if hit.start() >= taken:
            taken = hit.end()
            found.append(Room(hit.start(), hit.start() + len(hit[0].rstrip(" -")), _plain(hit)))
    return found


def _plain(hit: re.Match[str]) -> str:
    parts = hit.groupdict()
    unit = parts.get("u") or parts.get("u2")
    room = parts.get("r")
    if room and not room.isdigit():
        room = digits(room)
    return "-".join(p for p in (_number(parts.get("b")), _number(unit), room) if p)


def _number(text: str | None) -> str:
    """A building or unit: capitals, no leading zeros, Chinese numbers in digits."""
    if not text:
        return ""
    if text.isascii():
        letter = text[0] if text[0].isalpha() else ""
        return letter.upper() + text[len(letter) :].lstrip("0")
    return str(value(text))

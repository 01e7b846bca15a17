"""Headings that say something of every line below them: one of the goods, or one building."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from yantuan.readers.jielong import lines as line_kinds
from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.body import Body
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.items import Item, Picked, Picker
from yantuan.readers.jielong.lines import Line
from yantuan.readers.jielong.result import Unclear
from yantuan.readers.jielong.rooms import rooms
from yantuan.readers.jielong.tokens import scan

_HOUSE = re.compile(r"号楼|栋|幢|座|#")
_DOOR_FIRST = re.compile(r"\s*\d{3,4}(?!\d)")
_ENDS = (line_kinds.TITLE, line_kinds.HEAD, line_kinds.SAY)


@dataclass(slots=True)
class Sections:
    """Of each line what its heading gives it: the offer, or the building and the line that says so."""

    offers: dict[int, str] = field(default_factory=dict)
    houses: dict[int, tuple[str, int]] = field(default_factory=dict)
    headings: set[int] = field(default_factory=set)

    def fill(self, index: int, body: Body, goods: Goods) -> int | None:
        """Give `body` what its heading says; the heading's index if a room was taken from it. Raises `Unclear`."""
        if code := self.offers.get(index):
            body.changes = [replace(c, picked=_of(c.picked, code, goods)) for c in body.changes]
        house, heading = self.houses.get(index, ("", -1))
        if not house or (body.room and not body.room.isdigit()):
            return None
        body.room = f"{house}-{body.room}" if body.room else house
        return heading


def _of(picked: Picked, code: str, goods: Goods) -> Picked:
    bare = picked.bare
    if bare is None or picked.items:
        return picked
    if not goods.whole(code, bare.unit):
        raise Unclear(f"写的是{bare.unit}，不是整份，不能替人换算")
    return Picked((Item(code, bare.number, bare.style == "minus"),), None, picked.words, picked.others)


def sections_of(lines: Sequence[Line], goods: Goods) -> Sections:
    """All headings of a text. One of the goods alone is no heading: a price list is written like that too."""
    found = Sections()
    written = [line for line in lines if line.kind != line_kinds.BLANK]
    below = dict(zip((line.index for line in written), written[1:], strict=False))
    offers = {
        line.index: code
        for line in written
        if (after := below.get(line.index)) is not None
        and after.kind == line_kinds.NUMBERED
        and (code := _offer_of(line, goods))
    }
    if len(set(offers.values())) < 2:
        offers = {}
    houses = {
        line.index: house for line in written if (house := _house_of(line, below.get(line.index))) is not None
    }
    offer, home = "", ("", -1)
    for line in written:
        if line.index in houses:
            home = (houses[line.index], line.index)
            found.headings.add(line.index)
        elif line.kind in _ENDS:
            offer, home = offers.get(line.index, ""), ("", -1)
        elif line.index in offers:
            offer = offers[line.index]
        else:
            found.offers |= {line.index: offer} if offer else {}
            found.houses |= {line.index: home} if home[0] else {}
    return found


def _offer_of(line: Line, goods: Goods) -> str | None:
    if line.kind not in (line_kinds.PLAIN, line_kinds.HEAD) or len(goods.codes) < 2:
        return None
    tokens = scan(line.text, 0, len(line.text), goods, minus=False)
    said = [t for t in tokens if t.kind not in (kinds.SPACE, kinds.BREAK, kinds.FILLER)]
    if not said or any(t.kind not in (kinds.GOODS, kinds.PRICE) for t in said):
        return None
    try:
        picked = Picker(line.text, goods).pick(tokens)
    except Unclear:
        return None
    return picked.items[0].offer if len(picked.items) == 1 else None


def _house_of(line: Line, after: Line | None) -> str | None:
    if line.kind not in (line_kinds.PLAIN, line_kinds.HEAD) or after is None or not _HOUSE.search(line.text):
        return None
    if after.kind != line_kinds.NUMBERED and not (
        after.kind == line_kinds.PLAIN and _DOOR_FIRST.match(after.text)
    ):
        return None
    doors = rooms(line.text)
    if len(doors) != 1 or "-" in doors[0].plain:
        return None
    rest = line.text[: doors[0].start] + line.text[doors[0].end :]
    return None if any(c.isalnum() for c in rest) else doors[0].plain

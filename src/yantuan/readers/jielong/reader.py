"""Read a pasted 接龙: `read(text, offers)`. Pure; it never guesses: what a careful person would ask about is reported."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yantuan.readers.jielong import lines as line_kinds
from yantuan.readers.jielong.dialogue import Standing
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.headings import asks_for_a_number, learn
from yantuan.readers.jielong.lines import Line, classify
from yantuan.readers.jielong.listing import ListReader
from yantuan.readers.jielong.result import Offer, Reading
from yantuan.readers.jielong.sections import sections_of
from yantuan.readers.jielong.talking import TalkReader

_BREAKS = re.compile(r"\r\n|[\n\r\u2028\u2029\x0b\x0c\x85]")


def read(text: str, offers: Sequence[Offer]) -> Reading:
    """Orders, lines to ask back about and the count of lines that say nothing, from what was pasted."""
    raw = _BREAKS.split(text)
    walk = _Walk(raw, Goods(offers))
    for line in walk.lines:
        walk.step(line)
    return walk.reading()


class _Walk:
    """Goes through the lines once, from top to bottom."""

    def __init__(self, raw: list[str], goods: Goods) -> None:
        self.raw = raw
        self.lines = classify(raw, goods)
        learn(self.lines, goods)
        self.standing = Standing(goods)
        self.standing.asked = asks_for_a_number(self.lines)
        sections = sections_of(self.lines, self.standing.goods)
        self.headings = sections.headings
        self.list = ListReader(self.standing, raw, sections)
        self.talk = TalkReader(self.standing, raw)
        self.has_list = any(line.kind == line_kinds.NUMBERED for line in self.lines)
        self.titled = False
        """A 接龙 heading was read, and no line of its list yet."""

    def step(self, line: Line) -> None:
        """Read one line."""
        if line.index in self.headings:
            self.list.settle()
            return
        match line.kind:
            case line_kinds.BLANK:
                self.list.settle(paused=True)
                self.talk.pause()
            case line_kinds.TITLE:
                self.list.title()
                self.titled = True
            case line_kinds.HEAD | line_kinds.SAY:
                self.list.settle(paused=True)
                self.titled = False
                self.talk.turn(line)
            case line_kinds.QUOTE:
                self.talk.quote(line, line.start)
            case line_kinds.NUMBERED:
                self.titled = False
                self.list.numbered(line)
            case line_kinds.PLAIN:
                self._plain(line)

    def _plain(self, line: Line) -> None:
        self.list.heading(line)
        if self.titled or self.list.goes_on(line) or self.talk.refers(line, line.start):
            return
        if self.talk.who is not None:
            self.talk.say(line, line.start)
        elif self.has_list:
            self.list.loose(line)
        else:
            self.list.plain(line)

    def reading(self) -> Reading:
        """What stands at the end."""
        self.list.settle()
        self.standing.lost(self.raw)
        written = sum(1 for line in self.raw if line.strip())
        doubts = tuple(self.standing.doubts[i] for i in sorted(self.standing.doubts))
        used = len(self.standing.used - set(self.standing.doubts))
        return Reading(tuple(self.standing.entries()), doubts, used, written - used - len(doubts))

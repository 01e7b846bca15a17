"""Lines of a list: numbered ones, lines that go on from them, and plain lists without numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from yantuan.readers.jielong import notes
from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.body import Body, BodyReader
from yantuan.readers.jielong.changes import Items
from yantuan.readers.jielong.dialogue import Standing
from yantuan.readers.jielong.headings import says_prices
from yantuan.readers.jielong.lines import Line
from yantuan.readers.jielong.names import (
    Lead,
    is_a_name,
    key_of,
    leading,
    looks_like_a_nick,
    orders,
    trailing_nick,
    without,
    without_phones,
)
from yantuan.readers.jielong.result import Unclear
from yantuan.readers.jielong.rooms import Room, rooms
from yantuan.readers.jielong.rows import Row, changed
from yantuan.readers.jielong.sections import Sections
from yantuan.readers.jielong.tokens import Token, scan
from yantuan.readers.text import is_emoji, unadorned

_EXAMPLE = re.compile(r"\s*\(?(?:例|示例|举例|格式|模板|范例|样例)")
_RULES = re.compile(r"规则|须知|说明|注意|要求|提示|流程|事项")
UNCERTAIN = "数量或商品还没有定"


@dataclass(slots=True)
class _Seen:
    """A list line taken apart: text with number and name blanked, who it is of, and its tokens."""

    line: Line
    text: str
    start: int
    doors: list[Room]
    lead: Lead | None
    row: Row
    tokens: list[Token]

    def words(self) -> bool:
        """Whether words are left beside name and room."""
        left = self.text
        for door in self.doors:
            left = without(left, door.start, door.end)
        return any(c.isalnum() for c in left)


def _without_own_room(name: str | None, doors: Sequence[Room]) -> str | None:
    """`小王502 3-502`: the number of one's own room said twice is no part of the name."""
    for door in doors:
        number = door.plain.rpartition("-")[2]
        if name and len(number) >= 3 and name.endswith(number) and len(name) > len(number):
            return unadorned(name.removesuffix(number)) or name
    return name


def body_of(
    standing: Standing, line: Line, text: str, start: int, *, talk: bool
) -> tuple[Body, Items | None]:
    """The body of a line, and the items it takes over from another line (同上). Raises `Unclear`."""
    same: Items | None = None
    like = standing.like(text)
    if like:
        (begin, end), same = like
        text = without(text, begin, end)
    body = BodyReader(line.folded, standing.goods, talk=talk, minus=talk).read(text, start)
    for change in body.changes:
        if change.kind == "same":
            if same is not None:
                raise Unclear("要和谁一样，写了两次")
            same = standing.same_as(change.line)
    body.changes = [c for c in body.changes if c.kind != "same"]
    return body, same


class ListReader:
    """Reads list lines into the standing."""

    def __init__(self, standing: Standing, raw: list[str], sections: Sections) -> None:
        self.standing = standing
        self.sections = sections
        self.goods = standing.goods
        self.raw = raw
        self.title_seen = False
        self.paused = False
        self.waiting: tuple[Row, list[Line]] | None = None
        """A name without an order yet: the next line may hold it."""
        self.ruling = False
        """A heading of rules was read: numbered sentences below it are nobody's lines."""
        self.growing = False
        """The last row was made of several lines and may take one more."""

    def title(self) -> None:
        """A 接龙 heading: the next list line begins a new version."""
        self.settle(paused=True)
        self.title_seen = True

    def heading(self, line: Line) -> None:
        """A line before the first order: may be the heading of rules."""
        if not self.standing.listed and _RULES.search(line.text):
            self.ruling = True

    def settle(self, *, paused: bool = False) -> None:
        """Nothing goes on from the last list line any more."""
        self.paused = self.paused or paused
        self.growing = False
        if self.waiting:
            row, lines = self.waiting
            self.waiting = None
            if self.ruling:
                return
            why = "只有名字，没有商品和数量" if row.name else "没有商品和数量"
            self.standing.put_doubt(row, why)
            for line in lines:
                self.standing.doubt(line.index, self.raw[line.index], why, row.name)

    def _see(self, line: Line) -> _Seen:
        text = without(without_phones(line.text), 0, line.start)
        doors = rooms(text)
        lead = leading(text, doors, self.goods)
        name = None
        masked = text
        if lead:
            name = unadorned(line.folded.written(lead.start, lead.end))
            masked = without(text, lead.start, lead.end)
        else:
            span = trailing_nick(text, doors)
            inner = scan(text, span[0], span[1], self.goods, minus=False) if span else []
            if (
                span
                and span[0] > line.start
                and all(t.kind in (kinds.TEXT, kinds.FILLER, kinds.VERB) for t in inner)
            ):
                name = unadorned(line.folded.written(*span))
                masked = without(text, *span)
        name = _without_own_room(name, doors)
        row = Row(name or None, None, line.index, line.seq)
        tokens = scan(masked, line.start, len(masked), self.goods, minus=False)
        return _Seen(line, masked, line.start, doors, lead, row, tokens)

    def numbered(self, line: Line) -> None:
        """A numbered line."""
        self.settle()
        rest = line.text[line.start :]
        if not any(c.isalnum() for c in rest) or _EXAMPLE.match(rest):
            return
        seen = self._see(line)
        if self._is_rule(seen):
            return
        self._version(seen)
        self._take(seen)

    def _is_rule(self, seen: _Seen) -> bool:
        """A numbered price list or condition, not somebody's line."""
        text = without_phones(seen.line.text)
        tokens = scan(text, seen.start, len(text), self.goods, minus=False)
        of_goods = seen.lead is None or self._is_goods(text[seen.lead.start : seen.lead.end])
        if says_prices(tokens) and not seen.doors and of_goods:
            return True
        if seen.doors or orders(seen.tokens):
            return not seen.doors and seen.row.name is not None and not is_a_name(key_of(seen.row.name))
        words = "".join(c for c in text[seen.start :] if not is_emoji(c)).strip()
        if len(words) > 3 and not any(t.kind == kinds.TEXT for t in tokens):
            return True
        return len(words) > 8 or not is_a_name(key_of(words)) or notes.QUESTION.search(words) is not None

    def _is_goods(self, text: str) -> bool:
        tokens = scan(text, 0, len(text), self.goods, minus=False)
        return all(t.kind in (kinds.GOODS, kinds.SPACE) for t in tokens)

    def _version(self, seen: _Seen) -> None:
        """Whether the list begins again here."""
        first = next((r.seq for r in self.standing.listed if r.seq is not None), None)
        again = first is not None and seen.line.seq == first and self.standing.knows(seen.row.key)
        again = again and not self.sections.offers.get(seen.line.index)
        if self.standing.listed and (self.title_seen or (self.paused and again)):
            self.standing.new_version()
        self.title_seen = self.paused = False

    def _take(self, seen: _Seen) -> None:
        try:
            self._order(seen)
        except Unclear as unclear:
            seen.row.room = seen.doors[0].plain if seen.doors else None
            self.standing.put_doubt(seen.row, unclear.why)
            self.standing.doubt(seen.line.index, self.raw[seen.line.index], unclear.why, seen.row.name)

    def _order(self, seen: _Seen) -> None:
        if seen.lead and seen.lead.doubt:
            raise Unclear(seen.lead.doubt)
        body, same = body_of(self.standing, seen.line, seen.text, seen.start, talk=False)
        if body.unsure:
            raise Unclear(UNCERTAIN)
        if notes.QUESTION.search(seen.text) and not any(notes.QUESTION.search(n) for n in body.notes):
            raise Unclear("是问句，还没有定")
        if not (body.changes or body.others or same):
            row = replace(seen.row, room=body.room, notes=body.notes)
            self.waiting = (row, [seen.line])
            return
        heading = self.sections.fill(seen.line.index, body, self.goods)
        if not seen.row.name and not body.room:
            raise Unclear("没有写名字和房号")
        self.standing.put(seen.row, body, same)
        self.ruling = False
        self.standing.used |= {seen.line.index} | ({heading} if heading is not None else set())

    def goes_on(self, line: Line) -> bool:
        """A line without number under a list line: its order, a further item, or a note set in."""
        if not (self.waiting or self.growing or self._set_in(line)):
            return False
        text = without_phones(line.text)
        try:
            body, same = body_of(self.standing, line, text, 0, talk=False)
            if body.unsure:
                raise Unclear(UNCERTAIN)
            return self._grow(line, body, same)
        except Unclear as unclear:
            if not self.waiting:
                return False
            row, lines = self.waiting
            self.waiting = None
            self.standing.put_doubt(row, unclear.why)
            for each in (*lines, line):
                self.standing.doubt(each.index, self.raw[each.index], unclear.why, row.name)
            return True

    def _set_in(self, line: Line) -> bool:
        raw = self.raw[line.index]
        above = line.index - 1
        return raw[:1] in " \t　(（" and bool(self.standing.listed) and self.standing.listed[-1].line == above

    def _grow(self, line: Line, body: Body, same: Items | None) -> bool:
        if body.words and not self._set_in(line):
            return False
        if self.waiting:
            row, lines = self.waiting
            if not (body.changes or body.others or same):
                row.room, row.notes = body.room or row.room, row.notes + body.notes
                lines.append(line)
                return bool(body.room or body.notes)
            body.notes = row.notes + body.notes
            self.standing.put(replace(row, notes=[]), body, same)
            self.standing.used |= {each.index for each in (*lines, line)}
            self.waiting, self.growing = None, True
            return True
        last = self.standing.listed[-1]
        if (body.changes and not self.growing) or not (body.changes or body.notes or body.room):
            return False
        new = changed(last, body, self.goods, listed=True, asked=False, same=same)
        new.written = dict(new.items)
        self.standing.listed[-1] = new
        self.standing.used.add(line.index)
        return True

    def loose(self, line: Line) -> None:
        """A line without number in a text that has a numbered list: an order only if it says all an order needs."""
        if not self.standing.listed:
            return
        self.settle(paused=True)
        seen = self._see(line)
        counted = any(t.kind == kinds.COUNT and t.style != "bare" for t in seen.tokens) or (
            any(t.kind == kinds.GOODS for t in seen.tokens)
            and any(t.kind == kinds.COUNT for t in seen.tokens)
        )
        if seen.lead and seen.doors and counted and self._somebody(seen):
            self._take(seen)

    def _somebody(self, seen: _Seen) -> bool:
        name = key_of(seen.row.name)
        return is_a_name(name) and not self._is_goods(name)

    def plain(self, line: Line) -> None:
        """A line of a list that has no numbers at all."""
        self.settle()
        seen = self._see(line)
        if notes.QUESTION.search(seen.text) or (seen.row.name and not is_a_name(key_of(seen.row.name))):
            return
        if not seen.row.name and not seen.doors:
            return
        if not orders(seen.tokens):
            self._only_a_name(seen)
            return
        goods_like = seen.row.name is not None and self._is_goods(key_of(seen.row.name))
        if not seen.doors and (goods_like or self._is_heading(seen)):
            return
        self._take(seen)

    def _is_heading(self, seen: _Seen) -> bool:
        text = seen.line.text
        tokens = scan(text, 0, len(text), self.goods, minus=False)
        if says_prices(tokens) and not self.standing.listed:
            return True
        sure = any(
            t.kind in (kinds.COUNT, kinds.SAME, kinds.DROP, kinds.ALL, kinds.VAGUE) for t in seen.tokens
        )
        return not (sure or looks_like_a_nick(key_of(seen.row.name)))

    def _only_a_name(self, seen: _Seen) -> None:
        words = "".join(c for c in seen.line.text if not is_emoji(c)).strip()
        if seen.doors and seen.row.name and not seen.words():
            self.waiting = (replace(seen.row, room=seen.doors[0].plain), [seen.line])
        elif looks_like_a_nick(words) and self.standing.listed:
            self.waiting = (seen.row, [seen.line])

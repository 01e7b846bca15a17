"""Messages of a chat: orders, changes, rooms and wishes of their senders; everything else is only talk."""

from __future__ import annotations

import re
from dataclasses import replace

from yantuan.readers.jielong import tokens as kinds
from yantuan.readers.jielong.body import Body, BodyReader
from yantuan.readers.jielong.changes import Change
from yantuan.readers.jielong.dialogue import Standing
from yantuan.readers.jielong.foods import holds_food
from yantuan.readers.jielong.headings import says_prices
from yantuan.readers.jielong.items import Item, Picked
from yantuan.readers.jielong.lines import Line
from yantuan.readers.jielong.listing import UNCERTAIN, body_of
from yantuan.readers.jielong.names import Named, key_of, without, without_phones
from yantuan.readers.jielong.numbers import value
from yantuan.readers.jielong.result import Unclear
from yantuan.readers.jielong.rooms import rooms
from yantuan.readers.jielong.rows import Row
from yantuan.readers.jielong.tokens import Token, scan
from yantuan.readers.text import is_emoji

_NUMBER = re.compile(
    r"\s*(?:(?:第|序号|编号|#|no\.?)\s?(?P<a>\d{1,3}|[一二三四五六七八九十]{1,3})\s?(?:号|个|楼|位|行|条)?|(?P<b>\d{1,3}|[一二三四五六七八九十]{1,3})(?:号|楼|位))(?:的)?[:,\s]*(?=\S)"
)
_LEADER = re.compile(r"团长|群主|店主|掌柜")
_MYSELF = re.compile(r"我(?:自己|也|要|来|家)|帮自己|自己")
_QUOTED = re.compile(r"\s*[「『](?:[^:」』]{1,30}:)?\s*(?P<q>[^」』]*)[」』]?\s*")
_ALSO = re.compile(
    r"\s*(?:我|俺|咱)?(?:也|同)(?:要|来|想要|样|一样|接|订|买)?[个份了吧~!。\s]*|\s*同(?:款|上)?求?[~!。\s]*"
)
_ALIKE = re.compile(
    r"\s*(?:我|俺)?(?:也|要)?(?:[跟和同与](?:他|她|ta|这个|上面)的?)?(?:一样|相同|同样)(?:的|来一份)?[了吧~!。\s]*"
)
_OF_ROOM = re.compile(r"房号|楼号|门牌|地址|楼栋|忘[了记]?[写说打]|我(?:家)?(?:是|在|住)")
_ONLY_JOINS = re.compile(r"\s*(?:我(?:也)?(?:要|参加)|我?(?:报名|参团|跟团|接龙|下单))[了吧啊呀~!。\s]*")
_LIKE_THEM = re.compile(r"[跟和同与](?:他|她|ta|这个|上面)")
_VERBS = (kinds.SET, kinds.DROP, kinds.ADD, kinds.LESS)


class TalkReader:
    """Reads messages into the standing."""

    def __init__(self, standing: Standing, raw: list[str]) -> None:
        self.standing = standing
        self.goods = standing.goods
        self.raw = raw
        self.who: Named | None = None
        self.head: int | None = None
        self.quoted: Picked | None = None
        self.leaders: set[str] = set()
        self.doors: dict[str, tuple[str, set[int]]] = {}

    def pause(self) -> None:
        """A blank line ends a message that began on the sender's own line."""
        if self.head is None:
            self.who = None

    def turn(self, line: Line) -> None:
        """Somebody begins to speak, maybe on this very line."""
        self.who, self.quoted = line.who, None
        self.head = line.index if line.start >= len(line.text) else None
        if self.who and _LEADER.search(self.who.name or ""):
            self.leaders.add(key_of(self.who.name))
        if line.start < len(line.text):
            if line.text[line.start] in "「『":
                self.head = line.index
                self.quote(line, line.start)
            elif not self.refers(line, line.start):
                self.say(line, line.start)

    def quote(self, line: Line, start: int) -> None:
        """A quoted message is not ordered again; a reply may speak of its goods."""
        hit = _QUOTED.match(line.text, start)
        self.quoted = None
        if not hit:
            return
        try:
            reader = BodyReader(line.folded, self.goods, talk=True, minus=False)
            body = reader.read(without(line.text, hit.end("q"), len(line.text)), hit.start("q"))
            picked = [c.picked for c in body.changes if c.kind == "order"]
            self.quoted = picked[0] if len(picked) == 1 else None
        except Unclear:
            self.quoted = None
        if hit.end() < len(line.text) and self.who:
            self.say(line, hit.end())

    def refers(self, line: Line, start: int) -> bool:
        """`2号取消`, `小王改成2份`: a change to a line of the list, by number or by name."""
        text = without(without_phones(line.text), 0, start)
        try:
            found = self._of_number(text, start) or self._of_name(text, start)
            if not found:
                return False
            row, at = found
            body, same = body_of(self.standing, line, text, at, talk=True)
            if body.unsure:
                raise Unclear(UNCERTAIN)
            if not (body.changes or body.others or same):
                return False
            self.standing.change(row, body, same)
            self._used(line)
        except Unclear as unclear:
            self._doubt(line, unclear.why)
        return True

    def _of_number(self, text: str, start: int) -> tuple[Row, int] | None:
        hit = _NUMBER.match(text, start)
        if not hit or not self._changes(text, hit.end()):
            return None
        number = value(hit["a"] or hit["b"])
        if number is None or not self.standing.by_seq:
            return None
        return self.standing.numbered(number), hit.end()

    def _of_name(self, text: str, start: int) -> tuple[Row, int] | None:
        begin = start + len(text[start:]) - len(text[start:].lstrip(" @"))
        for end in range(min(len(text), begin + 12), begin, -1):
            key = key_of(text[begin:end])
            if self.standing.knows(key) and self._changes(text, end):
                doors = rooms(text)
                row = self.standing.known(key, doors[0].plain if doors else None)
                return (row, end) if row else None
        return None

    def _changes(self, text: str, at: int) -> bool:
        tokens = scan(text, at, len(text), self.goods, minus=True)
        return any(t.kind in _VERBS or (t.kind == kinds.COUNT and t.style == "minus") for t in tokens)

    def say(self, line: Line, start: int) -> None:
        """One line of what somebody says."""
        who = self.who
        if who is None:
            return
        text = without(without_phones(line.text), 0, start)
        at = start + len(text[start:]) - len(text[start:].lstrip())
        if who.name and text.startswith(key_of(who.name), at) and len(text) > at + len(key_of(who.name)):
            text = without(text, at, at + len(key_of(who.name)))
        tokens = scan(text, start, len(text), self.goods, minus=True)
        if self._leads(text, tokens):
            return
        if _ONLY_JOINS.fullmatch(text[start:]) and self._row() is None:
            self._doubt(line, "没有写要什么、要几份")
            return
        if not self._speaks_of_orders(text, tokens):
            return
        try:
            self._hear(line, text, start, tokens, who)
        except Unclear as unclear:
            self._doubt(line, unclear.why)

    def _leads(self, text: str, tokens: list[Token]) -> bool:
        """The leader's own words order nothing, unless for themselves."""
        key = key_of(self.who.name) if self.who else ""
        if says_prices(tokens) and not any(t.kind == kinds.VERB for t in tokens):
            if not self.leaders and not self.standing.talked and not self.standing.listed:
                self.leaders.add(key)
            return True
        return key in self.leaders and not _MYSELF.search(text)

    def _speaks_of_orders(self, text: str, tokens: list[Token]) -> bool:
        """Cheap first look; what passes is read in full."""
        if self.quoted and (
            _ALSO.fullmatch(text) or _ALIKE.fullmatch(text) or any(t.kind == kinds.COUNT for t in tokens)
        ):
            return True
        for token in tokens:
            if token.kind in (kinds.GOODS, kinds.ALL, kinds.SAME, kinds.VAGUE, *_VERBS):
                return True
            if token.kind == kinds.COUNT and (token.style != "bare"):
                return True
        if self.standing.like(text) or rooms(text):
            return True
        loose = [t for t in tokens if t.kind == kinds.TEXT]
        if any(t.kind == kinds.COUNT for t in tokens) and (not loose or holds_food(text)):
            return True
        return self._row() is not None and any(not is_emoji(c) and c != " " for c in text)

    def _row(self) -> Row | None:
        return (
            self.standing.known(key_of(self.who.name) or f"#{self.who.room}", self.who.room)
            if self.who
            else None
        )

    def _hear(self, line: Line, text: str, start: int, tokens: list[Token], who: Named) -> None:
        row = self._row()
        body, same = body_of(self.standing, line, text, start, talk=True)
        if body.unsure:
            if body.about_order:
                raise Unclear(UNCERTAIN)
            return
        self._from_quote(body, text)
        if not (body.changes or body.others or same):
            self._says_no_order(line, body, row)
            return
        if self._is_talk(body, tokens):
            return
        if row and body.notes and _says_nothing_new(body, row):
            body.changes = []
        if row:
            if body.room and row.room and body.room != row.room:
                raise Unclear("房号和前面写的不一样")
            self.standing.change(row, body, same)
        else:
            door, lines = self.doors.pop(key_of(who.name), (None, set()))
            self.standing.begin(replace(who, room=who.room or door), line.index, body, same)
            self.standing.used |= lines
        self._used(line)

    def _from_quote(self, body: Body, text: str) -> None:
        """`我也要1份` under a quoted message means its goods."""
        alike = _ALIKE.fullmatch(text) is not None
        if not self.quoted or not self.quoted.items:
            return
        if alike and not body.changes and (len(self.quoted.items) == 1 or _LIKE_THEM.search(text)):
            body.changes, body.notes = [Change("order", self.quoted)], []
            return
        if len(self.quoted.items) != 1:
            if alike or (not body.changes and _ALSO.fullmatch(text)):
                raise Unclear("引用的话里有几样，没有写要哪一样")
            return
        item = self.quoted.items[0]
        if not body.changes and _ALSO.fullmatch(text):
            if item.quantity not in (None, 1):
                raise Unclear("也要几份，没有写")
            body.changes = [Change("order", Picked((Item(item.offer, item.quantity or 1),), None, ()))]
            return
        for i, change in enumerate(body.changes):
            bare = change.picked.bare
            if bare and not change.picked.items and change.kind in ("order", "add") and bare.style != "minus":
                if not self.goods.whole(item.offer, bare.unit):
                    raise Unclear(f"写的是{bare.unit}，不是整份，不能替人换算")
                picked = Picked((Item(item.offer, bare.number),), None, ())
                body.changes[i] = Change(change.kind, picked)

    def _says_no_order(self, line: Line, body: Body, row: Row | None) -> None:
        """Only a room or a wish."""
        if row and body.room and _OF_ROOM.search(line.text):
            self.standing.change(row, Body(room=body.room), None)
            self._used(line)
        elif row and not body.words and (body.room or body.notes):
            self.standing.change(row, body, None)
            self._used(line)
        elif body.room and not body.words and self.who:
            lines = {line.index} | ({self.head} if self.head is not None else set())
            self.doors[key_of(self.who.name)] = (body.room, lines)

    def _is_talk(self, body: Body, tokens: list[Token]) -> bool:
        """Goods without number in a sentence that doesn't ask for any; numbers of something else."""
        picks = [c.picked for c in body.changes]
        if any(c.kind != "order" for c in body.changes) or body.others or not body.words:
            return False
        counted = any(i.quantity is not None for p in picks for i in p.items)
        bare = [p.bare for p in picks if p.bare]
        if bare and not any(p.items for p in picks):
            return all(b.style == "bare" for b in bare)
        return not counted and not body.verb

    def _used(self, line: Line) -> None:
        self.standing.used.add(line.index)
        if self.head is not None:
            self.standing.used.add(self.head)

    def _doubt(self, line: Line, why: str) -> None:
        name = self.who.name if self.who else None
        self.standing.doubt(line.index, self.raw[line.index], why, name)
        self.standing.last = None


def _says_nothing_new(body: Body, row: Row) -> bool:
    """`百合要没开的` after an order of them: a wish, no second order."""
    picks = [c.picked for c in body.changes]
    if not picks or body.others or any(c.kind != "order" for c in body.changes):
        return False
    items = [i for p in picks for i in p.items]
    return (
        bool(items)
        and all(i.quantity is None and i.offer in row.items for i in items)
        and not any(p.bare for p in picks)
    )

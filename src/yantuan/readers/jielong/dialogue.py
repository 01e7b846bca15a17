"""Who has ordered what so far: the newest list, older ones, and the messages between and after them."""

from __future__ import annotations

import re
from dataclasses import replace

from yantuan.readers.jielong.body import Body
from yantuan.readers.jielong.changes import Items
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.names import Named, key_of
from yantuan.readers.jielong.result import Ambiguous, Entry, Unclear
from yantuan.readers.jielong.rows import Row, changed

_LIKE = re.compile(r"(?:跟|和|同|与|像)(?P<n>[^\s,;。\d]{1,10}?)(?:的)?(?:一样|相同|一致)")


class Standing:
    """The state of the reading. Rows are replaced, never half changed: an unclear line leaves all as it was."""

    def __init__(self, goods: Goods) -> None:
        self.goods = goods
        self.asked = False
        self.listed: list[Row] = []
        self.by_key: dict[str, list[int]] = {}
        self.by_seq: dict[int, list[int]] = {}
        self.talked: dict[str, Row] = {}
        self.past: dict[str, list[Row]] = {}
        self.gone: list[Row] = []
        self.used: set[int] = set()
        self.doubts: dict[int, Ambiguous] = {}
        self.last: Items | None = None
        """What stood at the line above, for 同上; None if that line was unclear."""

    def new_version(self) -> None:
        """The list begins again: what it held so far is past."""
        rows: dict[str, list[Row]] = {}
        for row in self.listed:
            rows.setdefault(row.key, []).append(row)
        self.past |= rows
        self.listed = []
        self.by_key, self.by_seq = {}, {}
        self.last = None

    def _append(self, row: Row) -> None:
        self.by_key.setdefault(row.key, []).append(len(self.listed))
        if row.seq is not None:
            self.by_seq.setdefault(row.seq, []).append(len(self.listed))
        self.listed.append(row)

    def doubt(self, line: int, text: str, why: str, sender: str | None = None) -> None:
        """Nothing is booked from a line."""
        self.doubts[line] = Ambiguous(text.strip(), why, sender, line)
        self.used.discard(line)

    def put(self, row: Row, body: Body, same: Items | None) -> None:
        """A line of the list. Raises `Unclear`."""
        new = changed(row, body, self.goods, listed=True, asked=self.asked, same=same)
        if not (new.items or new.others or new.cancelled):
            raise Unclear("只有名字，没有商品和数量" if row.name else "没有商品和数量")
        new.written = dict(new.items)
        before = self._before(new)
        if before and before.talked and before.written == new.written and not new.others:
            new = replace(
                new, items=before.items, cancelled=before.cancelled, notes=before.notes, talked=True
            )
        self.talked.pop(new.key, None)
        self._append(new)
        self.last = dict(new.written)

    def put_doubt(self, row: Row, why: str) -> None:
        """An unclear line of the list: what its person had ordered in an older version stays."""
        before = self._before(row)
        if before and before.stands:
            self._append(before)
        else:
            self._append(replace(row, doubt=why))
        self.last = None

    def _before(self, row: Row) -> Row | None:
        rows = self.past.get(row.key, [])
        return next((r for r in rows if r.room == row.room), rows[0] if len(rows) == 1 else None)

    def numbered(self, seq: int) -> Row:
        """The only list line with a number. Raises `Unclear`."""
        rows = [self.listed[i] for i in self.by_seq.get(seq, ())]
        if len(rows) != 1:
            raise Unclear("有几行是这个编号" if rows else "没有这个编号")
        if not rows[0].stands:
            raise Unclear("那一行还没有弄清")
        return rows[0]

    def known(self, key: str, room: str | None = None) -> Row | None:
        """The row of a person; of several with one name the one with that room. Raises `Unclear` if it can't be told."""
        rows = [r for i in self.by_key.get(key, ()) if (r := self.listed[i]).stands]
        if key in self.talked:
            rows.append(self.talked[key])
        if len(rows) > 1:
            rows = [r for r in rows if room and r.room == room]
            if len(rows) != 1:
                raise Unclear("有几个人叫这个名字，不知道是哪一个")
        return rows[0] if rows else None

    def knows(self, key: str) -> bool:
        """Whether anybody of that name has written a line."""
        return bool(key) and (key in self.by_key or key in self.talked)

    def same_as(self, number: int) -> Items:
        """The items of a list line as it was written, or of the line above (0). Raises `Unclear`."""
        found = self.numbered(number).written if number else self.last
        if not found:
            raise Unclear("上面那一行不清楚，不知道要和谁一样")
        return dict(found)

    def like(self, text: str) -> tuple[tuple[int, int], Items] | None:
        """`跟小王一样`: where it is written and the items meant."""
        for hit in _LIKE.finditer(text):
            key = key_of(hit["n"])
            if self.knows(key):
                row = self.known(key)
                return hit.span(), dict(row.written or row.items if row else {})
        return None

    def change(self, row: Row, body: Body, same: Items | None) -> None:
        """A message changes what a person ordered. Raises `Unclear`."""
        new = changed(row, body, self.goods, listed=False, asked=self.asked, same=same)
        new.talked = True
        self._replace(row, new)
        self.last = dict(new.items) or None

    def begin(self, who: Named, line: int, body: Body, same: Items | None) -> None:
        """The first order of a sender. Raises `Unclear`."""
        row = Row(who.name, who.room, line)
        new = changed(row, body, self.goods, listed=False, asked=self.asked, same=same)
        if not (new.items or new.others):
            raise Unclear("前面没有订过")
        new.written = dict(new.items)
        self.talked[new.key] = new
        self.last = dict(new.items)

    def _replace(self, row: Row, new: Row) -> None:
        if row.key in self.talked and self.talked[row.key] is row:
            self.talked[row.key] = new
            return
        at = next(i for i in self.by_key[row.key] if self.listed[i] is row)
        self.listed[at] = new

    def lost(self, texts: list[str]) -> None:
        """Lines of older versions whose person is missing from the newest, without a word of cancelling."""
        now: dict[str, list[Row]] = {}
        for row in self.listed:
            now.setdefault(row.key, []).append(row)
        doors = {r.room for r in self.listed if r.room}
        for key, rows in self.past.items():
            here = now.get(key, [])
            missing = (
                [r for r in rows if all(r.room != h.room for h in here)] if len(rows) > len(here) else []
            )
            for row in missing[: len(rows) - len(here)]:
                if key in self.talked or (row.name is None and row.room in doors):
                    continue
                if row.cancelled:
                    if row.talked:
                        self.gone.append(row)
                    continue
                why = row.doubt or "最后一版里没有这一行，也没有说取消，可能是同时接龙被冲掉"
                self.doubt(row.line, texts[row.line], why, row.name)

    def entries(self) -> list[Entry]:
        """All orders: the newest list, then the messages, each in the order they began."""
        rows = [r for r in self.listed if r.stands] + self.gone + list(self.talked.values())
        return [entry for row in rows for entry in row.entries()]

"""What stands for each person while a text is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from yantuan.readers.jielong.body import Body, Other
from yantuan.readers.jielong.changes import Book, Change, Items
from yantuan.readers.jielong.goods import Goods
from yantuan.readers.jielong.items import Item
from yantuan.readers.jielong.names import key_of
from yantuan.readers.jielong.notes import merged
from yantuan.readers.jielong.result import Entry, Unclear


@dataclass(slots=True)
class ForOne:
    """Goods of a row that are for somebody else."""

    name: str
    room: str | None
    items: Items


@dataclass(slots=True)
class Row:
    """One line of the newest list, or all messages of one sender."""

    name: str | None
    room: str | None
    line: int
    seq: int | None = None
    items: Items = field(default_factory=dict)
    others: list[ForOne] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cancelled: bool = False
    doubt: str = ""
    """Why nothing was booked from this line; it only keeps its place."""
    written: Items = field(default_factory=dict)
    """The items as the list line had them, before any message changed them."""
    talked: bool = False

    @property
    def key(self) -> str:
        return key_of(self.name) or f"#{self.room}"

    @property
    def stands(self) -> bool:
        return not self.doubt

    def entries(self) -> list[Entry]:
        """The row as orders: one's own first, then those for others."""
        note = "，".join(self.notes) or None
        own = Entry(self.name, self.room, dict(self.items), self.seq, note, self.cancelled, None, self.line)
        if not self.others:
            return [own]
        found = [own] if self.items or self.cancelled else []
        for other in self.others:
            room = other.room or self.room
            found.append(replace(own, room=room, items=dict(other.items), proxy_for=other.name, note=None))
        if not (self.items or self.cancelled):
            found[0] = replace(found[0], note=note)
        return found


def changed(row: Row, body: Body, goods: Goods, *, listed: bool, asked: bool, same: Items | None) -> Row:
    """The row after a line. Raises `Unclear`, and then the row stands as before."""
    if body.others and row.others:
        raise Unclear("前面已经有代买的，不知道怎么合在一起")
    if row.others and any(c.kind not in ("add", "order") for c in body.changes):
        raise Unclear("有代买的，不知道改的是谁的")
    knew = bool(row.items or row.cancelled)
    book = Book(goods, row.items, listed=listed, asked=asked, knew=knew)
    if same is not None:
        book.same(same)
    items = book.apply(body.changes)
    others, items = _others(body.others, items, goods, asked=asked)
    said = bool(body.changes) or bool(others) or same is not None
    if others and row.items:
        _on_top_only(body.others)
    return replace(
        row,
        items=items,
        others=row.others + others,
        room=body.room or row.room,
        notes=merged(row.notes, [] if book.cancelled else body.notes),
        cancelled=said and not items and not others,
    )


def _on_top_only(others: Sequence[Other]) -> None:
    if any(not o.where for o in others):
        raise Unclear("代买的是包含在里面还是另外，没有说")


def _others(others: Sequence[Other], own: Items, goods: Goods, *, asked: bool) -> tuple[list[ForOne], Items]:
    """Split what is for others from what is one's own."""
    found: list[ForOne] = []
    own = dict(own)
    for other in others:
        if own and not other.where and other.changes:
            raise Unclear("代买的是包含在里面还是另外，没有说")
        if not other.changes:
            if other.where or not own or len(others) > 1:
                raise Unclear("代买几份，没有写")
            return [ForOne(other.name, other.room, own)], {}
        items = (
            _inside(other.changes, own)
            if other.where == "inside"
            else _on_top(other.changes, own, goods, asked)
        )
        if other.where == "inside":
            for code, number in items.items():
                if own.get(code, 0) < number:
                    raise Unclear("代买的比总数还多")
                own[code] -= number
            own = {c: n for c, n in own.items() if n}
        found.append(ForOne(other.name, other.room, items))
    return found, own


def _on_top(changes: Sequence[Change], own: Items, goods: Goods, asked: bool) -> Items:
    first = changes[0].picked
    if first.bare and len(goods.codes) > 1 and len(own) == 1 and first.bare.unit != "样":
        raise Unclear("代买哪一种，没有写")
    return Book(goods, {}, listed=True, asked=asked, knew=False).apply(changes)


def _inside(changes: Sequence[Change], own: Items) -> Items:
    found: Items = {}
    for change in changes:
        if change.kind != "order":
            raise Unclear("代买的部分看不清")
        if change.picked.bare:
            if len(own) != 1:
                raise Unclear("代买的是哪一种，没有写")
            found[next(iter(own))] = change.picked.bare.number
        for item in change.picked.items:
            found[item.offer] = _part(item, own)
    return found


def _part(item: Item, own: Mapping[str, int]) -> int:
    """`其中香蕉帮…带`: all of it, if there is only one."""
    if item.quantity is not None:
        return item.quantity
    if own.get(item.offer, 0) != 1:
        raise Unclear("代买几份，没有写")
    return 1

"""What a reading says beside what is booked already: `compare(reading, booked, offers)`. Pure; books nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from yantuan.readers.jielong.names import key_of
from yantuan.readers.jielong.result import Ambiguous, Entry, Offer, Reading

Mark = Literal["new", "changed", "vanished", "same", "unclear"]


@dataclass(frozen=True, slots=True)
class Booked:
    """What one buyer has in this sale: `ref` names them to the caller, amounts are in fen."""

    ref: str
    name: str
    room: str | None = None
    items: Mapping[str, int] = field(default_factory=dict)
    amount_fen: int = 0
    unpaid_fen: int = 0
    also: tuple[str, ...] = ()
    """Other names the same buyer goes by, e.g. the recipient's."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One person on both sides. `wanted` is what the text says, `booked` what stands; `why` tells an unclear one."""

    mark: Mark
    name: str | None
    room: str | None
    wanted: Mapping[str, int]
    booked: Mapping[str, int]
    refs: tuple[str, ...] = ()
    wanted_fen: int = 0
    unpaid_fen: int = 0
    cancelled: bool = False
    notes: tuple[str, ...] = ()
    for_others: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences in the order of the text, then what vanished; units per offer and money on both sides."""

    people: tuple[Difference, ...]
    ambiguous: tuple[Ambiguous, ...]
    wanted: Mapping[str, int]
    booked: Mapping[str, int]
    wanted_fen: int
    booked_fen: int
    unpaid_fen: int

    def count(self, mark: Mark) -> int:
        """How many people carry a mark."""
        return sum(p.mark == mark for p in self.people)


@dataclass(slots=True)
class _Person:
    name: str | None
    room: str | None
    items: dict[str, int] = field(default_factory=dict)
    cancelled: bool = True
    notes: list[str] = field(default_factory=list)
    others: dict[str, dict[str, int]] = field(default_factory=dict)


def compare(reading: Reading, booked: Sequence[Booked], offers: Sequence[Offer]) -> Comparison:
    """Put every person of the text beside what they have booked.

    Lines of one person are added up, with what they order for others. A person is found by name, among several of that
    name by room, without a name by room. One that can't be told apart is `unclear`; nothing is guessed.
    """
    prices = {o.code: o.price_fen for o in offers}
    open_refs = {b.ref: b for b in booked}
    index: dict[str, list[Booked]] = {}
    for row in booked:
        for key in {key_of(name) for name in (row.name, *row.also)} - {""}:
            index.setdefault(key, []).append(row)
    rooms: dict[str, list[Booked]] = {}
    for row in booked:
        rooms.setdefault(row.room or "", []).append(row)
    people = [_beside(p, index, rooms, open_refs, prices) for p in _people(reading.entries)]
    doubted = {key_of(a.sender) for a in reading.ambiguous if a.sender}
    people += [_vanished(b, doubted) for b in booked if b.ref in open_refs]
    wanted = reading.totals()
    return Comparison(
        tuple(people),
        reading.ambiguous,
        wanted,
        _sum(b.items for b in booked),
        sum(prices[c] * n for c, n in wanted.items()),
        sum(b.amount_fen for b in booked),
        sum(b.unpaid_fen for b in booked),
    )


def _people(entries: Sequence[Entry]) -> list[_Person]:
    found: dict[tuple[str, str], _Person] = {}
    at: tuple[int | None, int, str] | None = None
    own: tuple[str, str] | None = None
    for entry in entries:
        line = (entry.seq, entry.line, key_of(entry.name))
        key = (key_of(entry.name), entry.room or "")
        if entry.proxy_for and own and at == line:
            key = own
        at, own = line, key
        person = found.setdefault(key, _Person(entry.name, entry.room))
        person.cancelled = person.cancelled and entry.cancelled
        if entry.note:
            person.notes.append(entry.note)
        for code, number in entry.items.items():
            person.items[code] = person.items.get(code, 0) + number
            if entry.proxy_for:
                other = person.others.setdefault(entry.proxy_for, {})
                other[code] = other.get(code, 0) + number
    return list(found.values())


def _beside(
    person: _Person,
    index: Mapping[str, list[Booked]],
    rooms: Mapping[str, list[Booked]],
    open_refs: dict[str, Booked],
    prices: Mapping[str, int],
) -> Difference:
    key = key_of(person.name)
    rows = index.get(key, []) if key else rooms.get(person.room or "-", [])
    if len(rows) > 1 and person.room:
        rows = [r for r in rows if r.room == person.room] or rows
    rows = [r for r in rows if r.ref in open_refs]
    told = len(rows) <= 1
    for row in rows:
        open_refs.pop(row.ref, None)
    has = _sum(r.items for r in rows)
    mark: Mark = "new" if not rows else "same" if dict(person.items) == has else "changed"
    if person.cancelled and told:
        mark = "vanished" if has else "same"
    return Difference(
        mark if told else "unclear",
        person.name,
        person.room,
        dict(person.items),
        has,
        tuple(r.ref for r in rows),
        sum(prices[c] * n for c, n in person.items.items()),
        sum(r.unpaid_fen for r in rows),
        person.cancelled,
        tuple(person.notes),
        person.others,
        "" if told else "有几个人叫这个名字，不知道是哪一个",
    )


def _vanished(row: Booked, doubted: set[str]) -> Difference:
    unclear = key_of(row.name) in doubted
    return Difference(
        "unclear" if unclear else "vanished",
        row.name,
        row.room,
        {},
        dict(row.items),
        (row.ref,),
        0,
        row.unpaid_fen,
        why="接龙里这个人的话没有说清" if unclear else "",
    )


def _sum(rows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for items in rows:
        for code, number in items.items():
            found[code] = found.get(code, 0) + number
    return found

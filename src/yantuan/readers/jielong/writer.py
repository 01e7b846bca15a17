"""Write a clean 接龙: `write(entries, offers)`. What it writes, the reader reads back as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from yantuan.readers.jielong.result import Entry, Offer

HEADING = "#接龙"
CANCELLED = "取消"


def write(entries: Sequence[Entry], offers: Sequence[Offer], title: str = "") -> str:
    """The list as text: heading, title, one line of goods each, a blank line, then one line a person.

    Entries without a list number get the next free ones; two entries of one number in a row - one's own and one for
    somebody else - share a line.
    """
    lines = [HEADING, *([" ".join(title.split())] if title.strip() else [])]
    lines += [f"{o.code} {' '.join(o.name.split())} {yuan(o.price_fen)}元" for o in offers]
    one = len(offers) == 1
    lines += ["", *(_line(number, people, one=one) for number, people in _numbered(entries))]
    return "\n".join(lines) + "\n"


def yuan(fen: int) -> str:
    """Fen as people write a price: 1990 → `19.9`, 3900 → `39`."""
    return f"{fen // 100}.{fen % 100:02}".rstrip("0").rstrip(".")


def _numbered(entries: Sequence[Entry]) -> Iterator[tuple[int, list[Entry]]]:
    last = max((e.seq or 0 for e in entries), default=0) if any(e.seq for e in entries) else 0
    at = 0
    while at < len(entries):
        people = [entries[at]]
        while at + len(people) < len(entries) and _shares(people, entries[at + len(people)]):
            people.append(entries[at + len(people)])
        at += len(people)
        number = people[0].seq
        if number is None:
            last += 1
            number = last
        yield number, people


def _shares(people: Sequence[Entry], entry: Entry) -> bool:
    first = people[0]
    together = first.seq is not None and entry.seq == first.seq and entry.name == first.name
    return together and first.line == entry.line and entry.proxy_for is not None


def _line(number: int, people: Sequence[Entry], *, one: bool) -> str:
    first = people[0]
    who = [first.name or "", _own_room(people) or ""]
    parts = [] if first.proxy_for else [CANCELLED if first.cancelled else _items(first.items, one=one)]
    parts += [
        _for(entry, top=not first.proxy_for, own=_own_room(people), one=one)
        for entry in people
        if entry.proxy_for
    ]
    said = [f"（{entry.note}）" for entry in people if entry.note]
    return f"{number}. {' '.join(w for w in who if w)} {'，'.join(parts)}{''.join(said)}"


def _own_room(people: Sequence[Entry]) -> str | None:
    """The orderer's room; where everything is for others, only a room they all share can be theirs."""
    return people[0].room


def _for(entry: Entry, *, top: bool, own: str | None, one: bool) -> str:
    room = entry.room if entry.room and entry.room != own else ""
    return f"{'另外' if top else ''}帮{room}{entry.proxy_for}带{_items(entry.items, one=one)}"


def _items(items: Mapping[str, int], *, one: bool) -> str:
    if one:
        return "".join(f"{number}份" for number in items.values())
    return " ".join(_each(items.items()))


def _each(items: Iterable[tuple[str, int]]) -> Iterator[str]:
    return (f"{code}×{number}" for code, number in items)

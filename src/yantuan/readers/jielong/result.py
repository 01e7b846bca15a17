"""What reading a 接龙 gives: orders, lines to ask back about, and the count of lines that say nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Offer:
    """What is sold: a short `code`, the `name` buyers see, other names, and the price of one unit in fen."""

    code: str
    name: str
    aliases: tuple[str, ...] = ()
    price_fen: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One order: `items` is {offer code: selling units}; `line` the index of the line it was last written in."""

    name: str | None
    room: str | None = None
    items: Mapping[str, int] = field(default_factory=dict)
    seq: int | None = None
    note: str | None = None
    cancelled: bool = False
    proxy_for: str | None = None
    line: int = -1


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A line nothing was booked from: its text, trimmed, a Chinese sentence why, its sender where a chat tells, its index."""

    text: str
    why: str
    sender: str | None = None
    line: int = -1


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole: every line that is not blank is used, ambiguous or ignored."""

    entries: tuple[Entry, ...]
    ambiguous: tuple[Ambiguous, ...]
    used_lines: int
    ignored_lines: int

    def totals(self) -> dict[str, int]:
        """Units per offer over all entries that stand."""
        found: dict[str, int] = {}
        for entry in self.entries:
            for code, quantity in entry.items.items():
                found[code] = found.get(code, 0) + quantity
        return found

    def as_json(self) -> dict[str, Any]:
        """The reading in the shape of the published cases' `expected`."""
        return {
            "entries": [
                {
                    "seq": e.seq,
                    "name": e.name,
                    "room": e.room,
                    "items": [{"offer": code, "qty": quantity} for code, quantity in e.items.items()],
                    "note": e.note,
                    "cancelled": e.cancelled,
                    "proxy_for": e.proxy_for,
                }
                for e in self.entries
            ],
            "ambiguous": [{"line": a.text, "why": a.why} for a in self.ambiguous],
            "ignored_lines": self.ignored_lines,
        }


def offers_from(rows: Sequence[Mapping[str, Any]]) -> list[Offer]:
    """Offers of a case: rows with `code`, `name`, `aliases` and `price_fen`."""
    return [
        Offer(str(r["code"]), str(r["name"]), tuple(r.get("aliases") or ()), int(r.get("price_fen") or 0))
        for r in rows
    ]


class Unclear(Exception):
    """A careful person would ask back: the line books nothing. Carries the reason in Chinese."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why

"""Pure decisions about a line: who comes when units are free, and what is kept for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One wish in a line, in its order."""

    id: int
    offer_id: int
    person_id: int
    quantity: int


def allot(available: int, line: Iterable[Place]) -> list[Place]:
    """Whose turn it is: along the line, everybody whose whole wish fits into what is left.

    One who wants more than there is keeps the place and stops nobody behind.
    """
    chosen: list[Place] = []
    for place in line:
        if place.quantity <= available:
            chosen.append(place)
            available -= place.quantity
    return chosen


def kept(available: int, line: Iterable[Place], *, but: tuple[int, int] | None = None) -> int:
    """Free units that belong to the line and not to whoever comes by; `but` is an (offer, person) who is asking."""
    return sum(p.quantity for p in allot(available, line) if (p.offer_id, p.person_id) != but)

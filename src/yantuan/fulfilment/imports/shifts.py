"""错行: a stretch of rows in which the recipient (or a number that is under way already) belongs to the order one or two rows up or down.

It happens when a column is pasted one row too high or too low. Each row looks right by itself, so the numbers would go to the
neighbours; what gives it away is that the disagreement always points the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yantuan.fulfilment.imports.facts import Known
from yantuan.fulfilment.imports.people import compare
from yantuan.fulfilment.imports.reading import Record

OFFSETS: Final = (-1, 1, -2, 2)
ENOUGH: Final = 3
"""Rows whose recipient is a neighbour's, one after the other, that are no accident."""


@dataclass(frozen=True)
class Shift:
    """Rows `first` to `last` (as the sheet counts) carry what belongs `offset` rows further down; above when negative."""

    first: int
    last: int
    offset: int


@dataclass(frozen=True)
class Placed:
    """A row and the order its number names."""

    record: Record
    order: Known | None


def shifts(rows: Sequence[Placed]) -> list[tuple[Shift, range]]:
    """Every shifted stretch, with the positions of its rows; no row is in two of them."""
    found: list[tuple[Shift, range]] = []
    taken: set[int] = set()
    for offset in OFFSETS:
        for stretch in _stretches(rows, offset, taken):
            taken.update(stretch)
            found.append((Shift(rows[stretch[0]].record.row, rows[stretch[-1]].record.row, offset), stretch))
    return sorted(found, key=lambda one: one[0].first)


def _stretches(rows: Sequence[Placed], offset: int, taken: set[int]) -> list[range]:
    found, start, strange = [], -1, 0
    for position in range(len(rows) + 1):
        points = position < len(rows) and position not in taken and _belongs(rows, position, offset)
        if points:
            if start < 0:
                start, strange = position, 0
            strange += _foreign(rows, position, offset)
        elif start >= 0:
            if strange >= ENOUGH:
                found.append(range(start, position))
            start = -1
    return found


def _belongs(rows: Sequence[Placed], position: int, offset: int) -> bool:
    """Whether this row's recipient or number is that of the order `offset` rows further."""
    other = position + offset
    if not 0 <= other < len(rows):
        return False
    order, record = rows[other].order, rows[position].record
    if order is None:
        return False
    return _same(record, order) or any(parcel.number == record.tracking for parcel in order.parcels)


def _same(record: Record, order: Known) -> bool:
    return compare(record.name, record.phone, order.name, order.phone).same_person


def _foreign(rows: Sequence[Placed], position: int, offset: int) -> bool:
    """Whether it isn't its own order's: one buyer's rows that follow each other prove nothing."""
    record, order, other = rows[position].record, rows[position].order, rows[position + offset].order
    if order is None or other is None or order.person == other.person:
        return False
    if any(parcel.number == record.tracking for parcel in order.parcels):
        return False
    if any(parcel.number == record.tracking for parcel in other.parcels):
        return True
    return compare(record.name, record.phone, order.name, order.phone).other_person

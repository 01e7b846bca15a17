"""From a file to records: one per row that says something, with what is wrong with the row itself. Nothing here knows an order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from yantuan.fulfilment.carriers import clean_number
from yantuan.fulfilment.imports.columns import (
    LOOK_IN,
    Heading,
    Role,
    first_of,
    heading_of,
    no_heading,
    roles_in,
)
from yantuan.kernel.sheets.cells import Cell, Limits, Merge, Row, SheetRefused, Table, digits_of, plain
from yantuan.kernel.sheets.opening import open_tables

LIMITS: Final = Limits()
LOOK_AT_SHEETS: Final = 5
LONGEST: Final = 60
"""Characters kept of a field."""
_LONGEST_LIST: Final = 400
_BETWEEN = re.compile(r"[、,;/|\s]+")
_SHORTEST: Final = 8
"""Characters of the shortest number that stands beside another in one cell."""
_NO_ORDER = re.compile(r"(订单号|订单编号|运单号|快递单号|合计|总计|小计)")
"""First words of sums and of headings repeated further down."""
NEEDED: Final[tuple[Role, ...]] = ("order", "tracking", "carrier", "name", "phone", "number")
"""Fields whose flaws matter."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row, in its own words. `flaws` are codes of `codes.CODES`."""

    row: int
    orders: tuple[str, ...] = ()
    """What may be the order's number, the likelier first."""
    line: str = ""
    tracking: str = ""
    """Clean, as it is compared."""
    carrier: str = ""
    name: str = ""
    phone: str = ""
    number: str = ""
    sale: str = ""
    quantity: str = ""
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """A file that could be read."""

    sheet: str
    headings: Mapping[Role, str]
    records: Sequence[Record] = field(default_factory=list)


def read_file(path: Path, limits: Limits = LIMITS) -> Read:
    """The records of the first sheet with a heading. Raises SheetRefused."""
    seen: set[Role] = set()
    with open_tables(path, limits) as tables:
        for table in tables[:LOOK_AT_SHEETS]:
            rows = table.rows()
            heading, looked = _find(rows)
            if heading is not None:
                return Read(table.name, heading.names, _records(table, rows, heading))
            seen = max(seen, looked, key=len)
    raise no_heading(seen)


def _find(rows: Iterator[Row]) -> tuple[Heading | None, set[Role]]:
    seen: set[Role] = set()
    for _, row in zip(range(LOOK_IN), rows, strict=False):
        heading = heading_of(row)
        if heading is not None:
            return heading, seen
        seen = max(seen, roles_in(row), key=len)
    return None, seen


def _records(table: Table, rows: Iterator[Row], heading: Heading) -> list[Record]:
    wanted = heading.wanted()
    kept: dict[int, dict[int, Cell]] = {}
    for row in rows:
        if _NO_ORDER.match(plain(row.cells[min(row.cells)].text)):
            continue
        cells = {column: cell for column, cell in row.cells.items() if column in wanted and _says(cell)}
        if cells:
            kept[row.number] = cells
    merged = _spread(kept, table.merges, wanted)
    found = [
        record
        for number, cells in kept.items()
        for record in _parted(_record(number, cells, heading, number in merged))
        if _is_one(record)
    ]
    if not found:
        raise SheetRefused("sheet_empty", "表头下面没有内容", "Nothing stands below the heading.")
    return found


def _says(cell: Cell) -> bool:
    return cell.kind in ("formula", "error") or bool(plain(cell.text))


def _spread(kept: dict[int, dict[int, Cell]], merges: Sequence[Merge], wanted: frozenset[int]) -> set[int]:
    """Give every row of a merged block the text of its first; answers the rows that got one."""
    filled: set[int] = set()
    for merge in merges:
        cell = kept.get(merge.first_row, {}).get(merge.first_column)
        if cell is None or merge.first_column not in wanted:
            continue
        for number in range(merge.first_row + 1, min(merge.last_row, merge.first_row + len(kept)) + 1):
            if number in kept:
                kept[number].setdefault(merge.first_column, cell)
                filled.add(number)
    return filled


def _record(number: int, cells: Mapping[int, Cell], heading: Heading, merged: bool) -> Record:
    flaws = {"merged_cell"} if merged else set()

    def text(role: Role) -> str:
        cell = first_of(cells, heading.columns.get(role, ()))
        if cell is None:
            return ""
        flaws.update(_flaws(cell) if role in NEEDED else ())
        return plain(cell.text)[:LONGEST]

    def long_number(role: Role, lost: str) -> str:
        cell = first_of(cells, heading.columns.get(role, ()))
        if cell is None:
            return ""
        flaws.update(_flaws(cell))
        digits, gone = digits_of(cell)
        flaws.update({lost} if gone else ())
        return digits[:_LONGEST_LIST]

    orders = _orders(cells, heading.columns.get("order", ()), flaws)
    return Record(
        number, orders, long_number("line", "order_digits_lost"),
        long_number("tracking", "tracking_digits_lost"), text("carrier"), text("name"),
        _phone(first_of(cells, heading.columns.get("phone", ()))), _participant(text("number")), text("sale"),
        text("quantity"), tuple(sorted(flaws)),
    )  # fmt: skip


def _participant(text: str) -> str:
    digits = text.removeprefix("#").strip()
    return str(int(digits)) if digits.isascii() and digits.isdigit() else digits


def _orders(cells: Mapping[int, Cell], columns: tuple[int, ...], flaws: set[str]) -> tuple[str, ...]:
    """Everything that may be the order's number; digits are lost only where no column kept them."""
    found, lost = [], False
    for column in columns:
        if column not in cells:
            continue
        flaws.update(_flaws(cells[column]))
        digits, gone = digits_of(cells[column])
        lost = lost or gone
        if digits and not gone:
            found.append(digits[:LONGEST])
    if lost and not found:
        flaws.add("order_digits_lost")
    return tuple(dict.fromkeys(found))


def _phone(cell: Cell | None) -> str:
    if cell is None or cell.kind == "error":
        return ""
    digits, gone = digits_of(cell)
    return "" if gone else digits[:LONGEST]


def _flaws(cell: Cell) -> set[str]:
    if cell.kind == "error":
        return {"cell_error"}
    if cell.kind == "formula":
        return {"formula_cell"} if plain(cell.text) else {"formula_empty"}
    return set()


def _parted(record: Record) -> list[Record]:
    """One record per tracking number: several may stand in one cell."""
    numbers = [one for one in _BETWEEN.split(record.tracking) if one]
    if len(numbers) < 2 or any(len(one) < _SHORTEST for one in numbers):
        # A number typed in groups of four.
        return [replace(record, tracking=clean_number("".join(numbers)))]
    return [replace(record, tracking=clean_number(number)) for number in dict.fromkeys(numbers)]


def _is_one(record: Record) -> bool:
    """Remarks below the table are no rows."""
    return bool(
        record.flaws or record.tracking or record.orders or record.number or (record.name and record.phone)
    )

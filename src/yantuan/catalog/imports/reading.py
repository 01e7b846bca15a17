"""From a file to records: one per row that names goods, with what is wrong with the row itself. Nothing here knows a store."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from yantuan.catalog.imports import values
from yantuan.catalog.imports.columns import (
    LOOK_IN,
    Heading,
    Role,
    heading_of,
    no_heading,
    roles_in,
    text_in,
)
from yantuan.kernel.sheets.cells import Cell, Limits, Row, SheetRefused, Table, digits_of, plain
from yantuan.kernel.sheets.opening import open_tables
from yantuan.kernel.sheets.pictures import Placed, placed

LIMITS: Final = Limits(rows=2000, row_marks=20_000, cells=200_000, inflated_bytes=40 * 1024 * 1024)
"""A supplier's list; a wholesale catalogue is sent in parts."""
LOOK_AT_SHEETS: Final = 5
MOST_NOTE: Final = 2000
MOST_PICTURES: Final = 9
_REMARK = re.compile(r"(合计|总计|小计|备注|注意|说明|温馨提示|联系|客服)")
"""First words of rows below the goods."""
_JUDGED: Final[tuple[Role, ...]] = ("title", "spec", "price", "stock", "limit")
"""Fields whose cells must have a value that is certain."""
_DOUBTFUL_MERGED: Final[tuple[Role, ...]] = ("price", "stock")
_ACROSS: Final = 3
"""A block merged over so many columns is a heading of what follows, no goods."""


@dataclass(slots=True)
class Record:
    """One row. Amounts in fen; `stock` None where nothing is said; `flaws` are codes of `codes.CODES`."""

    row: int
    title: str
    spec: str
    price_fen: int | None = None
    market_fen: int | None = None
    cost_fen: int | None = None
    stock: int | None = None
    limit: int = 0
    code: str = ""
    note: str = ""
    weight_g: int = 0
    pictures: list[str] = field(default_factory=list)
    """Names inside the archive."""
    flaws: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Read:
    """A file that could be read."""

    sheet: str
    others: list[str]
    """Further sheets, which were not read."""
    headings: Mapping[Role, str]
    records: list[Record]


def read_file(path: Path, limits: Limits = LIMITS) -> Read:
    """The goods of the first sheet with a heading. Raises SheetRefused."""
    seen: set[Role] = set()
    with open_tables(path, limits) as tables:
        for place, table in enumerate(tables[:LOOK_AT_SHEETS]):
            rows = table.rows()
            heading, looked = _find(rows)
            if heading is None:
                seen = max(seen, looked, key=len)
                continue
            kept, merged = _kept(table, rows, heading)
            others = [one.name for one in tables[place + 1 :]][:10]
            records = _records(kept, merged, heading, placed(path, limits, table.name))
            return Read(table.name, others, heading.names, records)
    raise no_heading(seen)


def _find(rows: Iterator[Row]) -> tuple[Heading | None, set[Role]]:
    seen: set[Role] = set()
    for _, row in zip(range(LOOK_IN), rows, strict=False):
        heading = heading_of(row)
        if heading is not None:
            return heading, seen
        seen = max(seen, roles_in(row), key=len)
    return None, seen


Rows = dict[int, dict[int, Cell]]


def _kept(table: Table, rows: Iterator[Row], heading: Heading) -> tuple[Rows, dict[int, set[int]]]:
    """The rows below the heading with merged cells filled in; and by row the columns that were."""
    kept: Rows = {}
    for row in rows:
        first = plain(row.cells[min(row.cells)].text)
        if not _REMARK.match(first) and heading_of(row) is None:
            kept[row.number] = dict(row.cells)
    wanted = set(heading.columns.values())
    filled: dict[int, set[int]] = {}
    for merge in table.merges:
        cell = kept.get(merge.first_row, {}).get(merge.first_column)
        if cell is None:
            continue
        if merge.last_column - merge.first_column + 1 >= _ACROSS:
            del kept[merge.first_row]
        elif merge.first_column in wanted:
            for number in range(merge.first_row + 1, min(merge.last_row, merge.first_row + LIMITS.rows) + 1):
                if number in kept:
                    kept[number].setdefault(merge.first_column, cell)
                    filled.setdefault(number, set()).add(merge.first_column)
    return kept, filled


def _records(kept: Rows, merged: Mapping[int, set[int]], heading: Heading, pictures: Placed) -> list[Record]:
    found: list[Record] = []
    for number, cells in kept.items():
        if not _is_one(cells, heading):
            continue
        record = _record(number, cells, heading)
        if any(heading.columns.get(role) in merged.get(number, ()) for role in _DOUBTFUL_MERGED):
            record.flaws.append("merged_cell")
        if not record.title and found and record.spec:
            record.title = found[-1].title
            record.flaws.append("title_above")
        if not record.title:
            record.flaws.append("title_missing")
        members = pictures.of(number, (cell.text for cell in cells.values()))
        record.pictures = members[:MOST_PICTURES]
        record.flaws += ["picture_left_out"] if len(members) > MOST_PICTURES else []
        found.append(record)
    if not found:
        raise SheetRefused("sheet_empty", "表头下面没有内容", "Nothing stands below the heading.")
    return found


def _is_one(cells: Mapping[int, Cell], heading: Heading) -> bool:
    """Goods, if it has a name and anything else, or a price: a lone name in a row is a remark."""
    roles = {role for role, column in heading.columns.items() if column in cells and _says(cells[column])}
    return "price" in roles or ("title" in roles and len(roles) > 1) or {"spec", "stock"} <= roles


def _says(cell: Cell) -> bool:
    return cell.kind in ("formula", "error") or bool(plain(cell.text))


def _record(number: int, cells: Mapping[int, Cell], heading: Heading) -> Record:
    at = heading.columns.get
    record = Record(number, text_in(cells, at("title")), text_in(cells, at("spec")))
    record.flaws += sorted({flaw for role in _JUDGED if (flaw := _flaw(cells.get(at(role, -1))))})
    unit = _prices(record, cells, heading)
    unit = text_in(cells, at("unit")) or unit
    if unit and unit not in record.spec:
        record.spec = f"{record.spec}/{unit}" if record.spec else unit
    _counts(record, cells, heading)
    record.code = _code(record, cells.get(at("code", -1)))
    note = text_in(cells, at("note"))
    record.note = note[:MOST_NOTE]
    record.flaws += ["note_cut"] if len(note) > MOST_NOTE else []
    record.weight_g = values.grams(text_in(cells, at("weight")))
    record.flaws += ["title_too_long"] if len(record.title) > 100 else []
    record.flaws += ["spec_too_long"] if len(record.spec) > 30 else []
    return record


def _flaw(cell: Cell | None) -> str:
    if cell is None or cell.kind not in ("error", "formula"):
        return ""
    if cell.kind == "error":
        return "cell_error"
    return "formula_cell" if plain(cell.text) else "formula_empty"


def _prices(record: Record, cells: Mapping[int, Cell], heading: Heading) -> str:
    """Put the amounts on the record; answers the unit said behind the price."""
    price = cells.get(heading.columns["price"])
    unit = ""
    if price is None or (price.kind == "text" and not plain(price.text)):
        record.flaws.append("price_missing")
    elif price.kind != "error" and plain(price.text):
        record.price_fen, unit, wrong = values.amount(price)
        record.flaws += [wrong] if wrong else []
    record.market_fen = _aside(cells.get(heading.columns.get("market", -1)))
    cost = cells.get(heading.columns.get("cost", -1))
    record.cost_fen = _aside(cost)
    if cost is not None and _says(cost) and record.cost_fen is None:
        record.flaws.append("cost_unreadable")
    if record.price_fen == 0:
        record.flaws.append("price_zero")
    if record.price_fen and record.market_fen is not None and record.market_fen <= record.price_fen:
        record.flaws.append("market_below")
    if record.price_fen and record.cost_fen is not None and record.cost_fen > record.price_fen:
        record.flaws.append("cost_above")
    return unit


def _aside(cell: Cell | None) -> int | None:
    return None if cell is None or cell.kind == "error" else values.amount(cell)[0]


def _counts(record: Record, cells: Mapping[int, Cell], heading: Heading) -> None:
    stock = cells.get(heading.columns.get("stock", -1))
    if stock is None or not _says(stock):
        record.flaws.append("stock_missing")
    elif stock.kind != "error" and plain(stock.text):
        record.stock = values.stock(stock)
        record.flaws += ["stock_unreadable"] if record.stock is None else []
    limit = cells.get(heading.columns.get("limit", -1))
    if limit is not None and limit.kind != "error" and plain(limit.text):
        most = values.limit(limit)
        record.limit = most or 0
        record.flaws += ["limit_unreadable"] if most is None else []


def _code(record: Record, cell: Cell | None) -> str:
    if cell is None or cell.kind == "error" or not plain(cell.text):
        return ""
    digits, lost = digits_of(cell)
    if lost or len(digits) > 32:
        record.flaws.append("code_lost")
        return ""
    return digits

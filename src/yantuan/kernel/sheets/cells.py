"""What a table consists of, how much of it is read, and why one isn't read at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Literal, NamedTuple, Protocol

from yantuan.kernel.errors import Invalid

Kind = Literal["text", "number", "formula", "error"]


class Cell(NamedTuple):
    """`text` as the file has it: of a number its digits as written there, of a formula the result saved with it."""

    text: str
    kind: Kind = "text"


class Row(NamedTuple):
    """`number` counts from one, as people see it at the edge of the sheet; `cells` by column from zero, empty ones left out."""

    number: int
    cells: dict[int, Cell]


class Merge(NamedTuple):
    """A block of merged cells; its text stands in the first."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int


class Table(Protocol):
    """One sheet. `merges` is complete when the rows have been read to the end."""

    name: str
    merges: list[Merge]

    def rows(self) -> Iterator[Row]:
        """The rows that hold anything, from above, read as they are asked for."""


@dataclass(frozen=True)
class Limits:
    """How much is read of one file; the first bound reached ends it with a refusal."""

    file_bytes: int = 10 * 1024 * 1024
    inflated_bytes: int = 80 * 1024 * 1024
    """Of a workbook, unpacked, all parts that are read together."""
    rows: int = 20_000
    """Rows that hold anything."""
    row_marks: int = 200_000
    """Rows a workbook mentions, empty ones too."""
    cells: int = 1_500_000
    columns: int = 300
    """Further columns are left out."""
    strings: int = 400_000
    characters: int = 8_000_000
    """Of a workbook's shared texts."""
    merges: int = 10_000


class SheetRefused(Invalid):
    """A file that is not read at all."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en, field="file")


def unreadable() -> SheetRefused:
    return SheetRefused(
        "sheet_unreadable", "文件打不开，可能已损坏，请重新导出后再传", "The file is broken; export it again."
    )


def too_large(what: str) -> SheetRefused:
    """`what`: the bound that was reached, for the log and for programs."""
    return SheetRefused(
        "sheet_too_large",
        "文件太大或展开后太大，请删掉图片和多余的工作表，或分成几份再传",
        f"The file is too large ({what}); remove pictures and other sheets, or split it.",
    )


def too_many_rows(limit: int) -> SheetRefused:
    return SheetRefused(
        "sheet_too_many_rows",
        f"一次最多读 {limit} 行，请分成几份再传（多余的空行也请删掉）",
        f"At most {limit} rows are read at once; split the file and delete empty rows.",
    )


_NOT_SHOWN: Final = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF, 0xAD, 0], None
)


def plain(text: str) -> str:
    """The text as people read it: full-width letters made half-width, invisible marks gone, blanks collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text.translate(_NOT_SHOWN)).split())


_GUARDED = re.compile(r'^=?"(.*)"$')
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE]\+?[0-9]{1,3})?")
EXACT_DIGITS: Final = 15
"""Spreadsheets keep no more digits of a number."""


def digits_of(cell: Cell) -> tuple[str, bool]:
    """The text of a cell that should hold a long number (an order, a tracking number), and whether digits of it were lost.

    `7.31E+13` is what a spreadsheet makes of 73123456789012: the rest is gone and can't be guessed. A number of more than
    fifteen digits was rounded when it was typed. Tricks that keep numbers as text (`="731…"`, a leading apostrophe) are undone.
    """
    text = plain(cell.text)
    guarded = _GUARDED.match(text)
    text = (guarded[1] if guarded else text).strip("'`‘’\" ")
    if not _NUMBER.fullmatch(text):
        return text, False
    written = "e" in text.lower() or "." in text
    if not written and cell.kind == "text":
        return text, False
    return _whole(text, written)


def _whole(text: str, written: bool) -> tuple[str, bool]:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text, True
    if value.adjusted() > 40 or value != value.to_integral_value():
        return text, True
    whole = f"{value:f}".split(".")[0]
    seen = len(value.normalize().as_tuple().digits)
    # Real numbers hardly ever end in six zeros; what came through 7.31E+13 does.
    rounded = len(whole) >= 10 and len(whole) - seen >= 6
    return (text if rounded and written else whole), rounded or len(whole) > EXACT_DIGITS

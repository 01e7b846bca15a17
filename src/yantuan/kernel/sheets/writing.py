"""Excel sheets that are safe to open: written row by row so that memory stays flat.

Every text is written as a text cell, never as a formula or a link, and what begins like a formula carries Excel's own
text mark, so that it stays text when somebody edits the cell. Amounts are numbers in yuan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from yantuan.kernel.lean import Later

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

xlsxwriter: Any = Later("xlsxwriter")
"""16 MB, for the few who export."""

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_OPTIONS: Final = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}  # fmt: skip
Columns = Sequence[tuple[str, int]]
"""Heading and width in characters of each column."""


@dataclass(frozen=True)
class Fen:
    """A cell with an amount."""

    fen: int


Cell = Fen | int | str


class Sheet:
    """One sheet with a fixed first row; `written` counts the rows below it."""

    def __init__(
        self,
        sheet: Worksheet,
        columns: Columns,
        formats: dict[str, Format],
        frozen: int,
        style: Format | None,
    ) -> None:
        self._sheet = sheet
        self._formats = formats
        self._style = style
        self.written = 0
        for column, (name, width) in enumerate(columns):
            sheet.set_column(column, column, width, style)
            self._text(0, column, name, formats["bold"])
        sheet.freeze_panes(1, frozen)

    def row(self, cells: Iterable[Cell]) -> None:
        """Write the next row; an empty text leaves its cell empty."""
        self.written += 1
        for column, cell in enumerate(cells):
            if isinstance(cell, Fen):
                self._sheet.write_number(
                    self.written, column, Decimal(cell.fen) / 100, self._formats["money"]
                )
            elif isinstance(cell, int):
                self._sheet.write_number(self.written, column, cell)
            elif cell:
                self._text(self.written, column, cell, self._style)

    def _text(self, row: int, column: int, text: str, style: Format | None = None) -> None:
        mark = self._formats["quoted"] if text.startswith(_FORMULA_STARTS) else style
        self._sheet.write_string(row, column, text, mark)


class Book:
    """A workbook being written; sheets are written one after the other, each to its end."""

    def __init__(self, target: Path | IO[bytes]) -> None:
        self._book = xlsxwriter.Workbook(target, _OPTIONS)
        self._formats = {
            "money": self._book.add_format({"num_format": "0.00"}),
            "quoted": self._book.add_format({"quote_prefix": True}),
            "text": self._book.add_format({"num_format": "@"}),
            "bold": self._book.add_format({"bold": True}),
        }

    def sheet(self, name: str, columns: Columns, *, frozen: int = 0, to_fill: bool = False) -> Sheet:
        """Begin the next sheet, its first row and `frozen` columns always in view.

        `to_fill`: its columns are text, so that a long number typed or pasted there later keeps its digits.
        """
        style = self._formats["text"] if to_fill else None
        return Sheet(self._book.add_worksheet(name), columns, self._formats, frozen, style)

    def close(self) -> None:
        """Finish the file. Raises OSError when the disk refuses."""
        self._book.close()


@contextmanager
def book(target: Path | IO[bytes]) -> Iterator[Book]:
    """A new workbook in that file, finished with the block. Raises OSError when the disk refuses."""
    made = Book(target)
    try:
        yield made
    finally:
        made.close()

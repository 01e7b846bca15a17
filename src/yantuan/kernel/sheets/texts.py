"""Tables as text: comma, tab or semicolon between the fields, in UTF-8, UTF-16 or GBK."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from yantuan.kernel.sheets.cells import (
    Cell,
    Limits,
    Merge,
    Row,
    SheetRefused,
    too_large,
    too_many_rows,
    unreadable,
)

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PIECE: Final = 256 * 1024
_FIELD: Final = 32_768
"""Most characters of one field: what a spreadsheet's cell holds. An open quotation mark would swallow the rest of the file."""


def encoding_of(path: Path) -> str:
    """The encoding in which the whole file makes sense. Raises SheetRefused `sheet_encoding_unknown`."""
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    guesses = ["utf-8", "gb18030"]
    if b"\x00" in head:
        guesses = ["utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"]
    for name in guesses:
        if _makes_sense(path, name):
            return name
    raise SheetRefused(
        "sheet_encoding_unknown",
        "看不懂文件的文字编码，请用 Excel 打开后另存为 xlsx 再传",
        "The encoding of the file is unknown; save it as xlsx.",
    )


def _makes_sense(path: Path, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        with path.open("rb") as file:
            while data := file.read(_PIECE):
                decoder.decode(data)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


class TextTable:
    """The one table of such a file."""

    name = ""

    def __init__(self, path: Path, limits: Limits) -> None:
        self.merges: list[Merge] = []
        self._path, self._limits = path, limits
        self._encoding = encoding_of(path)

    def rows(self) -> Iterator[Row]:
        """Rows that hold anything. Raises SheetRefused where the file breaks or reaches a bound."""
        try:
            with self._path.open(encoding=self._encoding, newline="") as file:
                comma = _separator([file.readline(_FIELD) for _ in range(20)])
                file.seek(0)
                yield from self._read(csv.reader(file, delimiter=comma))
        except (csv.Error, UnicodeError) as error:
            raise unreadable() from error

    def _read(self, lines: Iterator[list[str]]) -> Iterator[Row]:
        kept = marks = cells = 0
        for number, fields in enumerate(lines, 1):
            marks, cells = marks + 1, cells + len(fields)
            if marks > self._limits.row_marks or kept > self._limits.rows:
                raise too_many_rows(self._limits.rows)
            if cells > self._limits.cells or any(len(text) > _FIELD for text in fields):
                raise too_large("cells")
            found = {n: Cell(text) for n, text in enumerate(fields[: self._limits.columns]) if text.strip()}
            if found:
                kept += 1
                if kept > self._limits.rows:
                    raise too_many_rows(self._limits.rows)
                yield Row(number, found)


def _separator(lines: list[str]) -> str:
    """The mark that parts the fields of the first lines: whichever is there most often."""
    text = "".join(lines)
    return max((",", "\t", ";", "|"), key=text.count)

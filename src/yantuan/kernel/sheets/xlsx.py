"""Excel workbooks, read part by part: nothing is unpacked to disk, no part is held whole, and every count has a bound.

Only texts, numbers and results saved with formulas are read. Formulas are never computed, links never followed, a part with a document
type is refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import normpath
from typing import IO, Any, Final, TypeVar
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

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

PIECE: Final = 64 * 1024
MOST_PARTS: Final = 2000
MOST_SHEETS: Final = 20
BROKEN: Final = (BadZipFile, zlib.error, expat.ExpatError, NotImplementedError, RuntimeError, ValueError, KeyError,
                  EOFError, struct.error, OSError)  # fmt: skip
"""What damaged archives make the library raise."""


def check_directory(path: Path) -> None:
    """Look at the archive's own table before the library builds objects of it. Raises SheetRefused."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = max(0, size - 65_557)
        file.seek(start)
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise unreadable()
    entries, table = struct.unpack_from("<HI", tail, at + 10)
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07") or entries > MOST_PARTS or table > 1024 * 1024:
        raise too_large("parts")


class _Meter:
    """Counts what the parts unpack to."""

    def __init__(self, limit: int) -> None:
        self._left = limit

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise too_large("unpacked")


def local_name(name: str) -> str:
    return name.rpartition("}")[2]


def attribute(attrs: dict[str, str], name: str) -> str:
    return next((value for key, value in attrs.items() if local_name(key) == name), "")


class Part:
    """One XML part being parsed: subclasses hear of tags and of the text between them."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text

    def _doctype(self, *args: Any) -> None:
        raise unreadable()

    def _start(self, name: str, attrs: dict[str, str]) -> None: ...

    def _end(self, name: str) -> None: ...

    def _text(self, data: str) -> None: ...

    def feed(self, data: bytes, last: bool = False) -> None:
        self._parser.Parse(data, last)


_PartT = TypeVar("_PartT", bound=Part)


class Names(Part):
    """Attributes of every element with one of these names."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self._names = names
        self.found: list[tuple[str, dict[str, str]]] = []

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        local = local_name(name)
        if local in self._names:
            self.found.append((local, attrs))
            if len(self.found) > MOST_PARTS:
                raise too_large("names")


class _Strings(Part):
    """The texts cells share; reading aids beside Japanese words are left out."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits = limits
        self._one: list[str] = []
        self._inside = False
        self._aid = 0
        self._characters = 0
        self.texts: list[str] = []

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        local = local_name(name)
        if local == "si":
            self._one = []
        elif local == "rPh":
            self._aid += 1
        elif local == "t":
            self._inside = not self._aid

    def _text(self, data: str) -> None:
        if self._inside:
            self._one.append(data)
            self._characters += len(data)
            if self._characters > self._limits.characters:
                raise too_large("characters")

    def _end(self, name: str) -> None:
        local = local_name(name)
        if local == "t":
            self._inside = False
        elif local == "rPh":
            self._aid -= 1
        elif local == "si":
            self.texts.append("".join(self._one))
            if len(self.texts) > self._limits.strings:
                raise too_large("strings")


class _Cells(Part):
    """Rows of one sheet, collected in `ready` as they end, and merged blocks."""

    def __init__(self, strings: Callable[[], list[str]], limits: Limits) -> None:
        super().__init__()
        self._strings, self._limits = strings, limits
        self.ready: list[Row] = []
        self.merges: list[Merge] = []
        self._columns: dict[str, int] = {}
        self._marks = self._kept = self._count = self._number = 0
        self._cells: dict[int, Cell] = {}
        self._column, self._kind, self._formula = -1, "n", False
        self._value: list[str] | None = None
        self._listening = False

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        local = local_name(name)
        if local == "c":
            self._begin_cell(attrs)
        elif local == "v" or local == "t":
            self._listening = self._column >= 0
        elif local == "f":
            self._formula = True
        elif local == "row":
            self._begin_row(attrs)
        elif local == "mergeCell":
            self._merge(attrs.get("ref", ""))

    def _begin_row(self, attrs: dict[str, str]) -> None:
        self._marks += 1
        if self._marks > self._limits.row_marks:
            raise too_many_rows(self._limits.rows)
        self._number = int(attrs.get("r") or self._number + 1)
        self._cells, self._column = {}, -1

    def _begin_cell(self, attrs: dict[str, str]) -> None:
        self._count += 1
        if self._count > self._limits.cells:
            raise too_large("cells")
        place = attrs.get("r", "")
        self._column = self._column_of(place.rstrip("0123456789")) if place else self._column + 1
        self._kind, self._formula, self._value = attrs.get("t", "n"), False, None

    def _column_of(self, letters: str) -> int:
        known = self._columns.get(letters)
        if known is None:
            if not 1 <= len(letters) <= 3 or not letters.isascii() or not letters.isalpha():
                raise unreadable()
            known = 0
            for letter in letters.upper():
                known = known * 26 + ord(letter) - 64
            self._columns[letters] = known = known - 1
        return known

    def _text(self, data: str) -> None:
        if self._listening:
            if self._value is None:
                self._value = []
            self._value.append(data)

    def _end(self, name: str) -> None:
        local = local_name(name)
        if local == "v" or local == "t":
            self._listening = False
        elif local == "c":
            self._end_cell()
        elif local == "row" and self._cells:
            self._kept += 1
            if self._kept > self._limits.rows:
                raise too_many_rows(self._limits.rows)
            self.ready.append(Row(self._number, self._cells))

    def _end_cell(self) -> None:
        text = "".join(self._value) if self._value is not None else ""
        if self._column < self._limits.columns and (text or self._formula):
            self._cells[self._column] = self._made(text)

    def _made(self, text: str) -> Cell:
        if self._kind == "e":
            return Cell(text, "error")
        if self._kind == "s":
            text = self._strings()[int(text)] if text else ""
        if self._formula:
            return Cell(text, "formula")
        return Cell(text, "number" if self._kind == "n" else "text")

    def _merge(self, ref: str) -> None:
        if len(self.merges) >= self._limits.merges:
            raise too_large("merges")
        first, _, last = ref.partition(":")
        (row, column), (last_row, last_column) = self._corner(first), self._corner(last or first)
        self.merges.append(Merge(row, last_row, column, last_column))

    def _corner(self, ref: str) -> tuple[int, int]:
        letters = ref.rstrip("0123456789")
        return int(ref[len(letters) :]), self._column_of(letters)


class XlsxTable:
    """One sheet of a workbook."""

    def __init__(self, book: XlsxBook, name: str, member: str) -> None:
        self.name = name
        self.merges: list[Merge] = []
        self.member = member
        self._book = book

    def rows(self) -> Iterator[Row]:
        """Rows that hold anything. Raises SheetRefused where the file breaks or reaches a bound."""
        part = _Cells(self._book.strings, self._book.limits)
        self.merges = part.merges
        for _ in self._book.pieces(self.member, part):
            yield from part.ready
            part.ready.clear()


class XlsxBook:
    """An open workbook; `close` it."""

    def __init__(self, path: Path, limits: Limits) -> None:
        check_directory(path)
        self.limits = limits
        self._meter = _Meter(limits.inflated_bytes)
        self._texts: list[str] | None = None
        try:
            self._zip = ZipFile(path)
        except BROKEN as error:
            raise unreadable() from error
        self._members = frozenset(self._zip.namelist())

    def close(self) -> None:
        self._zip.close()

    def tables(self) -> list[XlsxTable]:
        """The sheets in the order of their tabs, hidden ones left out."""
        sheets = self.whole("xl/workbook.xml", Names("sheet")).found
        links = self.whole("xl/_rels/workbook.xml.rels", Names("Relationship")).found
        targets = {attrs.get("Id", ""): attrs.get("Target", "") for _, attrs in links}
        shown = [attrs for _, attrs in sheets if attrs.get("state", "visible") == "visible"]
        found = [(attrs.get("name", ""), _member(targets.get(attribute(attrs, "id"), ""))) for attrs in shown]
        return [XlsxTable(self, name, member) for name, member in found[:MOST_SHEETS] if self.has(member)]

    def strings(self) -> list[str]:
        """The shared texts, read when the first is asked for."""
        if self._texts is None:
            name, part = "xl/sharedStrings.xml", _Strings(self.limits)
            self._texts = self.whole(name, part).texts if self.has(name) else []
        return self._texts

    def has(self, member: str) -> bool:
        """Whether the archive has such a part."""
        return member in self._members

    def whole(self, member: str, part: _PartT) -> _PartT:
        """The part after all of a member was fed to it. Raises SheetRefused."""
        for _ in self.pieces(member, part):
            pass
        return part

    def pieces(self, member: str, part: Part) -> Iterator[None]:
        """Feed one member to its parser piece by piece; stops after each. Raises SheetRefused."""
        try:
            with self._zip.open(member) as file:
                yield from self._feed(file, part)
        except SheetRefused:
            raise
        except (*BROKEN, IndexError) as error:
            raise unreadable() from error

    def _feed(self, file: IO[bytes], part: Part) -> Iterator[None]:
        while data := file.read(PIECE):
            self._meter.take(len(data))
            part.feed(data)
            yield
        part.feed(b"", last=True)
        yield


def _member(target: str) -> str:
    return normpath(target.lstrip("/") if target.startswith("/") else f"xl/{target}")

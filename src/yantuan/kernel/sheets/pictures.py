"""Pictures inside a workbook: which row each lies on, and their bytes, read one at a time within a bound.

Excel anchors a picture to a cell through a drawing; WPS can put it into the cell itself, whose text is then `=DISPIMG("ID_…",1)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import basename, dirname, normpath
from typing import Final
from zipfile import ZipFile

from yantuan.kernel.sheets.cells import Limits, SheetRefused, unreadable
from yantuan.kernel.sheets.xlsx import BROKEN, Names, Part, XlsxBook, attribute, local_name

MOST: Final = 2000
"""Pictures looked at in one sheet."""
_IN_CELL = re.compile(r'DISPIMG\("([A-Za-z0-9_{}-]{1,80})"')
_CELL_IMAGES: Final = "xl/cellimages.xml"


@dataclass(frozen=True)
class Placed:
    """`rows`: row as people count → names inside the archive; `cells`: names WPS gives pictures in cells → the same."""

    rows: Mapping[int, list[str]] = field(default_factory=dict)
    cells: Mapping[str, str] = field(default_factory=dict)

    def of(self, row: int, texts: Iterable[str]) -> list[str]:
        """The pictures of one row: those in its cells, whose texts these are, then those that lie on it."""
        ids = [found[1] for text in texts if (found := _IN_CELL.search(text))]
        return list(
            dict.fromkeys([*(self.cells[i] for i in ids if i in self.cells), *self.rows.get(row, [])])
        )


class _Anchors(Part):
    """(row from zero, relation) of every anchored picture."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._from = self._listening = False
        self._row = -1
        self._digits = ""

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        local = local_name(name)
        if local.endswith("CellAnchor"):
            self._row = -1
        elif local == "from":
            self._from = True
        elif local == "row" and self._from:
            self._listening, self._digits = True, ""
        elif local == "blip" and self._row >= 0 and len(self.found) < MOST:
            self.found.append((self._row, attribute(attrs, "embed")))

    def _text(self, data: str) -> None:
        if self._listening:
            self._digits += data

    def _end(self, name: str) -> None:
        local = local_name(name)
        if local == "row" and self._listening:
            self._row, self._listening = int(self._digits), False
        elif local == "from":
            self._from = False


class _InCells(Part):
    """(WPS's name, relation) of every picture that lies in a cell."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._name = ""

    def _start(self, name: str, attrs: dict[str, str]) -> None:
        local = local_name(name)
        if local == "cNvPr":
            self._name = attrs.get("name", "")
        elif local == "blip" and self._name and len(self.found) < MOST:
            self.found.append((self._name, attribute(attrs, "embed")))


def placed(path: Path, limits: Limits, sheet: str) -> Placed:
    """Where the pictures of the sheet of that name lie; nothing for a file that is no workbook. Raises SheetRefused."""
    with path.open("rb") as file:
        if not file.read(4).startswith(b"PK\x03\x04"):
            return Placed()
    book = XlsxBook(path, limits)
    try:
        table = next((one for one in book.tables() if one.name == sheet), None)
        rows: dict[int, list[str]] = {}
        for drawing in _targets(book, table.member, "/drawing") if table else []:
            anchors = book.whole(drawing, _Anchors()).found
            files = _relations(book, drawing)
            for row, relation in anchors:
                if relation in files:
                    rows.setdefault(row + 1, []).append(files[relation])
        return Placed(rows, _in_cells(book))
    finally:
        book.close()


def _in_cells(book: XlsxBook) -> dict[str, str]:
    if not book.has(_CELL_IMAGES):
        return {}
    found, files = book.whole(_CELL_IMAGES, _InCells()).found, _relations(book, _CELL_IMAGES)
    return {name: files[relation] for name, relation in found if relation in files}


def _related(book: XlsxBook, member: str) -> list[dict[str, str]]:
    name = f"{dirname(member)}/_rels/{basename(member)}.rels"
    if not book.has(name):
        return []
    return [attrs for _, attrs in book.whole(name, Names("Relationship")).found]


def _relations(book: XlsxBook, member: str) -> dict[str, str]:
    found = {a.get("Id", ""): _target(member, a) for a in _related(book, member)}
    return {key: target for key, target in found.items() if book.has(target)}


def _targets(book: XlsxBook, member: str, ending: str) -> list[str]:
    wanted = [a for a in _related(book, member) if a.get("Type", "").endswith(ending)]
    return [target for a in wanted if book.has(target := _target(member, a))]


def _target(member: str, attrs: Mapping[str, str]) -> str:
    """A relation's file. Links to the outside name no part of the archive and so find nothing."""
    target = attrs.get("Target", "")
    return normpath(target.lstrip("/") if target.startswith("/") else f"{dirname(member)}/{target}")


def picture_bytes(path: Path, member: str, most: int) -> bytes | None:
    """One picture's bytes; None when it unpacks to more than `most`. Raises SheetRefused for a broken archive."""
    try:
        with ZipFile(path) as archive, archive.open(member) as file:
            data = file.read(most + 1)
    except SheetRefused:
        raise
    except BROKEN as error:
        raise unreadable() from error
    return data if len(data) <= most else None

"""Which kind of file it is, told by its first bytes and never by its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

from yantuan.kernel.sheets.cells import Limits, SheetRefused, Table, too_large, unreadable
from yantuan.kernel.sheets.texts import TextTable
from yantuan.kernel.sheets.xlsx import XlsxBook

_OLE: Final = b"\xd0\xcf\x11\xe0"
_ZIP: Final = b"PK\x03\x04"
_MARKUP: Final = (b"<html", b"<!doc", b"<?xml", b"<table", b"<meta", b"<head")


@contextmanager
def open_tables(path: Path, limits: Limits) -> Iterator[Sequence[Table]]:
    """The sheets of a file. Raises SheetRefused for what can't or won't be read; the file itself is never changed."""
    size = path.stat().st_size
    if size > limits.file_bytes:
        raise too_large("bytes")
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_ZIP):
        with _workbook(path, limits) as tables:
            yield tables
        return
    _refuse_foreign(head)
    yield [TextTable(path, limits)]


@contextmanager
def _workbook(path: Path, limits: Limits) -> Iterator[Sequence[Table]]:
    book = XlsxBook(path, limits)
    try:
        tables = book.tables()
        if not tables:
            raise unreadable()
        yield tables
    except BadZipFile as error:
        raise unreadable() from error
    finally:
        book.close()


def _refuse_foreign(head: bytes) -> None:
    if not head.strip():
        raise SheetRefused("sheet_empty", "文件是空的", "The file is empty.")
    if head.startswith(_OLE):
        raise SheetRefused(
            "sheet_old_format",
            "这是旧版 xls 文件，或加了打开密码。请用 Excel 或 WPS 打开，另存为不带密码的 xlsx 再传",
            "An old xls file, or one with a password: save it as xlsx without one.",
        )
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:6].lower().startswith(_MARKUP):
        raise SheetRefused(
            "sheet_web_page",
            "这其实是网页，不是表格（有些系统导出的 xls 是这样）。请用 Excel 或 WPS 打开，另存为 xlsx 再传",
            "A web page in disguise: open it in a spreadsheet and save it as xlsx.",
        )
    if head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8", b"GIF8", b"Rar!", b"7z\xbc\xaf")):
        raise SheetRefused(
            "sheet_not_a_table",
            "这不是表格文件，请传 xlsx 或 csv",
            "Not a table: send xlsx or csv.",
        )

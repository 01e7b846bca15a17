"""Reading strangers' tables: what is in them, and what is refused before it costs anything."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yantuan.kernel.sheets.cells import Cell, Limits, Merge, Row, SheetRefused, digits_of, plain
from yantuan.kernel.sheets.opening import open_tables

LIMITS = Limits()


def read(path: Path, limits: Limits = LIMITS) -> tuple[list[Row], list[Merge]]:
    with open_tables(path, limits) as tables:
        rows = list(tables[0].rows())
        return rows, list(tables[0].merges)


def texts(path: Path) -> list[list[str]]:
    rows, _ = read(path)
    return [[cell.text for _, cell in sorted(row.cells.items())] for row in rows]


def refused(path: Path, limits: Limits = LIMITS) -> str:
    with pytest.raises(SheetRefused) as error:
        read(path, limits)
    return error.value.code


def book(path: Path, *rows: list[Any], merge: str = "") -> Path:
    made = openpyxl.Workbook()
    sheet = made.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    made.save(path)
    return path


def part(path: Path, sheet: bytes, **more: bytes) -> Path:
    """A workbook of which only the one sheet's XML matters."""
    kind = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    link = b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    files = {
        "xl/workbook.xml": b"<workbook %b %b><sheets><sheet name='S' sheetId='1' r:id='r1'/></sheets></workbook>"
        % (kind, link),
        "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="x"><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": sheet,
        **{name.replace("__", "/"): data for name, data in more.items()},
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            out.writestr(name, data)
    return path


def test_a_workbook(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        ["订单号", "数"],
        ["００１", 73123456789012],
        [None, None],
        ["=1+1", "x"],
        merge="A2:A4",
    )
    rows, merges = read(path)
    assert [row.number for row in rows] == [1, 2, 4]
    assert rows[1].cells == {0: Cell("００１", "text"), 1: Cell("73123456789012", "number")}
    # A merged block keeps only its first cell; what openpyxl had in the others is gone.
    assert merges == [Merge(2, 4, 0, 0)] and rows[2].cells == {1: Cell("x", "text")}


def test_formulas_give_what_was_saved_with_them(tmp_path: Path) -> None:
    sheet = b"""<worksheet><sheetData><row r="3"><c r="B3" t="str"><f>A1</f><v>YT1</v></c><c r="C3"><f>1+1</f></c>
      <c r="D3" t="e"><f>VLOOKUP()</f><v>#N/A</v></c><c r="E3" t="inlineStr"><is><r><t>a</t></r><r><t>b</t></r></is></c>
      <c t="b"><v>1</v></c></row></sheetData></worksheet>"""
    rows, _ = read(part(tmp_path / "f.xlsx", sheet))
    assert rows == [
        Row(
            3,
            {
                1: Cell("YT1", "formula"),
                2: Cell("", "formula"),
                3: Cell("#N/A", "error"),
                4: Cell("ab", "text"),
                5: Cell("1", "text"),
            },
        )
    ]


@pytest.mark.parametrize(
    ("encoding", "comma"),
    [
        ("utf-8", ","),
        ("utf-8-sig", ";"),
        ("gb18030", ","),
        ("utf-16", "\t"),
        ("utf-16-le", "\t"),
        ("utf-16-be", "\t"),
    ],
)
def test_text_in_every_encoding_people_send(tmp_path: Path, encoding: str, comma: str) -> None:
    path = tmp_path / "t.csv"
    lines = [["订单号", "运单号"], ["1", '"有,逗号和\n换行"'], [], ["2", "YT2"]]
    path.write_bytes("\r\n".join(comma.join(line) for line in lines).encode(encoding))
    assert texts(path) == [["订单号", "运单号"], ["1", "有,逗号和\n换行"], ["2", "YT2"]]


def test_what_is_no_table_says_what_to_do(tmp_path: Path) -> None:
    cases = {
        b"": "sheet_empty",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600: "sheet_old_format",
        b"\xef\xbb\xbf<html><table>": "sheet_web_page",
        b"%PDF-1.7": "sheet_not_a_table",
        b"PK\x03\x04 and nothing more": "sheet_unreadable",
        b"\xff\x81\x00\xfe" * 3 + b"\xff": "sheet_encoding_unknown",
    }
    for number, (data, code) in enumerate(cases.items()):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(data)
        assert refused(path) == code, data[:8]


def test_bombs_cost_nothing(tmp_path: Path) -> None:
    row = b"<row><c><v>1</v></c></row>"
    big = part(
        tmp_path / "big.xlsx", b"<worksheet><sheetData>" + b" " * 100_000_000 + b"</sheetData></worksheet>"
    )
    assert big.stat().st_size < 200_000 and refused(big) == "sheet_too_large"
    long = part(
        tmp_path / "long.xlsx", b"<worksheet><sheetData>" + row * 20_001 + b"</sheetData></worksheet>"
    )
    assert refused(long) == "sheet_too_many_rows"
    empty = part(
        tmp_path / "empty.xlsx", b"<worksheet><sheetData>" + b"<row/>" * 200_001 + b"</sheetData></worksheet>"
    )
    assert refused(empty) == "sheet_too_many_rows"
    wide = part(
        tmp_path / "wide.xlsx", b"<worksheet><row>" + b"<c><v>1</v></c>" * 2000 + b"</row></worksheet>"
    )
    assert refused(wide, replace(LIMITS, cells=1999)) == "sheet_too_large"
    assert [len(found.cells) for found in read(wide)[0]] == [300]
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>'
    assert refused(part(tmp_path / "laughs.xlsx", laughs)) == "sheet_unreadable"
    merges = b"<worksheet><mergeCells>" + b'<mergeCell ref="A1:B2"/>' * 10_001 + b"</mergeCells></worksheet>"
    assert refused(part(tmp_path / "merges.xlsx", merges)) == "sheet_too_large"
    assert refused(long, replace(LIMITS, file_bytes=100)) == "sheet_too_large"


def test_a_directory_of_many_parts_is_never_opened(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(2001):
            made.writestr(f"{number}", b"")
    path = tmp_path / "many.xlsx"
    path.write_bytes(out.getvalue())
    assert refused(path) == "sheet_too_large"
    # One that lies about their number.
    data = bytearray(out.getvalue())
    struct.pack_into("<HH", data, data.rfind(b"PK\x05\x06") + 8, 3, 3)
    path.write_bytes(data)
    assert refused(path) in ("sheet_unreadable", "sheet_too_large")


def test_broken_workbooks_are_refused_and_nothing_else_happens(tmp_path: Path) -> None:
    whole = book(tmp_path / "w.xlsx", *[[f"订单{n}", n] for n in range(300)]).read_bytes()
    for number, cut in enumerate(range(200, len(whole), max(1, len(whole) // 40))):
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(whole[:cut] + bytes([whole[cut] ^ 0xFF]) + whole[cut + 1 :])
        try:
            read(path)
        except SheetRefused as error:
            assert error.code.startswith("sheet_")
    for sheet in (b"<worksheet><row r='x'/></worksheet>", b"<worksheet><row><c r='????'><v>1</v></c></row></worksheet>",
                  b"<worksheet><row><c t='s'><v>7</v></c></row></worksheet>", b"<worksheet>", b"\xff\xfe\x00"):  # fmt: skip
        assert refused(part(tmp_path / "bad.xlsx", sheet)) == "sheet_unreadable"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_junk_never_breaks_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("junk") / "j.csv"
    path.write_bytes(data)
    try:
        read(path)
    except SheetRefused as error:
        assert error.code.startswith("sheet_")


def test_an_open_quotation_mark_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text('a,"b\n' + "x,y\n" * 60_000)
    assert refused(path) in ("sheet_unreadable", "sheet_too_large")


def test_long_numbers_are_whole_or_lost() -> None:
    number, text = "73123456789012", "text"
    assert digits_of(Cell(f" {number} ")) == (number, False)
    for kept in (
        f'="{number}"',
        f"'{number}",
        f"\t{number}",
        "７３１２３４５６７８９０１２",
        f"\u202d{number}\u202c",
    ):
        assert digits_of(Cell(kept)) == (number, False), kept
    assert digits_of(Cell(number, "number")) == (number, False)
    assert digits_of(Cell("7.3123456789012E13", "number")) == (number, False)
    for lost in ("7.31E+13", "7.3123E+13", "7.31e13", "1.23456789012346E+18"):
        assert digits_of(Cell(lost))[1] and digits_of(Cell(lost, "number"))[1], lost
    # What a spreadsheet makes of 7.31E+13 once it has been saved, and of nineteen digits.
    assert (
        digits_of(Cell("73100000000000", "number"))[1] and digits_of(Cell("1234567890123456789", "number"))[1]
    )
    assert digits_of(Cell("1234567890123456789", text)) == ("1234567890123456789", False)
    assert digits_of(Cell("12.5", "number"))[1]
    assert digits_of(Cell("YT1234567890123")) == ("YT1234567890123", False)


def test_plain_text_is_what_people_see() -> None:
    assert plain("\u200b订 单\u3000号\ufeff\u202e") == "订 单 号"

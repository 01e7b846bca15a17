"""What cells of goods say: amounts, counts, weights."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from yantuan.kernel.sheets.cells import Cell, plain

MOST_FEN: Final = 100_000_000_00
MOST_STOCK: Final = 99_999_999
MOST_LIMIT: Final = 9999
_AMOUNT = re.compile(
    r"(?:约|¥|rmb|cny)*\s*([0-9]+(?:\.[0-9]*)?(?:e[+-]?[0-9]{1,2})?)\s*(?:元|块钱?|rmb)?\s*(?:/|每|一)?\s*([^\d\s/]{1,4})?",
    re.I,
)
_RANGE = re.compile(r"[0-9]\s*(?:元)?\s*(?:-|~|至|到)\s*[0-9]")
_COUNT = re.compile(
    r"(?:限购?|每人|每户|约)*([0-9]+(?:\.0*)?(?:e\+?[0-9]{1,2})?)\s*[件份箱个盒袋瓶斤只包套提组条支罐枚桶]?(?:/人|每人)?",
    re.I,
)
_WEIGHT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(kg|公斤|千克|g|克|斤|两)", re.I)
_GRAMS: Final = {"kg": 1000, "公斤": 1000, "千克": 1000, "g": 1, "克": 1, "斤": 500, "两": 50}
_NONE: Final = frozenset({"无", "不限", "不限购", "没有", "-", "/"})
_SOLD_OUT: Final = frozenset({"无", "缺货", "售罄", "无货", "断货", "没有", "-"})


def amount(cell: Cell) -> tuple[int | None, str, str]:
    """(fen, the unit said behind it, code of what is wrong). None with a code where it is no amount.

    Spreadsheets keep 29.9 × 1.1 as 32.890000000000001: what is within a millionth of a fen is that fen.
    """
    text = plain(cell.text).replace(",", "").replace(" ", "")
    if _RANGE.search(text):
        return None, "", "price_range"
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return None, "", "price_unreadable"
    exact = Decimal(found[1]) * 100
    if exact.adjusted() > 12:
        return None, "", "price_unreadable"
    fen = int(exact.to_integral_value(ROUND_HALF_UP))
    if fen > MOST_FEN:
        return None, "", "price_unreadable"
    unit = (found[2] or "").strip("()")
    return fen, unit, "" if abs(exact - fen) < Decimal("0.000001") else "price_rounded"


def count(cell: Cell, most: int, *, nothing: frozenset[str]) -> int | None:
    """A whole number up to `most`, with or without a unit; words in `nothing` are 0. None for anything else."""
    text = plain(cell.text).replace(",", "").replace(" ", "")
    if text in nothing:
        return 0
    found = _COUNT.fullmatch(text)
    if found is None:
        return None
    exact = Decimal(found[1])
    if exact.adjusted() > 8 or exact != exact.to_integral_value():
        return None
    return int(exact) if exact <= most else None


def stock(cell: Cell) -> int | None:
    """Pieces on hand; `缺货` is 0."""
    return count(cell, MOST_STOCK, nothing=_SOLD_OUT)


def limit(cell: Cell) -> int | None:
    """Most pieces of one person; `不限` is 0."""
    return count(cell, MOST_LIMIT, nothing=_NONE)


def grams(text: str) -> int:
    """A weight with its unit in grams, up to a ton; 0 where it is none."""
    found = _WEIGHT.fullmatch(text.replace(" ", ""))
    if found is None:
        return 0
    exact = Decimal(found[1]) * _GRAMS[found[2].lower()]
    return int(exact) if exact <= 1_000_000 else 0

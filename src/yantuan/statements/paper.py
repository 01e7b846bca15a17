"""A sale's statement on A4: the sums, then every payment, refund and share behind them. Lengths are millimetres."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.kernel.clock import china_text
from yantuan.kernel.money import yuan_text
from yantuan.picking.printing import Document, Head
from yantuan.statements.rules import METHODS, STREAMS, Entry, Stream, Sums, Totals
from yantuan.statements.words import ESTIMATED, METHOD_NAMES, STREAM_NAMES

_WIDTH: Final = 210.0
_HEIGHT: Final = 297.0
_MARGIN: Final = 12.0
_LINE: Final = 6.0
_SUMS: Final = (("", 30.0), ("收款", 27.0), ("退款", 27.0), ("手续费", 27.0), ("分账", 27.0), ("净额", 28.0))
_ENTRIES: Final = (("跟团号", 16.0), ("时间", 34.0), ("金额", 26.0), ("手续费", 24.0), ("说明", 86.0))
_RIGHT: Final = ("收款", "退款", "手续费", "分账", "净额", "金额")
Columns = Sequence[tuple[str, float]]


class _Paper:
    """Lines below each other, going on to a new page."""

    def __init__(self, head: Head, texts: Sequence[str]) -> None:
        self.made = Document(_WIDTH, _HEIGHT, [head.title, *texts])
        self._head = head
        self._page = 0
        self._new_page()

    def _new_page(self) -> None:
        self.made.pdf.add_page()
        self._page += 1
        self.made.font("B", 15)
        self.made.write(_MARGIN, 18, self.made.fit(f"对账单 · {self._head.title}", 186))
        self.made.font("", 9)
        self.made.write(_MARGIN, 24, f"{self._head.counted} 统计 · 金额单位：元")
        self.made.write_right(_WIDTH - _MARGIN, 24, f"第 {self._page} 页")
        self._y = 30.0

    def room(self, lines: int) -> None:
        """Begin a new page unless so many lines fit on this one."""
        if self._y + lines * _LINE > _HEIGHT - _MARGIN:
            self._new_page()

    def heading(self, text: str) -> None:
        self.room(4)
        self._y += 4
        self.made.font("B", 12)
        self.made.write(_MARGIN, self._y + _LINE - 1, text)
        self._y += _LINE + 1

    def note(self, text: str) -> None:
        self.made.font("", 9)
        for line in self.made.wrap(text, _WIDTH - 2 * _MARGIN):
            self.room(1)
            self.made.write(_MARGIN, self._y + _LINE - 1.6, line)
            self._y += _LINE - 1

    def row(self, columns: Columns, cells: Sequence[str], *, bold: bool = False) -> None:
        self.room(1)
        self.made.font("B" if bold else "", 10)
        x = _MARGIN
        for (name, width), cell in zip(columns, cells, strict=True):
            text = self.made.fit(cell, width - 2)
            if name in _RIGHT:
                self.made.write_right(x + width - 2, self._y + _LINE - 1.8, text)
            else:
                self.made.write(x, self._y + _LINE - 1.8, text)
            x += width
        self._y += _LINE
        self.made.rule(_MARGIN, self._y, _WIDTH - _MARGIN, grey=60 if bold else 200)


def draw(
    head: Head, totals: Totals, lists: dict[Stream, list[Entry]], missing: str, waits: Sequence[str]
) -> bytes:
    """The PDF. `missing` says in place of the lists why they are not there; `waits` what may still change."""
    texts = [entry.text for rows in lists.values() for entry in rows]
    paper = _Paper(head, [*texts, missing, *waits])
    _sums(paper, totals)
    for line in (ESTIMATED if totals.whole.estimates else "", *waits, missing):
        if line:
            paper.note(line)
    for stream in STREAMS:
        if rows := lists.get(stream):
            _list(paper, stream, rows)
    return paper.made.bytes()


def _sums(paper: _Paper, totals: Totals) -> None:
    paper.row(_SUMS, [name for name, _ in _SUMS], bold=True)
    for method in METHODS:
        paper.row(_SUMS, _cells(METHOD_NAMES[method], totals.methods[method]))
    paper.row(_SUMS, _cells("合计", totals.whole), bold=True)
    paper.note("净额 = 收款 − 退款 − 手续费 − 分账")


def _cells(name: str, sums: Sums) -> list[str]:
    fees = yuan_text(sums.fees_fen) + (" 估" if sums.estimates else "")
    return [name, yuan_text(sums.paid_fen), yuan_text(sums.refunded_fen), fees, yuan_text(sums.shares_fen), yuan_text(sums.net_fen)]  # fmt: skip


def _list(paper: _Paper, stream: Stream, rows: Sequence[Entry]) -> None:
    total = yuan_text(sum(entry.fen for entry in rows))
    paper.heading(f"{STREAM_NAMES[stream]}　{len(rows)} 笔　{total} 元")
    paper.row(_ENTRIES, [name for name, _ in _ENTRIES], bold=True)
    online = stream in ("wechatpay_in", "wechatpay_out")
    for entry in rows:
        fee = yuan_text(entry.fee_fen) + (" 估" if entry.estimated else "") if online else ""
        why = " ".join(part for part in (entry.text, entry.provider_no) if part)
        at = china_text(entry.at) if entry.at else ""
        paper.row(_ENTRIES, [str(entry.number), at, yuan_text(entry.fen), fee, why])

"""A sale's statement as an Excel workbook: the sums, then one sheet for each list that holds anything."""

from __future__ import annotations

from typing import IO

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.clock import china_text
from yantuan.kernel.sheets.writing import Book, Cell, Fen, book
from yantuan.statements.queries import entries
from yantuan.statements.rules import METHODS, STREAMS, Entry, Sums, Totals
from yantuan.statements.words import ESTIMATED, METHOD_NAMES, STREAM_NAMES

_SUMS = [
    ("收款方式", 14), ("收款笔数", 10), ("收款（元）", 14), ("退款笔数", 10), ("退款（元）", 14), ("手续费（元）", 14),
    ("其中估算（元）", 14), ("分账（元）", 14), ("净额（元）", 14),
]  # fmt: skip
_ENTRIES = [
    ("跟团号", 9), ("订单编号", 22), ("时间", 18), ("金额（元）", 12), ("手续费（元）", 12), ("手续费依据", 12),
    ("流水号", 34), ("说明", 36),
]  # fmt: skip


def write(target: IO[bytes], group_buy: GroupBuy, totals: Totals) -> None:
    """Write the workbook; amounts are numbers in yuan, numbers of orders and payments are text."""
    with book(target) as made:
        _sums(made, totals)
        for stream in STREAMS:
            rows = entries(group_buy, stream)
            first = next(rows, None)
            if first is None:
                continue
            sheet = made.sheet(STREAM_NAMES[stream], _ENTRIES, frozen=1)
            sheet.row(_entry(first))
            for entry in rows:
                sheet.row(_entry(entry))


def _sums(made: Book, totals: Totals) -> None:
    sheet = made.sheet("汇总", _SUMS, frozen=1)
    for method in METHODS:
        sheet.row(_row(METHOD_NAMES[method], totals.methods[method]))
    sheet.row(_row("合计", totals.whole))
    if totals.whole.estimates:
        sheet.row([])
        sheet.row([ESTIMATED])


def _row(name: str, sums: Sums) -> list[Cell]:
    return [
        name, sums.payments, Fen(sums.paid_fen), sums.refunds, Fen(sums.refunded_fen), Fen(sums.fees_fen),
        Fen(sums.estimated_fen), Fen(sums.shares_fen), Fen(sums.net_fen),
    ]  # fmt: skip


def _entry(entry: Entry) -> list[Cell]:
    online = entry.stream in ("wechatpay_in", "wechatpay_out")
    basis = ("估算" if entry.estimated else "微信账单") if online else ""
    return [
        entry.number, str(entry.order_id), china_text(entry.at) if entry.at else "", Fen(entry.fen),
        Fen(entry.fee_fen) if online else "", basis, entry.provider_no, entry.text,
    ]  # fmt: skip

"""What upper floors may learn from a day's bill: its lines, as they came, once they were compared with our rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from yantuan.gateways.wechatpay import BillRow

ReaderFn = Callable[[date, int | None, Sequence[BillRow]], None]
_readers: list[ReaderFn] = []


def reads_bill(fn: ReaderFn) -> ReaderFn:
    """Register a reader of bills; told every time a day is compared, so it must be safe to repeat."""
    _readers.append(fn)
    return fn


def tell(day: date, account_id: int | None, rows: Sequence[BillRow]) -> None:
    """Tell every reader of a day's bill of one account (None: the operator's). Must be called outside a transaction."""
    for reader in _readers:
        reader(day, account_id, rows)

"""What WeChat Pay keeps of a payment stands on no notice, only on the day's bill: read from there and kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from django.db import transaction

from yantuan.gateways.wechatpay import BillRow
from yantuan.kernel.config import config
from yantuan.payments.bill_hooks import reads_bill
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.reports.models import BillFee

_log = logging.getLogger(__name__)
_CHUNK: Final = 500
_FEE, _RATE = "手续费", "费率"
Kind = BillFee.Kind


def fee_of(text: str) -> int | None:
    """`0.02400` yuan in whole fen, halves away from zero as WeChat Pay rounds; None for anything else."""
    try:
        yuan = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not yuan.is_finite() or abs(yuan) >= 10**9:
        return None
    return int((yuan * 100).quantize(Decimal(1), ROUND_HALF_UP))


def rate_of(text: str) -> int | None:
    """`0.60%` in ten-thousandths; None for anything else."""
    digits = text.strip().removesuffix("%")
    found = fee_of(digits) if digits != text.strip() else None
    return found if found is not None and 0 <= found <= 10_000 else None


def estimate(fen: int, rate_bp: int) -> int:
    """The fee on an amount at a rate, in whole fen, a half counting as one."""
    return (fen * rate_bp + 5000) // 10_000


def known_rate(account_id: int | None) -> int:
    """The rate of the account's newest billed payment, else the configured one; ten-thousandths."""
    billed = BillFee.objects.filter(account_id=account_id, kind=Kind.PAYMENT, rate_bp__isnull=False)
    newest = billed.order_by("-id").values_list("rate_bp", flat=True).first()
    return config().wechatpay_fee_bp if newest is None else newest


@reads_bill
def keep(day: date, account_id: int | None, rows: Sequence[BillRow]) -> None:
    """Keep the fees of our own payments and refunds; a line that is on a later bill again replaces what stood before."""
    for at in range(0, len(rows), _CHUNK):
        chunk = rows[at : at + _CHUNK]
        found = [*_payments(day, account_id, chunk), *_refunds(day, account_id, chunk)]
        with transaction.atomic():
            BillFee.objects.bulk_create(
                found,
                update_conflicts=True,
                unique_fields=["number"],
                update_fields=["fee_fen", "rate_bp", "day"],
            )


def _payments(day: date, account_id: int | None, rows: Sequence[BillRow]) -> Iterator[BillFee]:
    lines = {row.out_trade_no: row for row in rows if row.state == "SUCCESS"}
    ours = PaymentAttempt.objects.filter(out_trade_no__in=lines, account_id=account_id)
    for number, store, group in ours.values_list("out_trade_no", "store_id", "order__group_buy_id"):
        if fee := _fee(day, account_id, Kind.PAYMENT, number, lines[number]):
            fee.store_id, fee.group_buy_id = store, group
            yield fee


def _refunds(day: date, account_id: int | None, rows: Sequence[BillRow]) -> Iterator[BillFee]:
    lines = {row.out_refund_no: row for row in rows if row.state == "REFUND"}
    ours = Refund.objects.filter(
        out_refund_no__in=lines, attempt__isnull=False, attempt__account_id=account_id
    )
    for number, store, group in ours.values_list("out_refund_no", "store_id", "order__group_buy_id"):
        if fee := _fee(day, account_id, Kind.REFUND, number, lines[number]):
            fee.store_id, fee.group_buy_id = store, group
            yield fee


def _fee(day: date, account_id: int | None, kind: Kind, number: str, row: BillRow) -> BillFee | None:
    fen = fee_of(row.columns.get(_FEE, ""))
    if fen is None:
        _log.warning("the bill of %s names no fee for %s", day, number)
        return None
    # Written with and without a minus in different copies of the bill's description: what a refund brings is never a cost.
    fen = abs(fen) if kind == Kind.PAYMENT else -abs(fen)
    return BillFee(
        account_id=account_id, kind=kind, number=number, fee_fen=fen, day=day,
        rate_bp=rate_of(row.columns.get(_RATE, "")),
    )  # fmt: skip

"""The bill of shares (分账账单): what reached receivers on a day, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import InvalidOperation

from yantuan.gateways.errors import GatewayUnavailable
from yantuan.gateways.wechatpay.bills import columns_of, fen_of
from yantuan.gateways.wechatpay.transport import PROVIDER

_TRANSACTION, _NUMBER, _RECEIVER, _AMOUNT, _KIND = 3, 6, 8, 9, 10
"""Places of the columns; their headings were worded differently over the years."""
_LEAST = 12


@dataclass(frozen=True, slots=True)
class ShareBillRow:
    """One part of a share, one return, or what was set free (its receiver is the merchant itself).

    `number` is ours: out_order_no or out_return_no. `columns` holds every column by its Chinese heading, as written.
    """

    transaction_id: str
    number: str
    receiver: str
    amount_fen: int
    kind: str
    columns: Mapping[str, str] = field(repr=False)


def parse_share_bill(day: date, content: bytes) -> tuple[ShareBillRow, ...]:
    """Read a bill of shares; only what succeeded stands in it. Raises GatewayUnavailable if it is in another shape."""
    try:
        lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip()]
        if len(lines) < 3:
            raise ValueError("too few lines")
        heading = lines[0].split(",")
        if len(heading) < _LEAST:
            raise ValueError("too few columns")
        return tuple(_row(columns_of(heading, line)) for line in lines[1:-2])
    except (ValueError, InvalidOperation) as error:
        words = f"the bill of shares of {day} can't be read: {error}"
        raise GatewayUnavailable(PROVIDER, words, http_status=200) from error


def _row(columns: dict[str, str]) -> ShareBillRow:
    values = list(columns.values())
    if len(values) < _LEAST:
        raise ValueError("two columns of one name")
    return ShareBillRow(
        transaction_id=values[_TRANSACTION],
        number=values[_NUMBER],
        receiver=values[_RECEIVER],
        amount_fen=fen_of(values[_AMOUNT]),
        kind=values[_KIND],
        columns=columns,
    )

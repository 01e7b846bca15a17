"""Yesterday's trade bill: checked against its hash, read into fen."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from yantuan.gateways.errors import GatewayUnavailable, GatewayUnverified
from yantuan.gateways.wechatpay.transport import PROVIDER
from yantuan.kernel.clock import CHINA

BILL_BYTES = 256 * 1024 * 1024
"""Unpacked size that is still believable (about a million rows)."""


@dataclass(frozen=True, slots=True)
class BillRow:
    """One line of the bill:

    a payment (`state` SUCCESS) or a refund (`state` REFUND, with its numbers). Amounts in fen.

    `columns` holds every column by its Chinese heading, as written. `sub_mchid` is empty for a direct merchant.
    """

    trade_time: datetime
    appid: str
    mchid: str
    transaction_id: str
    out_trade_no: str
    openid: str
    trade_type: str
    state: str
    order_fen: int
    refund_id: str
    out_refund_no: str
    refund_fen: int
    refund_state: str
    columns: Mapping[str, str] = field(repr=False)
    sub_mchid: str = ""


@dataclass(frozen=True, slots=True)
class TradeBill:
    """A whole day in China.

    `content` is the unpacked file whose hash was checked; `summary` is its last line.
    """

    day: date
    rows: tuple[BillRow, ...]
    summary: Mapping[str, str]
    content: bytes = field(repr=False)


def unpack(body: bytes) -> bytes:
    """Gunzip if it is gzip, within BILL_BYTES. Raises GatewayUnavailable."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    machine = zlib.decompressobj(wbits=31)
    try:
        plain = machine.decompress(body, BILL_BYTES)
    except zlib.error as error:
        raise GatewayUnavailable(PROVIDER, "the bill does not unpack", http_status=200) from error
    if not machine.eof:
        raise GatewayUnavailable(PROVIDER, "the bill is cut off or too long", http_status=200)
    return plain


def check_hash(content: bytes, hash_type: str, hash_value: str) -> None:
    """Raise GatewayUnverified unless the SHA-1 of the unpacked file is the promised one."""
    if hash_type.upper() != "SHA1":
        raise GatewayUnverified(PROVIDER, "the bill's hash type is not known")
    if not hmac.compare_digest(hashlib.sha1(content).hexdigest(), hash_value.lower()):
        raise GatewayUnverified(PROVIDER, "the bill does not match its hash")


def parse_trade_bill(day: date, content: bytes) -> TradeBill:
    """Read an ALL, SUCCESS or REFUND bill.

    Raises GatewayUnavailable if the file is not in the promised shape.
    """
    try:
        lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip()]
        if len(lines) < 3:
            raise ValueError("too few lines")
        heading = lines[0].split(",")
        rows = tuple(_row(columns_of(heading, line)) for line in lines[1:-2])
        return TradeBill(day, rows, columns_of(lines[-2].split(","), lines[-1]), content)
    except (ValueError, KeyError, InvalidOperation) as error:
        raise GatewayUnavailable(PROVIDER, f"the bill can't be read: {error}", http_status=200) from error


def columns_of(heading: list[str], line: str) -> dict[str, str]:
    """One line of any bill by its headings. Raises ValueError."""
    # Every value starts with a backtick, so that a comma inside a goods name does not split it.
    if not line.startswith("`"):
        raise ValueError("a line without backticks")
    values = [value.strip() for value in line[1:].split(",`")]
    if len(values) < len(heading):
        values += [""] * (len(heading) - len(values))
    return dict(zip((name.strip() for name in heading), values, strict=False))


def _row(c: dict[str, str]) -> BillRow:
    return BillRow(
        trade_time=datetime.strptime(c["交易时间"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA),
        appid=c["公众账号ID"],
        mchid=c["商户号"],
        transaction_id=c["微信订单号"],
        out_trade_no=c["商户订单号"],
        openid=c["用户标识"],
        trade_type=c["交易类型"],
        state=c["交易状态"],
        order_fen=fen_of(c["订单金额"]),
        refund_id=_number(c.get("微信退款单号", "")),
        out_refund_no=_number(c.get("商户退款单号", "")),
        refund_fen=fen_of(c.get("申请退款金额", "") or "0"),
        refund_state=c.get("退款状态", ""),
        columns=c,
        sub_mchid=_number(c.get("特约商户号", "")),
    )


def _number(text: str) -> str:
    return "" if text == "0" else text


def fen_of(text: str) -> int:
    """An amount in yuan as whole fen. Raises ValueError, InvalidOperation."""
    fen = Decimal(text) * 100
    if not fen.is_finite() or fen != fen.to_integral_value():
        raise ValueError("an amount is not whole fen")
    return int(fen)

"""Names of the statement's lists and of ways to pay, on paper and in sheets."""

from __future__ import annotations

from typing import Final

from yantuan.statements.rules import Method, Stream

METHOD_NAMES: Final[dict[Method, str]] = {"wechatpay": "微信支付", "offline": "线下收款"}
STREAM_NAMES: Final[dict[Stream, str]] = {
    "wechatpay_in": "微信收款", "offline_in": "线下收款", "wechatpay_out": "微信退款", "offline_out": "线下退款",
    "shares": "分账", "share_returns": "分账退回",
}  # fmt: skip
ESTIMATED: Final = "手续费标「估」的，微信账单还没有出来，按费率估算；账单出来后自动更正。"

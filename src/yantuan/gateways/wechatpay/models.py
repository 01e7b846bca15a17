"""What goes to WeChat Pay and what comes back, as frozen records.

All amounts are integer fen, all times aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypedDict

from yantuan.gateways.wechatpay.fields import Fields, Malformed

ORDER_PAID_CODES = frozenset({"ORDERPAID", "ORDER_PAID"})
"""Refusals that mean: the order is paid already. Query before believing."""
NUMBER_USED_CODES = frozenset({"OUT_TRADE_NO_USED"})
ORDER_CLOSED_CODES = frozenset({"ORDER_CLOSED", "ORDERCLOSED"})
NOT_FOUND_CODES = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})


class TradeState(StrEnum):
    """State of an order at WeChat Pay. `UNKNOWN` stands for any word added later."""

    SUCCESS = "SUCCESS"
    REFUND = "REFUND"
    NOTPAY = "NOTPAY"
    CLOSED = "CLOSED"
    REVOKED = "REVOKED"
    USERPAYING = "USERPAYING"
    PAYERROR = "PAYERROR"
    ACCEPT = "ACCEPT"
    UNKNOWN = "UNKNOWN"


class RefundState(StrEnum):
    """State of a refund at WeChat Pay. `UNKNOWN` stands for any word added later."""

    SUCCESS = "SUCCESS"
    PROCESSING = "PROCESSING"
    ABNORMAL = "ABNORMAL"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


_TRADE_STATES = frozenset(state.value for state in TradeState)
_REFUND_STATES = frozenset(state.value for state in RefundState)


class CloseOutcome(StrEnum):
    """Answer to closing an order: closed (now or before), paid already, or never known to WeChat Pay."""

    CLOSED = "closed"
    PAID = "paid"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class PrepayOrder:
    """One order to be paid. `openid` is needed for JSAPI (of this `appid`), `payer_client_ip` for H5.

    `profit_sharing` keeps the money frozen after payment until it is shared, unfrozen, or thirty days old.
    """

    appid: str
    out_trade_no: str
    description: str
    total_fen: int
    notify_url: str
    time_expire: datetime | None = None
    attach: str = ""
    openid: str = ""
    payer_client_ip: str = ""
    h5_type: Literal["Wap", "iOS", "Android"] = "Wap"
    profit_sharing: bool = False


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """One intent to give money back: name the order by `transaction_id` or by `out_trade_no`."""

    out_refund_no: str
    refund_fen: int
    total_fen: int
    transaction_id: str = ""
    out_trade_no: str = ""
    reason: str = ""
    notify_url: str = ""


@dataclass(frozen=True, slots=True)
class JsapiPrepay:
    """`prepay_id` for `jsapi_pay_params`, good until `expires_at` (two hours)."""

    prepay_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class H5Prepay:
    """`h5_url` to send the browser to, good until `expires_at` (five minutes)."""

    h5_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NativePrepay:
    """`code_url` to draw as a QR code, good until `expires_at` (two hours)."""

    code_url: str
    expires_at: datetime


class PayParams(TypedDict):
    """What `wx.requestPayment` or the JSAPI bridge takes; names are the platform's."""

    appId: str
    timeStamp: str
    nonceStr: str
    package: str
    signType: str
    paySign: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """An order as WeChat Pay sees it (query answer or opened success notice).

    Empty texts and None mean "not told": an unpaid order has no transaction_id, success_time or payer.
    In partner mode `mchid`, `appid` and `payer_openid` are the partner's (sp_), the sub_ ones the sub-merchant's;
    for a direct merchant the sub_ ones are empty.
    `state_text` is the platform's own word. Never derive refunded money from state REFUND: it is set for
    partial refunds too.
    """

    out_trade_no: str
    mchid: str
    appid: str
    state: TradeState
    state_text: str
    state_desc: str
    transaction_id: str
    trade_type: str
    bank_type: str
    attach: str
    success_time: datetime | None
    payer_openid: str
    total_fen: int | None
    payer_total_fen: int | None
    currency: str
    raw: Mapping[str, Any] = field(repr=False)
    sub_mchid: str = ""
    sub_appid: str = ""
    payer_sub_openid: str = ""

    @property
    def appids(self) -> frozenset[str]:
        """Every app the order names: one, or in partner mode perhaps two."""
        return frozenset(filter(None, (self.appid, self.sub_appid)))

    @property
    def paid(self) -> bool:
        """Money has arrived (some of it may have gone back since)."""
        return self.state in (TradeState.SUCCESS, TradeState.REFUND)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Transaction:
        """From decoded JSON. Raises Malformed; a paid state without amount or transaction_id is malformed."""
        top = Fields(value)
        amount, payer = top.inner("amount"), top.inner("payer")
        word = top.text("trade_state", required=True)
        state = TradeState(word) if word in _TRADE_STATES else TradeState.UNKNOWN
        paid = state in (TradeState.SUCCESS, TradeState.REFUND)
        total = amount.fen("total")
        if paid and total is None:
            raise Malformed("amount.total is missing")
        return cls(
            out_trade_no=top.text("out_trade_no", required=True),
            mchid=top.text("mchid") or top.text("sp_mchid"),
            appid=top.text("appid") or top.text("sp_appid"),
            state=state,
            state_text=word,
            state_desc=top.text("trade_state_desc"),
            transaction_id=top.text("transaction_id", required=paid),
            trade_type=top.text("trade_type"),
            bank_type=top.text("bank_type"),
            attach=top.text("attach"),
            success_time=top.moment("success_time"),
            payer_openid=payer.text("openid") or payer.text("sp_openid"),
            total_fen=total,
            payer_total_fen=amount.fen("payer_total"),
            currency=amount.text("currency"),
            raw=value,
            sub_mchid=top.text("sub_mchid"),
            sub_appid=top.text("sub_appid"),
            payer_sub_openid=payer.text("sub_openid"),
        )


@dataclass(frozen=True, slots=True)
class RefundResult:
    """A refund as WeChat Pay sees it (answer, query or opened notice).

    An accepted refund is PROCESSING, not done.

    `currency` and `mchid` are empty where the platform does not tell them (notices / answers respectively). In a
    partner's notice `mchid` is the sp_mchid and `sub_mchid` names the sub-merchant.
    """

    out_refund_no: str
    refund_id: str
    transaction_id: str
    out_trade_no: str
    mchid: str
    state: RefundState
    state_text: str
    channel: str
    user_received_account: str
    success_time: datetime | None
    create_time: datetime | None
    refund_fen: int | None
    total_fen: int | None
    payer_refund_fen: int | None
    currency: str
    raw: Mapping[str, Any] = field(repr=False)
    sub_mchid: str = ""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> RefundResult:
        """From decoded JSON; notices call the state `refund_status`, answers `status`. Raises Malformed."""
        top = Fields(value)
        amount = top.inner("amount")
        word = top.text("refund_status") or top.text("status", required=True)
        return cls(
            out_refund_no=top.text("out_refund_no", required=True),
            refund_id=top.text("refund_id", required=True),
            transaction_id=top.text("transaction_id"),
            out_trade_no=top.text("out_trade_no"),
            mchid=top.text("mchid") or top.text("sp_mchid"),
            state=RefundState(word) if word in _REFUND_STATES else RefundState.UNKNOWN,
            state_text=word,
            channel=top.text("channel"),
            user_received_account=top.text("user_received_account"),
            success_time=top.moment("success_time"),
            create_time=top.moment("create_time"),
            refund_fen=amount.fen("refund"),
            total_fen=amount.fen("total"),
            payer_refund_fen=amount.fen("payer_refund"),
            currency=amount.text("currency"),
            raw=value,
            sub_mchid=top.text("sub_mchid"),
        )

    @classmethod
    def read_accepted(cls, value: Mapping[str, Any]) -> RefundResult:
        """From a platform's (收付通) answer, which tells no state: it was accepted, no more. Raises Malformed."""
        return cls.read({"status": RefundState.PROCESSING.value, **value})

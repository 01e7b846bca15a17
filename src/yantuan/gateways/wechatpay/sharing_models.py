"""What profit sharing (分账) sends and gets, as frozen records. Amounts are integer fen, times aware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from yantuan.gateways.errors import GatewayRefused
from yantuan.gateways.wechatpay.fields import Fields, Malformed

Word = TypeVar("Word", bound=StrEnum)


class ReceiverType(StrEnum):
    """Who may receive: a merchant number, a person of the partner's (or own) app, a person of the sub-merchant's app."""

    MERCHANT = "MERCHANT_ID"
    PERSON = "PERSONAL_OPENID"
    SUB_PERSON = "PERSONAL_SUB_OPENID"
    UNKNOWN = ""


class Relation(StrEnum):
    """What a receiver is to the merchant; the platform wants to be told."""

    SERVICE_PROVIDER = "SERVICE_PROVIDER"
    STORE = "STORE"
    STAFF = "STAFF"
    STORE_OWNER = "STORE_OWNER"
    PARTNER = "PARTNER"
    HEADQUARTER = "HEADQUARTER"
    BRAND = "BRAND"
    DISTRIBUTOR = "DISTRIBUTOR"
    USER = "USER"
    SUPPLIER = "SUPPLIER"
    CUSTOM = "CUSTOM"
    PLATFORM = "PLATFORM"
    """收付通 only, as are OTHERS; there SUPPLIER, DISTRIBUTOR and SERVICE_PROVIDER exist besides."""
    OTHERS = "OTHERS"


class ShareState(StrEnum):
    """A share request: FINISHED only says that every part was tried. `UNKNOWN` stands for any word added later."""

    PROCESSING = "PROCESSING"
    FINISHED = "FINISHED"
    UNKNOWN = "UNKNOWN"


class PartResult(StrEnum):
    """One receiver's part: SUCCESS has the money, CLOSED never will under this request."""

    PENDING = "PENDING"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    UNKNOWN = "UNKNOWN"


class PartFailure(StrEnum):
    """Why a part was CLOSED."""

    ACCOUNT_ABNORMAL = "ACCOUNT_ABNORMAL"
    NO_RELATION = "NO_RELATION"
    RECEIVER_HIGH_RISK = "RECEIVER_HIGH_RISK"
    RECEIVER_REAL_NAME_NOT_VERIFIED = "RECEIVER_REAL_NAME_NOT_VERIFIED"
    NO_AUTH = "NO_AUTH"
    RECEIVER_RECEIPT_LIMIT = "RECEIVER_RECEIPT_LIMIT"
    PAYER_ACCOUNT_ABNORMAL = "PAYER_ACCOUNT_ABNORMAL"
    INVALID_REQUEST = "INVALID_REQUEST"
    NONE = ""
    UNKNOWN = "UNKNOWN"


class ReturnState(StrEnum):
    """A return of shared money."""

    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class ReturnFailure(StrEnum):
    """Why a return FAILED."""

    ACCOUNT_ABNORMAL = "ACCOUNT_ABNORMAL"
    BALANCE_NOT_ENOUGH = "BALANCE_NOT_ENOUGH"
    TIME_OUT_CLOSED = "TIME_OUT_CLOSED"
    PAYER_ACCOUNT_ABNORMAL = "PAYER_ACCOUNT_ABNORMAL"
    INVALID_REQUEST = "INVALID_REQUEST"
    NONE = ""
    UNKNOWN = "UNKNOWN"


class ShareTrouble(StrEnum):
    """What a refused sharing call means for us."""

    NOT_ENOUGH = "not_enough"
    """More than may still be shared, or (a return) more than the receiver has: wait or take less."""
    NOT_ALLOWED = "not_allowed"
    """The merchant has no sharing product, or has not granted it to the partner."""
    NOT_FOUND = "not_found"
    """The platform knows no such order."""
    BROKE_A_RULE = "broke_a_rule"
    """Not flagged at prepay, too early, too late, no such receiver, number used with other parameters…"""
    OTHER = "other"


_TROUBLES = {
    "NOT_ENOUGH": ShareTrouble.NOT_ENOUGH,
    "NO_AUTH": ShareTrouble.NOT_ALLOWED,
    "RESOURCE_NOT_EXISTS": ShareTrouble.NOT_FOUND,
    "ORDER_NOT_EXIST": ShareTrouble.NOT_FOUND,
    "INVALID_REQUEST": ShareTrouble.BROKE_A_RULE,
    "PARAM_ERROR": ShareTrouble.BROKE_A_RULE,
    "RULE_LIMIT": ShareTrouble.BROKE_A_RULE,
}


def share_trouble(refusal: GatewayRefused) -> ShareTrouble:
    """What a refusal of a sharing call means. A rate limit is GatewayThrottled and needs no asking."""
    return _TROUBLES.get(refusal.provider_code, ShareTrouble.OTHER)


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who may get a part. A merchant needs its full registered `name`; a person's is checked if given."""

    type: ReceiverType
    account: str
    relation: Relation
    name: str = field(default="", repr=False)
    custom_relation: str = ""


@dataclass(frozen=True, slots=True)
class SharePart:
    """One receiver's part of a share request. `name`, if given, must be the receiver's real name."""

    type: ReceiverType
    account: str
    amount_fen: int
    description: str
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShareOrder:
    """One request to share a paid order, under our own number, kept through all repeats.

    `unfreeze_rest` sets free what is left afterwards; nothing can be shared of the order then.
    """

    out_order_no: str
    transaction_id: str
    parts: tuple[SharePart, ...]
    unfreeze_rest: bool


@dataclass(frozen=True, slots=True)
class Unfreeze:
    """Set free what is left of an order; needs a new number of its own."""

    out_order_no: str
    transaction_id: str
    description: str


@dataclass(frozen=True, slots=True)
class ShareReturn:
    """Take back shared money from a merchant (never from a person), so that a refund can be paid from it."""

    out_return_no: str
    out_order_no: str
    return_mchid: str
    amount_fen: int
    description: str


@dataclass(frozen=True, slots=True)
class PartState:
    """One part as the platform sees it; 收付通 calls the account `receiver_account`. `result_text` is its own word; `failure` is NONE unless CLOSED."""

    type: ReceiverType
    account: str
    amount_fen: int
    description: str
    result: PartResult
    result_text: str
    failure: PartFailure
    detail_id: str
    finish_time: datetime | None

    @classmethod
    def read(cls, top: Fields) -> PartState:
        """From one entry of `receivers`. Raises Malformed."""
        word = top.text("result", required=True)
        amount = top.fen("amount")
        if amount is None:
            raise Malformed("receivers.amount is missing")
        result = _word(PartResult, word, PartResult.UNKNOWN)
        pending = result is PartResult.PENDING
        return cls(
            type=_word(ReceiverType, top.text("type"), ReceiverType.UNKNOWN),
            account=top.text("account") or top.text("receiver_account") or top.text("receiver_mchid"),
            amount_fen=amount,
            description=top.text("description"),
            result=result,
            result_text=word,
            failure=_word(PartFailure, top.text("fail_reason"), PartFailure.UNKNOWN),
            detail_id=top.text("detail_id"),
            # Until it is finished the platform writes a dummy of 1970.
            finish_time=None if pending else top.moment("finish_time"),
        )


@dataclass(frozen=True, slots=True)
class ShareResult:
    """A share or unfreeze request as the platform sees it.

    With the rest unfrozen `parts` also names the merchant itself: match parts by type and account, never by place.
    """

    out_order_no: str
    order_id: str
    transaction_id: str
    sub_mchid: str
    state: ShareState
    state_text: str
    parts: tuple[PartState, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> ShareResult:
        """From decoded JSON; 收付通 calls the state `status`. Raises Malformed."""
        top = Fields(value)
        word = top.text("state") or top.text("status", required=True)
        return cls(
            out_order_no=top.text("out_order_no", required=True),
            order_id=top.text("order_id"),
            transaction_id=top.text("transaction_id"),
            sub_mchid=top.text("sub_mchid"),
            state=_word(ShareState, word, ShareState.UNKNOWN),
            state_text=word,
            parts=tuple(PartState.read(entry) for entry in top.each("receivers")),
            raw=value,
        )

    def part(self, type_: ReceiverType, account: str) -> PartState | None:
        """The part of one receiver."""
        return next((p for p in self.parts if (p.type, p.account) == (type_, account)), None)


@dataclass(frozen=True, slots=True)
class ReturnResult:
    """A return as the platform sees it."""

    out_return_no: str
    return_id: str
    out_order_no: str
    order_id: str
    return_mchid: str
    amount_fen: int
    state: ReturnState
    state_text: str
    failure: ReturnFailure
    finish_time: datetime | None
    raw: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> ReturnResult:
        """From decoded JSON. Raises Malformed."""
        top = Fields(value)
        word, amount = top.text("result", required=True), top.fen("amount")
        if amount is None:
            raise Malformed("amount is missing")
        state = _word(ReturnState, word, ReturnState.UNKNOWN)
        return cls(
            out_return_no=top.text("out_return_no", required=True),
            return_id=top.text("return_id") or top.text("return_no"),
            out_order_no=top.text("out_order_no"),
            order_id=top.text("order_id"),
            return_mchid=top.text("return_mchid"),
            amount_fen=amount,
            state=state,
            state_text=word,
            failure=_word(ReturnFailure, top.text("fail_reason"), ReturnFailure.UNKNOWN),
            finish_time=None if state is ReturnState.PROCESSING else top.moment("finish_time"),
            raw=value,
        )


@dataclass(frozen=True, slots=True)
class ShareNotice:
    """What a *receiver* is told when a part reached it, or was taken back."""

    mchid: str
    sub_mchid: str
    transaction_id: str
    order_id: str
    out_order_no: str
    receiver_type: ReceiverType
    receiver_account: str
    amount_fen: int
    success_time: datetime | None

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> ShareNotice:
        """From decoded JSON. Raises Malformed."""
        top = Fields(value)
        receiver = top.inner("receiver")
        amount = receiver.fen("amount")
        if amount is None:
            raise Malformed("receiver.amount is missing")
        return cls(
            mchid=top.text("mchid") or top.text("sp_mchid", required=True),
            sub_mchid=top.text("sub_mchid"),
            transaction_id=top.text("transaction_id", required=True),
            order_id=top.text("order_id"),
            out_order_no=top.text("out_order_no"),
            receiver_type=_word(ReceiverType, receiver.text("type"), ReceiverType.UNKNOWN),
            receiver_account=receiver.text("account", required=True),
            amount_fen=amount,
            success_time=top.moment("success_time"),
        )


def _word(kind: type[Word], text: str, unknown: Word) -> Word:
    return next((member for member in kind if member.value == text), unknown)

"""Bodies of the payments API."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import Count, FenIn, IdIn, Text


class PayIn(Schema):
    """Where the buyer stands: `mini` (mini-program), `wechat` (WeChat's browser), `h5` (phone browser), `native` (desk)."""

    channel: Literal["mini", "wechat", "h5", "native"]
    return_path: Annotated[Text, Field(max_length=200, pattern=r"^/[A-Za-z0-9_\-/?=&.%]*$")] = "/"


class PayInstruction(Schema):
    """What the app does next. `jsapi`: call requestPayment/WeixinJSBridge with `params`; `redirect`: go to `url`; `qr`: show `code_url`; `offline`: show the leader's collection code; `done`: nothing left to pay."""

    kind: Literal["jsapi", "redirect", "qr", "offline", "done"]
    params: dict[str, str] = {}
    url: str = ""
    code_url: str = ""
    expires_in: int = 0


class ProofIn(Schema):
    media_id: IdIn | None = None
    note: Annotated[Text, Field(max_length=100)] = ""


class ProofRejectIn(Schema):
    reason: Annotated[Text, Field(min_length=1, max_length=200)]


class RefundLineIn(Schema):
    order_line_id: IdIn
    quantity: Count
    amount_fen: FenIn | None = None
    """Less than the units' full price, e.g. for damaged goods; null: the whole."""


class LeaderRefundIn(Schema):
    """A refund the leader starts. Without lines: everything that is left."""

    lines: Annotated[list[RefundLineIn], Field(max_length=50)] = []
    include_freight: bool = False
    reason: Annotated[Text, Field(min_length=1, max_length=80)]
    restock: bool = False


class CancelIn(Schema):
    reason: Annotated[Text, Field(max_length=80)] = ""

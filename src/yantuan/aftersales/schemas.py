"""Bodies of the after-sales API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.aftersales.allowance_rules import MOST_CLAIM_FEN, MOST_MONTH_FEN
from yantuan.kernel.http import Count, FenIn, IdIn, IdOut, Text
from yantuan.media.schemas import MediaOut
from yantuan.orders.schemas import EventOut, RefundOut

AfterSaleKind = Literal["refund_only", "return_refund"]


class ReasonOut(Schema):
    code: str
    label: str
    needs_picture: bool


class ClaimableLine(Schema):
    order_line_id: IdOut
    title: str
    sku_name: str
    picture_url: str
    quantity_left: int
    quantity_returnable: int
    """Of them, pieces that have left the shop: only these can be asked for as return-and-refund."""
    goods_left_fen: int
    """What is left to give back for all pieces left."""
    freight_left_fen: int
    freight_by_piece: bool
    """Single pieces bring their share of the freight along. False once something has left: then only all pieces do."""


class OptionsOut(Schema):
    """What can be claimed of an order now."""

    open: bool
    why_not: str
    kinds: list[AfterSaleKind]
    reasons: list[ReasonOut]
    lines: list[ClaimableLine]
    until: datetime | None


class ClaimLineIn(Schema):
    order_line_id: IdIn
    quantity: Count


class ClaimIn(Schema):
    kind: AfterSaleKind
    reason: Annotated[Text, Field(min_length=1, max_length=32)]
    description: Annotated[Text, Field(max_length=500)] = ""
    media_ids: Annotated[list[IdIn], Field(max_length=6)] = []
    lines: Annotated[list[ClaimLineIn], Field(min_length=1, max_length=50)]
    amount_fen: Annotated[int, Field(strict=True, ge=1)]
    """At most the sum of the lines' shares incl. freight."""


class CaseLine(Schema):
    order_line_id: IdOut
    title: str
    sku_name: str
    picture_url: str
    quantity: int
    goods_fen: int
    freight_fen: int


class AfterSaleRow(Schema):
    id: IdOut
    order_id: IdOut
    number: int
    store_name: str
    buyer_name: str
    kind: AfterSaleKind
    kind_label: str
    reason_label: str
    state: str
    state_label: str
    requested_fen: int
    agreed_fen: int | None
    due_at: datetime | None
    created_at: datetime
    lines: list[CaseLine]
    actions: list[str]
    """For the viewer: withdraw, accept_offer, return_parcel, escalate / agree, offer, refuse, receive_return."""


class AfterSaleDetail(AfterSaleRow):
    description: str
    pictures: list[MediaOut]
    answer: str
    return_name: str
    return_phone: str
    return_address: str
    return_carrier_name: str
    return_tracking_no: str
    escalation: str
    decision: str
    refund: RefundOut | None
    timeline: list[EventOut]


class AgreeIn(Schema):
    """For return-and-refund the return address may differ from the store's."""

    return_name: Annotated[Text, Field(max_length=40)] = ""
    return_phone: Annotated[Text, Field(max_length=20)] = ""
    return_address: Annotated[Text, Field(max_length=200)] = ""


class CounterOfferIn(Schema):
    amount_fen: FenIn
    answer: Annotated[Text, Field(min_length=1, max_length=300)]


class RefuseIn(Schema):
    answer: Annotated[Text, Field(min_length=1, max_length=300)]


class AllowanceIn(Schema):
    """Small claims that may settle themselves, without the leader's word for each."""

    enabled: bool
    month_fen: Annotated[int, Field(strict=True, ge=1, le=MOST_MONTH_FEN)]
    claim_fen: Annotated[int, Field(strict=True, ge=1, le=MOST_CLAIM_FEN)]
    percent: Annotated[int, Field(strict=True, ge=1, le=100)]
    reasons: Annotated[list[Text], Field(min_length=1, max_length=20)]
    needs_picture: bool
    claims_per_buyer: Annotated[int, Field(strict=True, ge=1, le=20)]


class AllowanceOut(Schema):
    enabled: bool
    month_fen: int
    claim_fen: int
    percent: int
    reasons: list[str]
    needs_picture: bool
    claims_per_buyer: int
    spent_fen: int
    """What settled itself this month, in Beijing."""
    spent_claims: int
    choices: list[ReasonOut]
    """Reasons that can be allowed."""
    most_claim_fen: int
    """More than this can't be allowed for one claim."""


class ReturnParcelIn(Schema):
    carrier_name: Annotated[Text, Field(min_length=1, max_length=40)]
    tracking_no: Annotated[Text, Field(min_length=5, max_length=40, pattern=r"^[A-Za-z0-9\-]+$")]


class EscalateIn(Schema):
    escalation: Annotated[Text, Field(min_length=1, max_length=300)]


class ReceiveReturnIn(Schema):
    """The goods are back. Without lines: all of them; otherwise only the named pieces are paid for."""

    restock: bool = False
    lines: Annotated[list[ClaimLineIn], Field(max_length=50)] = []

"""Bodies of the routes of proxy orders and their pay links."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from yantuan.identity.schemas import Room
from yantuan.kernel.http import FenIn, IdIn, IdOut, Phone, Text
from yantuan.orders.schemas import AnswerIn, LineIn


class PlaceIn(Schema):
    """Where a parcel goes; building, unit and room stand beside it."""

    province: Annotated[Text, Field(min_length=1, max_length=20)]
    city: Annotated[Text, Field(min_length=1, max_length=20)]
    district: Annotated[Text, Field(max_length=20)] = ""
    detail: Annotated[Text, Field(min_length=1, max_length=120)]


class WishIn(Schema):
    """One neighbour. `number` 0 is somebody new; else pieces are added to that 跟团号, which had `seen` orders when it was read."""

    name: Annotated[Text, Field(min_length=1, max_length=40)]
    building: Annotated[Text, Field(max_length=20)] = ""
    unit: Annotated[Text, Field(max_length=20)] = ""
    room: Room = ""
    phone: Phone | None = None
    place: PlaceIn | None = None
    """Sent by courier, which needs a phone; without it: picked up."""
    recipient: Annotated[Text, Field(max_length=40)] = ""
    """The name on the parcel, where it is not the one the chat knows them by."""
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=50)]
    expected_total_fen: FenIn
    number: Annotated[int, Field(ge=0, le=2**62)] = 0
    seen: Annotated[int, Field(ge=0, le=10_000)] = 0
    remark: Annotated[Text, Field(max_length=200)] = ""
    paid: bool = False
    """The leader has the money already, outside WeChat Pay."""


class ProxyIn(Schema):
    """What the leader agreed to; who picks up does so at one point, and all answer the sale's questions alike."""

    pickup_point_id: IdIn | None = None
    answers: Annotated[list[AnswerIn], Field(max_length=8)] = []
    people: Annotated[list[WishIn], Field(min_length=1, max_length=100)]


class ProxyProblem(Schema):
    code: str
    zh: str
    en: str
    total_fen: int | None = None
    """What it costs now, where the amount shown was another."""


class ProxyOutcome(Schema):
    """One neighbour's answer, in the order asked: an order, or why there is none. `problem` may also stand beside an order that was placed and is not paid."""

    name: str
    order_id: IdOut | None
    number: int
    total_fen: int
    payment: str
    link: str
    """Where whoever opens it can pay; empty for somebody with an account of their own, who pays in their orders."""
    problem: ProxyProblem | None


class ProxyOrderRow(Schema):
    """One order of a neighbour the leader ordered for."""

    order_id: IdOut
    number: int
    seen: int
    """Orders the number has by now, closed ones too; adding pieces names it."""
    name: str
    goods: str
    total_fen: int
    payment: str
    expires_at: datetime | None
    link: str
    claim_id: IdOut | None
    """Where the neighbour has claimed it as theirs; the leader may undo that."""
    claimed_by: str


class ClaimOut(Schema):
    """What is the person's now."""

    number: int
    order_ids: list[IdOut]


class PayLine(Schema):
    title: str
    sku_name: str
    picture_url: str
    quantity: int
    amount_fen: int


class PayOrder(Schema):
    order_id: IdOut
    payment: str
    """As on an order: unpaid, paid, closed, …"""
    payment_method: str
    total_fen: int
    expires_at: datetime | None
    lines: list[PayLine]


class PayPage(Schema):
    """What anybody with the link sees: goods and amounts; the name masked, no phone, no door."""

    name: str
    number: int
    title: str
    store_name: str
    code: str
    pickup_name: str
    orders: list[PayOrder]
    collection_code_url: str
    """The leader's own collection code, where an order is paid outside WeChat Pay."""
    offline_note: str
    contact_wechat: str

"""Bodies of the routes about hosts and arrivals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from yantuan.hosts.rules import Then
from yantuan.kernel.http import FenIn, IdIn, IdOut, Text
from yantuan.media.schemas import MediaOut

Pieces = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class HostIn(Schema):
    note: Annotated[Text, Field(max_length=20)] = ""
    """What the leader calls them."""


class HostOut(Schema):
    id: IdOut
    point_id: IdOut
    nickname: str
    avatar: MediaOut | None
    note: str
    created_at: datetime


class HostInviteOut(Schema):
    """An open invitation; `url` only in the answer that made it."""

    id: IdOut
    point_id: IdOut
    note: str
    created_at: datetime
    expires_at: datetime
    url: str = ""


class HostPoint(Schema):
    """A pick-up point of the leader's, with who hosts it."""

    id: IdOut
    name: str
    address: str
    hosts: list[HostOut]
    invites: list[HostInviteOut]


class HostInviteSeen(Schema):
    """What the invited person sees before accepting."""

    point_id: IdOut
    point_name: str
    address: str
    store_name: str
    leader_name: str
    expires_at: datetime
    mine: bool
    """The person is the leader, or a host of this point already."""


class HostedPoint(Schema):
    """A point the person hosts."""

    id: IdOut
    name: str
    address: str
    store_name: str
    leader_name: str


class PointSale(Schema):
    """A sale with orders at a point, and how far it has come there."""

    id: IdOut
    title: str
    ends_at: datetime | None
    orders: int
    """Paid and not given back in full."""
    waiting: int
    """Of them, with something left to hand out."""
    counted: bool
    told_at: datetime | None


class PointSales(Schema):
    point: HostedPoint
    sales: list[PointSale]


class ArrivalGoods(Schema):
    offer_id: IdOut
    title: str
    picture: str
    due: int
    """Pieces paid and not refunded, as it is now."""
    picked: int
    came: int | None
    """None before the first count."""
    damaged: int | None
    missing: int | None
    """Due, and not among those that came; negative where more came."""


class ArrivalStep(Schema):
    """One count, or a correction, the newest first."""

    number: int
    at: datetime
    by: str
    note: str
    text: str
    """What it says of each kind of goods that differs from what was due, or that all is there."""
    text_en: str


class Hearer(Schema):
    """Somebody who is told that the goods are there."""

    number: int
    name: str
    last4: str


class ArrivalOut(Schema):
    store_id: IdOut
    title: str
    point: str
    dated: bool
    """False for the permanent shelf: its goods come again and again, and each count is of what nobody was told of yet."""
    counts: int
    told_at: datetime | None
    told_by: str
    goods: list[ArrivalGoods]
    history: list[ArrivalStep]
    people: int
    """Buyers with something to fetch here; each is told once."""
    hearers: list[Hearer]
    """The first two hundred of them."""


class CountLine(Schema):
    offer_id: IdIn
    came: Pieces
    """All that came, damaged ones too."""
    damaged: Pieces = 0


class CountIn(Schema):
    base: Annotated[int, Field(strict=True, ge=0, le=100_000)]
    """How often it had been counted when this one was begun; another number by now is refused."""
    lines: Annotated[list[CountLine], Field(min_length=1, max_length=500)]
    note: Annotated[Text, Field(max_length=100)] = ""


class TellIn(Schema):
    counts: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    """The count the announcement was confirmed with."""
    people: Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
    """How many were shown to be told."""


class ShortChoice(Schema):
    order_line_id: IdIn
    quantity: Pieces


class ShortIn(Schema):
    """How a shortage is shared out: by the rule, or as the leader chose."""

    chosen: Annotated[list[ShortChoice], Field(max_length=500)] = []
    """Empty: the latest 跟团号 first."""


class ShortStart(ShortIn):
    counts: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    """The count it was previewed with."""
    reason: Annotated[Text, Field(min_length=2, max_length=60)]
    """Every buyer reads it beside the refund."""
    expected_total_fen: FenIn


class ShortGoods(Schema):
    offer_id: IdOut
    title: str
    short: int
    """Pieces that are not there, or unfit."""
    placed: int
    """Of them, those an order loses now; the others were fetched already, or an open case is about them."""


class ShortLine(Schema):
    order_line_id: IdOut
    number: int
    name: str
    title: str
    left: int
    """Pieces not fetched yet."""
    units: int
    """Of them, given back."""


class ShortOut(Schema):
    counts: int
    goods: list[ShortGoods]
    lines: list[ShortLine]
    """Lines with these goods, the latest 跟团号 first; the first five hundred."""
    more: int
    orders: int
    """Orders that get money back."""
    offline: int
    """Of the orders: paid offline, to be given back by hand."""
    total_fen: int


class RuleIn(Schema):
    """What becomes of goods nobody fetches; for orders placed from now on."""

    days: Annotated[int, Field(strict=True, ge=1, le=30)]
    """Days after the announcement until the reminder."""
    then: Then


class RuleOut(Schema):
    days: int
    """0: the sale has no rule; nobody is reminded by itself and nothing is taken back."""
    then: Then
    text: str
    text_en: str


class UncollectedOrder(Schema):
    id: IdOut
    number: int
    name: str
    last4: str
    goods: str
    refundable: bool
    """The rule its buyer could read lets the leader take the goods back now."""
    amount_fen: int
    """What would be given back then."""


class UncollectedPoint(Schema):
    id: IdOut
    name: str
    told_at: datetime | None
    days: int
    """Full days since."""
    reminded_at: datetime | None
    orders: list[UncollectedOrder]


class UncollectedOut(Schema):
    title: str
    rule: RuleOut
    points: list[UncollectedPoint]
    """Points whose buyers were told of the arrival."""


class UncollectedRefund(Schema):
    order_ids: Annotated[list[IdIn], Field(min_length=1, max_length=500)]
    reason: Annotated[Text, Field(min_length=2, max_length=60)]
    expected_total_fen: FenIn

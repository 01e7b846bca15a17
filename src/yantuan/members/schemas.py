"""Bodies of the member routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import FenIn, IdIn, IdOut, Text
from yantuan.members.rules import MAX_LEVELS, MAX_TAGS, TAG_LENGTH
from yantuan.orders.schemas import OrderRow

Sort = Literal["last", "paid", "orders"]
Tag = Annotated[Text, Field(min_length=1, max_length=TAG_LENGTH)]


class MemberRow(Schema):
    """One line of the list; amounts in fen."""

    id: IdOut
    name: str
    avatar_url: str
    note: str
    tags: list[str]
    level: str
    orders: int
    paid_fen: int
    refunded_fen: int
    refund_percent: int
    """Of a hundred orders, how many had something given back."""
    door: str
    last_at: datetime
    blocked: bool


class Twin(Schema):
    id: IdOut
    name: str
    orders: int


class MemberOut(MemberRow):
    phone_tail: str
    first_at: datetime
    source: str
    """The leader's word for the share the first order came by; empty when it is not known."""
    block_reason: str
    twins: list[Twin]
    """Accounts merged into this one."""
    latest: list[OrderRow]


class MemberIn(Schema):
    note: Annotated[Text, Field(max_length=200)] = ""
    tags: Annotated[list[Tag], Field(max_length=MAX_TAGS)] = []


class BlockIn(Schema):
    reason: Annotated[Text, Field(min_length=2, max_length=100)]


class MergeIn(Schema):
    other_id: IdIn


class MergePreview(Schema):
    """What the two would be as one."""

    keeps: MemberRow
    goes: MemberRow
    orders: int
    paid_fen: int
    refunded_fen: int


class LevelIn(Schema):
    name: Annotated[Text, Field(min_length=1, max_length=8)]
    orders: Annotated[int, Field(strict=True, ge=0, le=100_000)] = 0
    paid_fen: FenIn = 0


class LevelsIn(Schema):
    steps: Annotated[list[LevelIn], Field(max_length=MAX_LEVELS)]


class TagCount(Schema):
    name: str
    members: int


class MembersHead(Schema):
    """What stands above the list."""

    members: int
    tags: list[TagCount]
    levels: list[LevelIn]

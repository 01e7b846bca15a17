"""Bodies of the coupons API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import FenIn, IdIn, IdOut, Text
from yantuan.promotions.rules import Audience

Kind = Literal["fixed", "percent", "freight"]
Code = Annotated[Text, Field(max_length=12, pattern=r"^[A-Za-z0-9]*$")]
Number = Annotated[int, Field(strict=True, ge=0, le=999_999)]


class CouponIn(Schema):
    """A new issue. Bounds of 0 mean none; its name is made of its terms."""

    group_buy_id: IdIn | None = None
    """None: good in every sale of the store."""
    kind: Kind
    minus_fen: FenIn = 0
    percent_off: Annotated[int, Field(strict=True, ge=0, le=99)] = 0
    cap_fen: FenIn = 0
    threshold_fen: FenIn = 0
    audience: Audience = "all"
    code: Code = ""
    starts_at: datetime
    ends_at: datetime
    per_person: Annotated[int, Field(strict=True, ge=1, le=99)] = 1
    total: Number = 0
    budget_fen: FenIn = 0


class CouponChange(Schema):
    """What may change of a running issue: never its worth, for people hold copies of it."""

    ends_at: datetime
    total: Number
    budget_fen: FenIn
    stopped: bool


class CouponOut(Schema):
    """The leader's view."""

    id: IdOut
    group_buy_id: IdOut | None
    title: str
    title_en: str
    kind: Kind
    minus_fen: int
    percent_off: int
    cap_fen: int
    threshold_fen: int
    audience: Audience
    code: str
    starts_at: datetime
    ends_at: datetime
    per_person: int
    total: int
    budget_fen: int
    claimed: int
    used: int
    used_fen: int
    state: Literal["coming", "running", "over", "stopped"]


class CouponCard(Schema):
    """A buyer's view of one coupon."""

    id: IdOut
    title: str
    title_en: str
    kind: Kind
    minus_fen: int
    percent_off: int
    cap_fen: int
    threshold_fen: int
    audience: Audience
    whole_store: bool
    """Good in every sale of the store."""
    starts_at: datetime
    ends_at: datetime
    claimable: bool
    problem: str
    """Why no copy can be taken now (Chinese); empty if one can."""
    problem_en: str
    free: list[IdOut]
    """Copies the person holds and may use, to be named in a checkout as `coupon_id`."""


class CodeIn(Schema):
    code: Annotated[Text, Field(min_length=1, max_length=12)]

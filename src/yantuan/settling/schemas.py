"""Bodies of what a sale settles. Money in fen, weight in grams."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import IdIn, IdOut

FormationState = Literal["waiting", "formed", "failed"]


class TierOut(Schema):
    reach: int
    price_fen: int
    reached: bool


class TiersOut(Schema):
    """One offer's tiers, with what came together so far."""

    offer_id: IdOut
    title: str
    text: str
    text_en: str
    by: Literal["people", "pieces"]
    have: int
    usual_fen: int
    now_fen: int
    """What one piece would cost if the sale closed now; after it was judged: what it costs."""
    steps: list[TierOut]


class CartonOut(Schema):
    """One offer's cartons, as they stand or as they were split."""

    offer_id: IdOut
    title: str
    size: int
    wished: int
    most: int
    cartons: int
    """Whole cartons that would be bought if the sale closed now; after the split: that were."""
    last: int
    """Pieces of the carton being filled, wishes only; 0: none is open."""
    could: int
    """Of the pieces it lacks, those that others would take."""


class CartonShareOut(Schema):
    """One line's part in the split."""

    number: int
    title: str
    wish: int
    most: int
    got: int


class WeighedOffer(Schema):
    offer_id: IdOut
    title: str
    grams: int


class FormingOut(Schema):
    """What a sale settles, for everybody to see."""

    state: FormationState
    judged: bool
    by: Literal["people", "pieces", "fen", ""] = ""
    reach: int = 0
    have: int = 0
    text: str = ""
    text_en: str = ""
    tiers: list[TiersOut] = []
    cartons: list[CartonOut] = []
    carton_rule: str = ""
    carton_rule_en: str = ""
    shares: list[CartonShareOut] = []
    weighed: list[WeighedOffer] = []


class KindOut(Schema):
    """Refunds for one reason."""

    kind: str
    """`unformed`, `unfilled` or `tier`."""
    label: str
    orders: int
    due: int
    refused: int
    amount_fen: int


class SettlingOut(FormingOut):
    """The same for the leader, with the money."""

    ends: bool
    """Whether the sale takes orders no more."""
    waits_for: int
    """Orders not paid yet that it waits for."""
    judged_at: datetime | None
    kinds: list[KindOut]


class SettlementOut(Schema):
    order_id: IdOut
    number: int
    recipient: str
    kind: str
    """`unformed`, `unfilled` or `tier`."""
    label: str
    state: str
    """`due`, `started` or `skipped`."""
    amount_fen: int
    why: str
    why_en: str


class RetryOut(Schema):
    orders: int


class WeighLine(Schema):
    line_id: IdOut
    order_id: IdOut
    number: int
    recipient: str
    title: str
    quantity: int
    standard_g: int
    paid_fen: int
    grams: int | None
    back_fen: int


class WeighIn(Schema):
    line_id: IdIn
    grams: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]


class WeighingsIn(Schema):
    entries: Annotated[list[WeighIn], Field(min_length=1, max_length=100)]


class WeighedOut(Schema):
    """What became of one entry; `refund_fen` goes back now, `back_fen` altogether."""

    line_id: IdOut
    ok: bool
    problem: str = ""
    problem_en: str = ""
    refund_fen: int
    back_fen: int


class WeighingsOut(Schema):
    entries: list[WeighedOut]

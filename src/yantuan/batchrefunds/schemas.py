"""Bodies of the routes about refunds of a batch."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import FenIn, IdIn, IdOut, Text

BatchState = Literal["running", "stopped", "done"]


class SpecIn(Schema):
    """Which goods, whose orders, and how much of what they cost."""

    offer_ids: Annotated[list[IdIn], Field(min_length=1, max_length=100)]
    percent: Annotated[int, Field(strict=True, ge=1, le=100)]
    pickup_point_id: IdIn | None = None
    first_number: Annotated[int, Field(strict=True, ge=0, le=2**31)] = 0
    """跟团号 from which on; 0: from the first."""
    last_number: Annotated[int, Field(strict=True, ge=0, le=2**31)] = 0


class StartIn(SpecIn):
    reason: Annotated[Text, Field(min_length=2, max_length=60)]
    """Every buyer reads it beside the refund."""
    expected_total_fen: FenIn
    """What the preview said; another sum by now is refused."""


class ItemOut(Schema):
    order_id: IdOut
    number: int
    name: str
    goods: str
    amount_fen: int
    state: Literal["waiting", "started", "skipped"]
    why: str
    """Why it is left out; empty otherwise."""
    why_en: str


class PreviewOut(Schema):
    orders: int
    left_out: int
    offline: int
    """Of the orders: paid offline, to be given back by hand."""
    total_fen: int
    items: list[ItemOut]
    """The first two hundred of each kind."""


class BatchOut(Schema):
    id: IdOut
    group_buy_id: IdOut
    state: BatchState
    state_label: str
    percent: int
    reason: str
    orders: int
    total_fen: int
    started: int
    skipped: int
    started_fen: int
    created_at: datetime
    ended_at: datetime | None

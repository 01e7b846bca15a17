"""Options of a sale and an offer: how much, when and by whom may be ordered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from yantuan.kernel.http import Text

Category = Annotated[Text, Field(min_length=1, max_length=10)]
SelfCancel = Literal["before_shipping", "before_end", "never"]
"""Until when buyers cancel paid orders themselves; never later than the first parcel."""
MemberTag = Annotated[Text, Field(min_length=1, max_length=12)]
Audience = Literal["all", "earlier"]
"""`earlier`: people with a paid order in this store before (老客专享)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLimits:
    """Of the whole sale. Counts of 0 mean no limit."""

    categories: Annotated[tuple[Category, ...], Field(max_length=12)] = ()
    """The tabs of the buyer's page, in order; each offer names at most one."""
    most_orders: Annotated[int, Field(ge=0, le=99_999)] = 0
    """Live orders the sale may hold; more are refused until one closes."""
    most_pieces: Annotated[int, Field(ge=0, le=999_999)] = 0
    most_fen: Annotated[int, Field(ge=0, le=100_000_000_00)] = 0
    """What live orders may come to together, in fen."""
    audience: Audience = "all"
    member_tags: Annotated[tuple[MemberTag, ...], Field(max_length=10)] = ()
    """私密团: only members who have one of these tags may order; the store's page does not name the sale."""
    unlisted: bool = False
    """Reached by its link only: the store's page does not name it."""
    hide_sold: bool = False
    """Buyers see no sold counts."""
    self_cancel: SelfCancel = "before_shipping"
    waiting_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    """候补: how long a place is held for the first in line when sold-out goods come back; 0: no waiting list."""
    by_household: bool = False
    """Kept by the server: some offer limits households."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """秒杀: another price inside a window of time; the end itself is outside."""

    price_fen: Annotated[int, Field(ge=0, le=100_000_000_00)]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLimits:
    """Of one offer. Counts of 0 mean no limit."""

    category: Annotated[Text, Field(max_length=10)] = ""
    least: Annotated[int, Field(ge=0, le=9999)] = 0
    """起购: the fewest pieces of one order."""
    step: Annotated[int, Field(ge=0, le=9999)] = 0
    """倍数: pieces must be a multiple of it."""
    per_household: Annotated[int, Field(ge=0, le=9999)] = 0
    """Most pieces live orders of one household may hold (see `orders.households`)."""
    flash: Flash | None = None
    ships_on: date | None = None
    """预售: the day by which it will be sent, in Beijing time."""

"""Options of a sale and an offer: what happens when the sale closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

Reach = Annotated[int, Field(strict=True, ge=2, le=100_000_000_00)]
TierFen = Annotated[int, Field(strict=True, ge=1, le=100_000_000_00)]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormingRule:
    """成团条件: the sale counts once paid orders reach this together; else everybody gets everything back."""

    by: Literal["people", "pieces", "fen"] = "people"
    reach: Reach


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleForming:
    """Of the whole sale."""

    rule: FormingRule | None = None
    settles: bool = False
    """Kept by the server: some offer has tiers or cartons, so that money goes back when the sale closes."""
    weighs: bool = False
    """Kept by the server: some offer is weighed."""
    cartons: bool = False
    """Kept by the server: some offer comes in cartons, so that nothing moves before the sale closes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """From `reach` pieces (or people) on, one piece costs `price_fen`."""

    reach: Reach
    price_fen: TierFen


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """阶梯价: everybody pays the usual price and gets the difference to the tier reached when the sale closes."""

    by: Literal["people", "pieces"] = "pieces"
    steps: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=5)]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferForming:
    """Of one offer."""

    tiers: Tiers | None = None
    carton: Annotated[int, Field(ge=0, le=999)] = 0
    """拼箱: pieces of one carton; only whole cartons are bought. 0: sold by the piece."""
    weigh_g: Annotated[int, Field(ge=0, le=100_000)] = 0
    """称重: grams that one piece's price stands for; less weight is given back. 0: not weighed."""

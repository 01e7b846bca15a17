"""Options of a sale and an offer: what an order costs beside price and freight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from yantuan.stores.freight import FreightTemplate

OptionFen = Annotated[int, Field(strict=True, ge=1, le=100_000_000_00)]
Pieces = Annotated[int, Field(strict=True, ge=1, le=9999)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a reduction: from `reach` (fen or pieces) on, `minus_fen` less is paid."""

    reach: OptionFen
    minus_fen: OptionFen


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """满减. Only the best step reached counts; a `repeating` one has a single step that counts as often as it fits."""

    by: Literal["fen", "pieces"] = "fen"
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=5)]
    repeating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """买赠: from `reach` (fen or pieces of the goods) on, `quantity` pieces of this offer come along for nothing."""

    by: Literal["fen", "pieces"] = "fen"
    reach: OptionFen
    quantity: Pieces = 1
    repeating: bool = False
    """Again for each further `reach`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleMoney:
    """Of the whole sale."""

    reduction: Reduction | None = None
    freight: FreightTemplate | None = None
    """Takes the place of the store's freight."""
    new_buyers: bool = False
    """Kept by the server: some offer has a price for new buyers."""
    gifts: bool = False
    """Kept by the server: some offer is a gift."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMoney:
    """Of one offer."""

    no_reduction: bool = False
    """Left out of the sale's 满减."""
    new_buyer_fen: Annotated[int, Field(strict=True, ge=0, le=100_000_000_00)] | None = None
    """新人价: one piece's price for somebody's first order in this store; None: no such price."""
    new_buyer_pieces: Pieces = 1
    """So many pieces at that price; the others at the usual one."""
    gift: Gift | None = None
    """This offer is not sold: it comes along with others."""

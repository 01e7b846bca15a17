"""Options of a sale and an offer: small teams of buyers who get a price of their own together (拼团)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from yantuan.groupbuys.options.money import OptionFen


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleTeams:
    """Of the whole sale."""

    size: Annotated[int, Field(ge=0, le=10)] = 0
    """So many paid members form a team; 0: no teams."""
    hours: Annotated[int, Field(ge=1, le=48)] = 24
    """How long a team has, never beyond the end of its sale. What WeChat Pay took must be sent within 48 hours."""
    sell_anyway: bool = False
    """Not formed in time: its paid members get their goods at the team price all the same, in place of their money back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTeams:
    """Of one offer."""

    price_fen: OptionFen | None = None
    """拼团价 of one piece; None: not sold to teams."""

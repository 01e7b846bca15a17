"""Options of a sale and an offer: what an order costs beside price and freight."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleMoney:
    """Of the whole sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMoney:
    """Of one offer."""

"""Options of a sale and an offer: what happens when the sale closes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleForming:
    """Of the whole sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferForming:
    """Of one offer."""

"""Options of a sale and an offer: how much, when and by whom may be ordered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleLimits:
    """Of the whole sale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferLimits:
    """Of one offer."""

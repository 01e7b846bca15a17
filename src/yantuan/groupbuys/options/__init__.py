"""What a sale and its offers may demand beyond price, stock and window: plain data kept as JSON beside the row.

One definition serves three readers. The API takes and shows these dataclasses (pydantic checks them), the row keeps
`packed()`, and placing decodes that text without pydantic (`sale_options`, `offer_options`). A sale without options
keeps `{}` and costs nothing: placing gets the same two constants, reads no further row, and no rule is asked.

A new option is a field with a default in the module of its kind. Defaults always mean "not demanded".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import msgspec

from yantuan.groupbuys.options.forming import OfferForming, SaleForming
from yantuan.groupbuys.options.limits import OfferLimits, SaleLimits
from yantuan.groupbuys.options.money import OfferMoney, SaleMoney
from yantuan.groupbuys.options.teams import OfferTeams, SaleTeams


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleOptions:
    """Options of one group buy."""

    limits: SaleLimits = field(default_factory=SaleLimits)
    money: SaleMoney = field(default_factory=SaleMoney)
    forming: SaleForming = field(default_factory=SaleForming)
    teams: SaleTeams = field(default_factory=SaleTeams)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferOptions:
    """Options of one offer."""

    limits: OfferLimits = field(default_factory=OfferLimits)
    money: OfferMoney = field(default_factory=OfferMoney)
    forming: OfferForming = field(default_factory=OfferForming)
    teams: OfferTeams = field(default_factory=OfferTeams)


NO_SALE_OPTIONS: Final = SaleOptions()
NO_OFFER_OPTIONS: Final = OfferOptions()


def packed(options: SaleOptions | OfferOptions) -> dict[str, Any]:
    """What the row keeps: only the kinds that demand something, so that a sale without options keeps nothing."""
    plain: SaleOptions | OfferOptions = (
        NO_SALE_OPTIONS if isinstance(options, SaleOptions) else NO_OFFER_OPTIONS
    )
    kinds = ("limits", "money", "forming", "teams")
    return {
        kind: msgspec.to_builtins(getattr(options, kind))
        for kind in kinds
        if getattr(options, kind) != getattr(plain, kind)
    }


def sale_options(text: str) -> SaleOptions:
    """The options from the row's JSON text."""
    return NO_SALE_OPTIONS if text == "{}" else _sale(text)


def offer_options(text: str) -> OfferOptions:
    """The options from the row's JSON text."""
    return NO_OFFER_OPTIONS if text == "{}" else _offer(text)


@lru_cache(maxsize=512)
def _sale(text: str) -> SaleOptions:
    return msgspec.json.decode(text, type=SaleOptions)


@lru_cache(maxsize=4096)
def _offer(text: str) -> OfferOptions:
    return msgspec.json.decode(text, type=OfferOptions)


def sale_options_of(kept: dict[str, Any]) -> SaleOptions:
    """The options from a row read through the ORM."""
    return msgspec.convert(kept, SaleOptions) if kept else NO_SALE_OPTIONS


def offer_options_of(kept: dict[str, Any]) -> OfferOptions:
    """The options from a row read through the ORM."""
    return msgspec.convert(kept, OfferOptions) if kept else NO_OFFER_OPTIONS

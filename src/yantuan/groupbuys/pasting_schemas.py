"""Bodies of reading a supplier's text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import IdOut, Text


class SupplierIn(Schema):
    text: Annotated[Text, Field(min_length=1, max_length=100_000)]


class SupplierMark(Schema):
    """How sure a guess is, and the words it came from."""

    sure: Literal["sure", "likely", "guess"]
    source: str


class SupplierSpec(Schema):
    """One variant; null where the text says nothing, `limit` 0 where it says none."""

    name: str
    price_fen: int | None
    price: SupplierMark | None
    market_fen: int | None
    cost_fen: int | None
    limit: int
    limit_mark: SupplierMark | None
    stock: int | None
    stock_mark: SupplierMark | None
    sku_id: IdOut | None = None
    """The variant of the library with this name."""


class SupplierGood(Schema):
    title: str
    mark: SupplierMark
    specs: list[SupplierSpec]
    product_id: IdOut | None = None
    """Goods of the library with this title."""


class SupplierUnclear(Schema):
    """A piece nothing is made of; `line` counts from 1, 0 is the whole text."""

    line: int
    text: str
    why: str
    why_en: str


class SupplierRead(Schema):
    title: str
    title_mark: SupplierMark | None
    goods: list[SupplierGood]
    ends_at: datetime | None
    ends_mark: SupplierMark | None
    arrives: str
    courier: bool | None
    courier_mark: SupplierMark | None
    pickup: bool | None
    pickup_mark: SupplierMark | None
    blocks: list[str]
    unclear: list[SupplierUnclear]

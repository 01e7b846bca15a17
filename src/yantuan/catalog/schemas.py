"""Bodies of the product library API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import FenIn, IdIn, IdOut, Text
from yantuan.kernel.reviews import ReviewOut
from yantuan.media.schemas import MediaOut

StockIn = Annotated[int, Field(strict=True, ge=0, le=99_999_999)]
LimitIn = Annotated[int, Field(strict=True, ge=0, le=9999)]


class SkuIn(Schema):
    """One variant. With `id`: change that one; without: add. A SKU left out of a PUT is archived."""

    id: IdIn | None = None
    name: Annotated[Text, Field(max_length=30)] = ""
    code: Annotated[Text, Field(max_length=32)] = ""
    price_fen: FenIn
    cost_fen: FenIn | None = None
    limit_per_person: LimitIn = 0
    weight_g: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 0
    """Of one piece in grams; 0: not weighed."""
    stock: StockIn | None = None
    """First stock of a new SKU. An existing SKU's stock changes only through the stock route."""


class ProductIn(Schema):
    title: Annotated[Text, Field(min_length=1, max_length=100)]
    description: Annotated[Text, Field(max_length=2000)] = ""
    picture_media_ids: Annotated[list[IdIn], Field(min_length=1, max_length=9)]
    skus: Annotated[list[SkuIn], Field(min_length=1, max_length=50)]


class SkuOut(Schema):
    id: IdOut
    name: str
    code: str
    price_fen: int
    cost_fen: int | None
    limit_per_person: int
    weight_g: int = 0
    available: int
    held: int
    sold: int


class ProductOut(Schema):
    id: IdOut
    title: str
    description: str
    pictures: list[MediaOut]
    skus: list[SkuOut]
    archived: bool
    on_shelf: bool
    updated_at: datetime
    review: ReviewOut | None = None
    """New words or pictures of goods buyers see, which wait for the content check or did not pass it."""
    wanted: ProductOut | None = None
    """The goods as their owner wants them, while buyers go on seeing the old; new variants have no id."""


class StockChangeIn(Schema):
    """Add (`delta` > 0) or take (`delta` < 0) units; held and sold units are never touched."""

    delta: Annotated[int, Field(strict=True, ge=-99_999_999, le=99_999_999)]


class StockOut(Schema):
    available: int
    held: int
    sold: int
    total: int

"""Bodies of the goods import API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from yantuan.catalog.schemas import StockIn
from yantuan.kernel.http import IdIn, IdOut

Places = Annotated[list[Annotated[int, Field(strict=True, ge=0, le=2000)]], Field(max_length=2000)]


class GoodsProblem(Schema):
    """One thing to be said of a row."""

    code: str
    weight: str
    """`error`: never taken; `confirm`: taken when ticked; `note`."""
    text: str
    text_en: str


class GoodsProblemCount(GoodsProblem):
    rows: int


class GoodsImportOut(Schema):
    """A sheet and how far it is. Numbers of rows: `ready` are right, `doubtful` wait to be ticked, `wrong` can't be taken, `known` are in the
    library already; `results` after the confirmation: `waiting`, `made`, `known`, `skipped`, `refused`."""

    id: IdOut
    store_id: IdOut
    state: str
    state_label: str
    again: bool = False
    """The very same file was sent before; this is what became of it."""
    title: str
    sheet: str
    others: list[str]
    """Further sheets of the file, which were not read."""
    headings: dict[str, str]
    rows: int
    ready: int
    doubtful: int
    wrong: int
    known: int
    needs_picture: bool
    """Some row that may be taken has no picture."""
    needs_stock: bool
    results: dict[str, int]
    problems: list[GoodsProblemCount]
    created_at: datetime
    confirmed_at: datetime | None
    done_at: datetime | None


class GoodsImportBrief(Schema):
    id: IdOut
    state: str
    state_label: str
    title: str
    rows: int
    made: int
    created_at: datetime


class GoodsRowOut(Schema):
    place: int
    row: int
    title: str
    spec: str
    price_fen: int | None
    market_fen: int | None
    cost_fen: int | None
    stock: int | None
    limit: int
    code: str
    pictures: int
    severity: str
    problems: list[GoodsProblem]
    product_id: IdOut | None
    sku_id: IdOut | None
    result: str
    refusal: str
    refusal_text: str
    refusal_text_en: str


class GoodsConfirmIn(Schema):
    """`without`: places of right rows to leave out; `also`: places of doubtful rows to take."""

    without: Places = []
    also: Places = []
    picture_media_id: IdIn | None = None
    """For goods without a picture of their own."""
    stock: StockIn | None = None
    """For rows that say no stock."""

"""Bodies of the 接龙 routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import IdOut, Text


class JielongIn(Schema):
    text: Annotated[Text, Field(min_length=1, max_length=200_000)]


class JielongItem(Schema):
    offer_id: IdOut
    quantity: int


class JielongOffer(Schema):
    offer_id: IdOut
    code: str
    name: str
    price_fen: int
    wanted: int
    booked: int


class JielongOther(Schema):
    name: str
    items: Sequence[JielongItem]


class JielongPerson(Schema):
    """One person of the text or of the orders; `numbers` are the 跟团号 found for them."""

    mark: Literal["new", "changed", "vanished", "same", "unclear"]
    name: str
    room: str
    wanted: Sequence[JielongItem]
    booked: Sequence[JielongItem]
    numbers: list[int]
    seen: int
    """Orders these 跟团号 have by now, closed ones too; adding pieces names it (`proxies.schemas.WishIn`)."""
    wanted_fen: int
    unpaid_fen: int
    cancelled: bool
    notes: list[str]
    others: list[JielongOther]
    why: str


class JielongAmbiguous(Schema):
    """A line nothing is read from; `number` counts the lines of the text from 1."""

    line: str
    why: str
    number: int


class JielongRead(Schema):
    offers: list[JielongOffer]
    people: list[JielongPerson]
    ambiguous: list[JielongAmbiguous]
    used_lines: int
    ignored_lines: int
    wanted_fen: int
    booked_fen: int
    unpaid_fen: int


class JielongText(Schema):
    text: str
    people: int

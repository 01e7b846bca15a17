"""Bodies of the gate's API. The list is read by phones with a weak line, so its rows have short names."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AwareDatetime, Field

from yantuan.fulfilment.schemas import PieceIn
from yantuan.gate.rules import Friend, Outcome
from yantuan.kernel.http import IdIn, IdOut, Text

Key = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,40}$")]


class GatePoint(Schema):
    id: IdOut
    name: str


class GateGoods(Schema):
    title: str
    picture: str


class GateLine(Schema):
    id: IdOut
    g: int
    """Place in `goods`."""
    q: int
    """Ordered and not given back."""
    d: int
    """Handed out."""


class GateOrder(Schema):
    id: IdOut
    n: int
    """跟团号."""
    p: int
    """Place in `points`, -1 where the point is gone."""
    name: str
    room: str
    t: str
    """Last four of the phone."""
    i: str
    """Pinyin initials of the name."""
    c: str
    """Short digest of the pick-up code under the list's salt."""
    s: Literal["waiting", "picked", "refunded", "unpaid", "unformed"]
    a: bool = False
    """An after-sale case is open."""
    at: datetime | None = None
    by: str = ""
    # One letter, as its neighbours: a list of thousands of orders goes over a phone's line.
    l: list[GateLine]  # noqa: E741


class GatePass(Schema):
    """A pass a friend may show, as a gate without a line knows it."""

    s: str
    """Salt of its digest."""
    d: str
    f: str
    """The friend's name, masked."""
    day: str
    """The day it is good for, `2026-05-12`."""
    o: list[IdOut]
    """Orders it is for."""


class GateList(Schema):
    """Everything a gate needs for one sale without a line."""

    token: str
    """Proof of which list an entry was made with; sent back with the entries."""
    salt: str
    made_at: datetime
    title: str
    store_id: IdOut
    points: list[GatePoint]
    goods: list[GateGoods]
    orders: list[GateOrder]
    passes: list[GatePass] = []


class EntryIn(Schema):
    key: Key
    """Made once by the phone; the same key is never booked twice."""
    order_id: IdIn
    kind: Literal["hand_out", "undo"]
    lines: Annotated[list[PieceIn], Field(max_length=50)] = []
    undoes: Annotated[str, Field(max_length=40)] = ""
    """Key of the entry an undo takes back."""
    at: AwareDatetime
    pass_code: Annotated[str, Field(pattern=r"^([0-9]{9})?$")] = ""
    """Of the pass a friend showed."""


class EntriesIn(Schema):
    token: Annotated[str, Field(max_length=200)]
    entries: Annotated[list[EntryIn], Field(min_length=1, max_length=100)]


class EntryOut(Schema):
    key: str
    outcome: Outcome | Literal["unknown", "key_reused"]
    booked: dict[str, int]
    number: int = 0
    at: datetime | None = None
    """When somebody else had handed it out."""
    by: str = ""
    friend: Friend = ""
    """What the shown pass was worth; the goods are booked all the same, for they are gone."""


class Clash(Schema):
    """Somebody else handed out again what this person had handed out."""

    key: str
    number: int
    at: datetime
    by: str


class EntriesOut(Schema):
    entries: list[EntryOut]
    clashes: list[Clash]


class PassIn(Schema):
    """A pass for a friend; one made before for any of these orders is good no more."""

    order_ids: Annotated[list[IdIn], Field(min_length=1, max_length=20)]
    friend: Annotated[Text, Field(max_length=20)] = ""
    day: date


class PassOut(Schema):
    id: IdOut
    friend: str
    day: date
    order_ids: list[IdOut]
    used: bool
    """Every order of it was fetched."""


class PassMade(PassOut):
    """The only answer that tells its code."""

    code: str
    text: str
    """What its QR code says."""
    points: list[GatePoint]

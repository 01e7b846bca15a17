"""Bodies of the sharing API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import IdOut, Text


class ShareIn(Schema):
    kind: Literal["link", "card", "poster", "text"]
    label: Annotated[Text, Field(max_length=20)] = ""


class ShareOut(Schema):
    id: IdOut
    token: str
    kind: str
    label: str
    url: str
    """Short link, `/g/CODE?t=TOKEN` or `/s/CODE?t=TOKEN`."""
    text: str
    """Words to paste into a chat."""
    poster_url: str
    qr_url: str
    card_url: str
    mini_path: str
    opens: int
    orders: int
    paid_orders: int
    created_at: datetime


class SceneOut(Schema):
    """What a mini-program code stands for."""

    page: str
    """Path inside the package, without a leading slash."""
    query: dict[str, str]


class MiniLinksOut(Schema):
    """Links that open the mini-program."""

    url_link: str
    """For text messages and mails."""
    short_link: str
    """For chats."""
    expires_at: datetime


class SignOut(Schema):
    """A code to print and hang up, or to stick on a bag."""

    picture_url: str
    link: str
    """Where the code leads in a browser."""


class PickupHereOrder(Schema):
    id: IdOut
    number: int
    title: str
    goods: str


class PickupHereOut(Schema):
    """A pick-up point as seen from its door: where it is, and what the person has to fetch there."""

    store_name: str
    name: str
    address: str
    hours: str
    orders: list[PickupHereOrder]


class LiveCardOut(Schema):
    """What a card that goes on counting is sent with."""

    activity_id: str
    """Empty: send a plain card."""
    template_id: str
    members: int
    room: int
    enabled: bool
    """False: no sale of this instance has such cards, so there is no need to ask again."""


class JsSignatureOut(Schema):
    app_id: str
    timestamp: int
    nonce: str
    signature: str

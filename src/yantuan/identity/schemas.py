"""Bodies of the identity API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AfterValidator, Field

from yantuan.identity.rules import plain_room
from yantuan.kernel.http import IdIn, IdOut, Phone, Text
from yantuan.kernel.spots import Spot

ClientKind = Literal["h5", "mp"]
Room = Annotated[Text, Field(max_length=20), AfterValidator(plain_room)]
"""A door's number as orders are searched by it: `1201室` is kept as `1201`."""


class SmsIn(Schema):
    phone: Phone


class SmsOut(Schema):
    sent: bool
    retry_after: int
    """Seconds until another code may be asked for."""


class PhoneSignIn(Schema):
    phone: Phone
    code: Annotated[Text, Field(pattern=r"^\d{6}$")]
    client: ClientKind = "h5"
    agreed: bool
    """The person ticked the terms; required true."""


class MiniSignIn(Schema):
    js_code: Annotated[Text, Field(min_length=1, max_length=200)]


class StepUpIn(Schema):
    code: Annotated[Text, Field(pattern=r"^\d{6}$")]


class PhoneBindIn(Schema):
    phone: Phone
    code: Annotated[Text, Field(pattern=r"^\d{6}$")]


class WechatPhoneIn(Schema):
    code: Annotated[Text, Field(min_length=1, max_length=200)]
    """What the mini-program's phone button gave; not the code of `wx.login`."""


class SessionOut(Schema):
    """`token` only for the mini-program; H5 gets an HttpOnly cookie."""

    token: str | None = None
    person_id: IdOut
    new_person: bool
    has_phone: bool


class PersonIn(Schema):
    nickname: Annotated[Text, Field(min_length=1, max_length=20)] | None = None
    avatar_media_id: IdIn | None = None
    show_in_lists: bool | None = None
    language: Literal["zh", "en"] | None = None


class AddressIn(Schema):
    name: Annotated[Text, Field(min_length=1, max_length=50)]
    phone: Phone
    province: Annotated[Text, Field(min_length=1, max_length=20)]
    city: Annotated[Text, Field(min_length=1, max_length=20)]
    district: Annotated[Text, Field(max_length=20)] = ""
    detail: Annotated[Text, Field(min_length=1, max_length=120)]
    building: Annotated[Text, Field(max_length=20)] = ""
    unit: Annotated[Text, Field(max_length=20)] = ""
    room: Room = ""
    spot: Spot | None = None
    """Where it is on the map, as the person marked it; asked for only where delivery is charged by distance."""
    is_default: bool = False


class AddressOut(Schema):
    id: IdOut
    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str
    building: str
    unit: str
    room: str
    spot: Spot | None
    """For its owner only."""
    is_default: bool
    text: str
    """The whole address on one line."""


AddressPart = Literal["name", "phone", "province", "city", "district", "detail", "building", "unit", "room"]


class AddressTextIn(Schema):
    text: Annotated[Text, Field(min_length=1, max_length=5000)]
    """What the person pasted: name, phone and address in any order."""


class AddressReadOut(Schema):
    """The parts of a pasted address; empty what is not written or not certain."""

    name: str
    phone: str
    phone_not_taken: str
    """A number that an address can't keep: a landline, or one from outside the mainland."""
    province: str
    city: str
    district: str
    detail: str
    """With the township in front, and the extension of the phone at the end."""
    building: str
    unit: str
    room: str
    note: str
    """Wishes to the courier; they belong in the remark of an order."""
    missing: list[AddressPart]
    guessed: list[AddressPart]
    """Parts that were worked out, not copied."""


class SessionRow(Schema):
    id: IdOut
    client: str
    user_agent: str
    seen_at: datetime
    current: bool

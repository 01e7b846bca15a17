"""Bodies of the fulfilment API."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import Count, IdIn, IdOut, Text
from yantuan.orders.schemas import OrderRow

Tracking = Annotated[Text, Field(min_length=5, max_length=40, pattern=r"^[A-Za-z0-9\-]+$")]


class PieceIn(Schema):
    order_line_id: IdIn
    quantity: Count


class ShipIn(Schema):
    """One parcel. Without lines: everything not yet shipped."""

    carrier: Annotated[Text, Field(min_length=1, max_length=12)]
    carrier_name: Annotated[Text, Field(max_length=40)] = ""
    """Needed when carrier is OTHER."""
    tracking_no: Tracking
    note: Annotated[Text, Field(max_length=100)] = ""
    lines: Annotated[list[PieceIn], Field(max_length=50)] = []
    with_orders: Annotated[list[IdIn], Field(max_length=20)] = []
    """Other orders of the same 跟团号 and recipient that are in the parcel, with everything left of them."""
    seen: Annotated[int | None, Field(strict=True, ge=0)] = None
    """`address_changes` of the order as it was shown: an address changed meanwhile is looked at before a parcel leaves."""


class TogetherOut(Schema):
    """Another order that goes into the same parcel."""

    order_id: IdOut
    goods: str
    pieces: int
    """Not sent yet."""


class CorrectIn(Schema):
    carrier: Annotated[Text, Field(min_length=1, max_length=12)]
    carrier_name: Annotated[Text, Field(max_length=40)] = ""
    tracking_no: Tracking


class CarrierOut(Schema):
    code: str
    name: str
    likely: bool = False
    """The number's pattern fits this carrier."""
    doubtful: bool = False
    """The number does not look like this carrier's; a hint, never a refusal."""


class PickupFindIn(Schema):
    """What the host typed or scanned: the pick-up code, the QR text, a 跟团号, the last four of the phone, or a room."""

    text: Annotated[Text, Field(min_length=1, max_length=64)]


class PickupFound(Schema):
    orders: list[OrderRow]


class PickupIn(Schema):
    """Hand out. Without lines: everything not yet handed out."""

    lines: Annotated[list[PieceIn], Field(max_length=50)] = []
    pass_code: Annotated[str, Field(pattern=r"^([0-9]{9})?$")] = ""
    """Of the pass a friend showed."""


class PickupCodeOut(Schema):
    code: str
    qr_svg: str
    order_id: IdOut

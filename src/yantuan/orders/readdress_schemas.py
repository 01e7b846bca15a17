"""Bodies of changing where an order goes."""

from __future__ import annotations

from typing import Annotated

from ninja import Schema
from pydantic import Field

from yantuan.identity.schemas import Room
from yantuan.kernel.http import IdIn, Phone, Text
from yantuan.kernel.spots import Spot
from yantuan.orders.recipient_schemas import RecipientParts
from yantuan.stores.schemas import PickupPointOut

Short = Annotated[Text, Field(max_length=20)]


class RecipientIn(Schema):
    """Whom it goes to. Region and street are needed for courier and not looked at for pick-up."""

    name: Annotated[Text, Field(min_length=1, max_length=50)]
    phone: Phone
    province: Short = ""
    city: Short = ""
    district: Short = ""
    detail: Annotated[Text, Field(max_length=120)] = ""
    building: Short = ""
    unit: Short = ""
    room: Room = ""


class ReaddressIn(Schema):
    recipient: RecipientIn
    spot: Spot | None = None
    """Where the new address is on the map; needed where freight goes by distance and region or street change."""
    pickup_point_id: IdIn | None = None
    """Another pick-up point of the sale; absent: the same."""
    seen: Annotated[int, Field(strict=True, ge=0)] = 0
    """`address_changes` of the order that was shown; another change meanwhile is refused (`address_changed`)."""
    keep_freight: bool = False
    """Only from the leader: a difference in freight is neither asked for nor given back."""


class ReaddressOut(Schema):
    """What may be changed of an order's destination now, and what goes with it."""

    delivery_method: str
    problem: str = ""
    """Why nothing may be changed (Chinese sentence); empty if something may."""
    problem_en: str = ""
    seen: int
    orders: int
    """Orders that are packed together and move together, this one included."""
    parts: RecipientParts | None
    """The recipient as it is now; the leader reveals it separately, which is audited."""
    pickup_point_id: str = ""
    points: list[PickupPointOut] = []
    """Pick-up points of the sale; empty for courier."""

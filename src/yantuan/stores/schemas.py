"""Bodies of the stores API."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import FenIn, IdIn, IdOut, Text
from yantuan.kernel.reviews import ReviewOut
from yantuan.leaders.schemas import LeaderCard
from yantuan.media.schemas import MediaOut
from yantuan.staff.rights import RIGHTS, Right
from yantuan.stores.freight import FreightTemplate

Optional200 = Annotated[Text, Field(max_length=200)]


class StoreIn(Schema):
    """The whole of a store's settings; a PUT replaces them."""

    name: Annotated[Text, Field(min_length=2, max_length=20)]
    cover_media_id: IdIn | None = None
    introduction: Annotated[Text, Field(max_length=2000)] = ""
    notice: Annotated[Text, Field(max_length=300)] = ""
    contact_wechat: Annotated[Text, Field(max_length=40)] = ""
    contact_phone: Annotated[Text, Field(max_length=20, pattern=r"^[0-9+\- ]*$")] = ""
    aftersale_policy: Annotated[Text, Field(max_length=2000)] = ""
    courier_enabled: bool = True
    freight_kind: Literal["flat", "free_above", "template"] = "flat"
    freight_fen: FenIn = 0
    free_above_fen: FenIn = 0
    freight_template: FreightTemplate | None = None
    """Needed for the kind `template`."""
    pickup_enabled: bool = False
    wechatpay_enabled: bool = True
    offline_enabled: bool = False
    collection_code_media_id: IdIn | None = None
    offline_note: Optional200 = ""
    return_name: Annotated[Text, Field(max_length=40)] = ""
    return_phone: Annotated[Text, Field(max_length=20, pattern=r"^[0-9+\- ]*$")] = ""
    return_address: Optional200 = ""


class PickupPointIn(Schema):
    name: Annotated[Text, Field(min_length=1, max_length=40)]
    address: Annotated[Text, Field(min_length=1, max_length=200)]
    hours: Annotated[Text, Field(max_length=100)] = ""
    contact_name: Annotated[Text, Field(max_length=40)] = ""
    contact_phone: Annotated[Text, Field(max_length=20, pattern=r"^[0-9+\- ]*$")] = ""


class PickupPointOut(Schema):
    id: IdOut
    name: str
    address: str
    hours: str
    contact_name: str
    contact_phone: str


class OwnPoint(PickupPointOut):
    """The owner's view of a pick-up point."""

    review: ReviewOut | None = None
    """New words that wait for the content check, or did not pass it."""
    wanted: PickupPointOut | None = None
    """The point as its owner wants it, while buyers go on seeing the old."""


class StoreOut(Schema):
    """The owner's view."""

    id: IdOut
    code: str
    url: str
    name: str
    cover: MediaOut | None
    introduction: str
    notice: str
    contact_wechat: str
    contact_phone: str
    aftersale_policy: str
    courier_enabled: bool
    freight_kind: Literal["flat", "free_above", "template"]
    freight_fen: int
    free_above_fen: int
    freight_template: FreightTemplate | None = None
    pickup_enabled: bool
    pickup_points: list[OwnPoint]
    wechatpay_enabled: bool
    offline_enabled: bool
    collection_code: MediaOut | None
    offline_note: str
    return_name: str
    return_phone: str
    return_address: str
    suspended: bool
    suspend_reason: str
    review: ReviewOut | None = None
    """New words or pictures that wait for the content check, or did not pass it."""
    wanted: StoreOut | None = None
    """The store as its owner wants it, while buyers go on seeing the old."""
    owned: bool = True
    """False for a store the person only helps in."""
    rights: list[Right] = list(RIGHTS)
    """What the person may do there; the owner everything."""


class StoreCard(Schema):
    """The public head of a store, on every page that sells."""

    id: IdOut
    code: str
    name: str
    cover_url: str
    introduction: str
    notice: str
    contact_wechat: str
    contact_phone: str
    aftersale_policy: str
    leader: LeaderCard
    selling: bool
    """False while the leader or the store is suspended or uncertified."""
    collecting: bool
    """False while there is no way to pay here."""
    coupons: bool = False
    """There are coupons to be asked for."""

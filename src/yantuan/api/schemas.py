"""Bodies that join several floors."""

from __future__ import annotations

from typing import Literal

from ninja import Schema

from yantuan.kernel.http import IdOut
from yantuan.kernel.reviews import ReviewOut
from yantuan.merchants.schemas import PayTroubleOut
from yantuan.staff.rights import Right


class MeLeader(Schema):
    id: IdOut
    display_name: str
    state: Literal["none", "pending", "approved", "rejected"]
    state_label: str
    suspended: bool
    suspend_reason: str
    pay_trouble: PayTroubleOut | None
    """Why the store's WeChat Pay takes no money although it did."""
    store_id: IdOut | None
    store_name: str
    store_code: str


class MePerson(Schema):
    id: IdOut
    nickname: str
    avatar_media_id: IdOut | None = None
    avatar_url: str
    phone_masked: str
    has_phone: bool
    show_in_lists: bool
    language: str
    review: ReviewOut | None = None
    """A new name or picture that waits for the content check, or did not pass it."""
    wanted_nickname: str = ""
    """The name wished for then; empty when only the picture changes."""
    wanted_avatar_url: str = ""


class MeHelp(Schema):
    """A store of somebody else's the person helps in."""

    store_id: IdOut
    store_name: str
    store_code: str
    leader_name: str
    rights: list[Right]
    suspended: bool
    suspend_reason: str


class MePoint(Schema):
    """A pick-up point the person hosts."""

    id: IdOut
    name: str
    store_name: str


class MeOut(Schema):
    """Who is looking. `person` null: signed out."""

    person: MePerson | None
    leader: MeLeader | None
    helps: list[MeHelp] = []
    points: list[MePoint] = []
    unread_leader: int
    unread_buyer: int


class InstanceOut(Schema):
    """What the app must know of this instance."""

    name: str
    demo: bool
    wechatpay: bool
    oa_appid: str
    mini_appid: str
    simulator_url: str
    hold_minutes: int
    aftersale_days: int


class DemoSignIn(Schema):
    role: Literal["leader", "buyer", "buyer2", "operator"]
    client: Literal["h5", "mp"] = "h5"


class DemoSignedIn(Schema):
    """`go`: the path to open next; the operator's is the console."""

    go: str
    token: str | None = None

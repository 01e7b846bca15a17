"""Bodies of the routes about a store's helpers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import IdOut, Text
from yantuan.media.schemas import MediaOut
from yantuan.staff.rights import RIGHTS, Right

Rights = Annotated[list[Right], Field(min_length=1, max_length=len(RIGHTS))]
Note = Annotated[Text, Field(max_length=20)]


class StaffRightsIn(Schema):
    rights: Rights
    note: Note = ""


class StaffOut(Schema):
    id: IdOut
    nickname: str
    avatar: MediaOut | None
    note: str
    rights: list[Right]
    created_at: datetime
    last_act_at: datetime | None


class StaffInviteOut(Schema):
    """An open invitation; `url` only in the answer that made it."""

    id: IdOut
    note: str
    rights: list[Right]
    created_at: datetime
    expires_at: datetime
    url: str = ""
    token: str = ""


class StaffPage(Schema):
    members: list[StaffOut]
    invites: list[StaffInviteOut]


class StaffInviteSeen(Schema):
    """What the invited person sees before accepting."""

    store_id: IdOut
    store_name: str
    leader_name: str
    rights: list[Right]
    expires_at: datetime
    mine: bool
    """The person is the leader, or a helper of this store already."""


class StaffActOut(Schema):
    id: IdOut
    at: datetime
    nickname: str
    note: str
    text: str
    text_en: str
    outcome: str
    """`done`, a refusal's code, or empty when it is not known."""
    order_id: str

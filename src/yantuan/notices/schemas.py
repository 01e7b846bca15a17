"""Bodies of the messages API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, model_validator

from yantuan.kernel.http import IdIn, IdOut, Text

Role = Literal["leader", "buyer"]
ChannelKind = Literal["wecom", "email", "subscribe"]
Digest = Literal["none", "hourly", "daily"]
Minute = Annotated[int, Field(ge=0, lt=24 * 60)]
"""Minutes after midnight, Beijing time."""


class RemindedOut(Schema):
    """How the buyer hears of it: in WeChat now, in WeChat in the morning, or only in the app."""

    told: Literal["wechat", "morning", "app"]


class MessageOut(Schema):
    id: IdOut
    role: Role
    kind: str
    title: str
    body: str
    link: str
    order_id: IdOut | None
    created_at: datetime
    read: bool


class ReadIn(Schema):
    """Mark as read up to and including `up_to`, on one side."""

    role: Role
    up_to: IdIn


class UnreadOut(Schema):
    leader: int
    buyer: int


class ChannelOut(Schema):
    kind: ChannelKind
    name: str
    enabled: bool
    target_hint: str
    available: bool
    """The instance has what this channel needs."""
    permits: int = 0
    """Subscription messages left."""
    digest: Digest = "none"
    problem: str = ""
    """Why the newest message did not get through, or has not yet; empty while all is well."""


class ChannelIn(Schema):
    """`target`: robot webhook address or key, or e-mail address; empty keeps the present one."""

    enabled: bool
    target: Annotated[Text, Field(max_length=300)] = ""
    digest: Digest | None = None
    """None keeps the present one."""


class HoursOut(Schema):
    """When a store's leader is left alone; null: never."""

    quiet_from: int | None
    quiet_to: int | None
    urgent_passes: bool


class HoursIn(Schema):
    """Both times or neither."""

    quiet_from: Minute | None = None
    quiet_to: Minute | None = None
    urgent_passes: bool = True

    @model_validator(mode="after")
    def _both(self) -> HoursIn:
        if (self.quiet_from is None) != (self.quiet_to is None):
            raise ValueError("quiet_from and quiet_to belong together")
        return self


class DeliveryOut(Schema):
    id: IdOut
    channel: str
    channel_name: str
    kind: str
    title: str
    body: str
    state: str
    state_label: str
    error: str
    tries: int
    created_at: datetime
    sent_at: datetime | None


class ConsentIn(Schema):
    template_id: Annotated[Text, Field(min_length=1, max_length=64)]
    accepted: bool


class SubscribeTemplates(Schema):
    leader: list[str]
    buyer: list[str]

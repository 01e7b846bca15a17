"""Bodies of the API of profit sharing, as the store's leader sees it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field


class SharingAgreeIn(Schema):
    """What the leader was shown: agreeing to anything else is refused. Ten-thousandths."""

    rate_bp: Annotated[int, Field(ge=1, le=10_000)]


class SplitPartyOut(Schema):
    """Who gets a part. Of a person's name and number only the end."""

    kind: Literal["MERCHANT_ID", "PERSONAL_OPENID"]
    name: str
    number: str
    rate_bp: int
    state: Literal["pending", "active", "refused", "removed"]
    problem: str = ""
    problem_en: str = ""


class SplitTermsOut(Schema):
    """What the operator proposed. `in_force`: payments made now are shared."""

    id: str
    state: Literal["proposed", "agreed", "declined", "replaced", "ended"]
    rate_bp: int
    reason: str
    proposed_at: datetime
    agreed_at: datetime | None
    in_force: bool
    parties: list[SplitPartyOut]


class SplitOut(Schema):
    """One payment made under an agreement. `why`: why nothing was shared."""

    order_id: str
    number: int
    paid_at: datetime
    paid_fen: int
    shared_fen: int
    returned_fen: int
    state: Literal["planned", "sharing", "trouble", "freeing", "done", "freed"]
    why: str


class ProfitSharingOut(Schema):
    """A store's agreement, what is proposed, and what became of the newest payments made under one.

    `days`: from receipt to sharing.
    """

    days: int
    proposal: SplitTermsOut | None
    agreement: SplitTermsOut | None
    frozen: int
    splits: list[SplitOut]

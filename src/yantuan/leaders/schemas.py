"""Bodies of the leaders API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import IdIn, IdOut, Text
from yantuan.media.schemas import MediaOut


class JoinIn(Schema):
    code: Annotated[Text, Field(min_length=1, max_length=40)]
    display_name: Annotated[Text, Field(min_length=1, max_length=20)]
    agreed: bool


class CertificationIn(Schema):
    kind: Literal["person", "individual_business", "company"]
    legal_name: Annotated[Text, Field(min_length=2, max_length=60)]
    id_number: Annotated[Text, Field(min_length=15, max_length=18)]
    """ID card number (checked digit), or unified social credit code."""
    contact_name: Annotated[Text, Field(max_length=40)] = ""
    category: Annotated[Text, Field(min_length=1, max_length=60)]
    paper_media_ids: Annotated[list[IdIn], Field(min_length=1, max_length=6)]


class CertificationOut(Schema):
    id: IdOut
    kind: str
    legal_name: str
    id_number_masked: str
    contact_name: str
    category: str
    papers: list[MediaOut]
    state: str
    reason: str
    created_at: datetime
    decided_at: datetime | None


class LeaderOut(Schema):
    id: IdOut
    display_name: str
    state: Literal["none", "pending", "approved", "rejected"]
    state_label: str
    suspended: bool
    suspend_reason: str
    certification: CertificationOut | None


class LeaderCard(Schema):
    """What buyers see of a leader."""

    display_name: str
    avatar_url: str
    certified: bool
    certified_kind: str
    """个人 / 个体工商户 / 企业; empty if not certified."""
    since: datetime

"""Bodies of the API of ways to be paid. Keys go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import Text
from yantuan.merchants.rules import KeyTexts

_Pem = Annotated[Text, Field(max_length=8000)]


class MerchantKeysIn(Schema):
    """A merchant number of the leader's own. Where the number stays the same, secrets left empty are kept."""

    mchid: Annotated[Text, Field(min_length=1, max_length=32)]
    merchant_serial: Annotated[Text, Field(max_length=80)] = ""
    private_key: _Pem = ""
    certificate: _Pem = ""
    apiv3_key: Annotated[Text, Field(max_length=64)] = ""
    key_mode: Literal["public_key", "certificate"] = "public_key"
    public_key_id: Annotated[Text, Field(max_length=64)] = ""
    public_key: _Pem = ""

    def texts(self) -> KeyTexts:
        """As the rules take it."""
        return KeyTexts(**self.model_dump())


class MerchantAccountOut(Schema):
    """The account in use. Of secrets only the last four characters."""

    id: str
    mode: Literal["direct", "partner", "operator"]
    state: Literal["unchecked", "checked", "refused"]
    problem: str = ""
    problem_text: str = ""
    problem_text_en: str = ""
    problem_words: str = ""
    checked_at: datetime | None = None
    mchid: str = ""
    sub_mchid: str = ""
    serial_tail: str = ""
    apiv3_tail: str = ""
    key_mode: Literal["public_key", "certificate"] = "public_key"
    public_key_tail: str = ""
    share_percent: str = ""
    """What the leader agreed to share with the operator, e.g. `2.5`; empty: nothing."""


class AppIdOut(Schema):
    """An app the merchant number must be bound to."""

    kind: Literal["mini", "oa"]
    appid: str


class PayWaysOut(Schema):
    """How a store can be paid. `route`: whose WeChat Pay account takes the next payment."""

    store_id: str
    wechatpay_enabled: bool
    offline_enabled: bool
    route: Literal["own", "operator", "none"]
    wechatpay_ready: bool
    several_leaders: bool
    partner_offered: bool
    account: MerchantAccountOut | None
    appids: list[AppIdOut]

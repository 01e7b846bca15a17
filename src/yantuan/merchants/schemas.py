"""Bodies of the API of ways to be paid. Keys go in and never come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from yantuan.kernel.http import Text
from yantuan.merchants.forms import Form
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


class PayTroubleOut(Schema):
    """Why WeChat Pay takes no money for a store now although it did: what it means and what to do, and WeChat Pay's own words."""

    problem: str
    text: str
    text_en: str
    words: str
    since: datetime
    own: bool
    """The account is the leader's own to mend; False: the platform's."""


class AppIdOut(Schema):
    """An app the merchant number must be bound to."""

    kind: Literal["mini", "oa"]
    appid: str


_Line = Annotated[Text, Field(max_length=120)]
_Day = Annotated[Text, Field(pattern=r"^(\d{4}-\d{2}-\d{2}|长期)?$")]
_Picture = Annotated[Text, Field(pattern=r"^[0-9]{0,19}$")]


class ApplicationIn(Schema):
    """The onboarding form as far as it is filled in; secrets left empty stay as they were."""

    subject_type: Literal["individual", "enterprise"] = "individual"
    license_media_id: _Picture = ""
    license_number: Annotated[Text, Field(max_length=18)] = ""
    merchant_name: _Line = ""
    id_front_media_id: _Picture = ""
    id_back_media_id: _Picture = ""
    id_name: Annotated[Text, Field(max_length=40)] = ""
    id_number: Annotated[Text, Field(pattern=r"^([0-9]{17}[0-9Xx])?$")] = ""
    id_address: _Line = ""
    id_begin: _Day = ""
    id_end: _Day = ""
    contact_mobile: Annotated[Text, Field(pattern=r"^(1[3-9][0-9]{9})?$")] = ""
    contact_email: Annotated[Text, Field(max_length=80, pattern=r"^([^@ ]+@[^@ ]+)?$")] = ""
    short_name: Annotated[Text, Field(max_length=20)] = ""
    service_phone: Annotated[Text, Field(max_length=20)] = ""
    settlement_id: Annotated[Text, Field(pattern=r"^[0-9]{0,6}$")] = ""
    qualification_type: Annotated[Text, Field(max_length=40)] = ""
    qualification_media_id: _Picture = ""
    account_type: Literal["corporate", "personal"] = "personal"
    account_name: _Line = ""
    account_bank: Annotated[Text, Field(max_length=40)] = ""
    account_number: Annotated[Text, Field(pattern=r"^[0-9]{0,30}$")] = ""
    bank_address_code: Annotated[Text, Field(pattern=r"^[0-9]{0,6}$")] = ""
    bank_name: _Line = ""

    def form(self) -> Form:
        """As the rules take it."""
        return Form(**self.model_dump())


class AuditDetailOut(Schema):
    """One thing WeChat Pay wants changed, in its own words."""

    field_name: str
    reason: str


class ApplicationOut(Schema):
    """An application for a sub-merchant number. `form` is masked; empty once the application is over."""

    id: str
    state: str
    state_label: str
    message: str
    details: list[AuditDetailOut]
    sign_url: str
    sub_mchid: str
    editable: bool
    form: dict[str, str]
    updated_at: datetime


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
    trouble: PayTroubleOut | None
    application: ApplicationOut | None
    appids: list[AppIdOut]

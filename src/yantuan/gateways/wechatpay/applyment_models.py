"""What a partner sends to sign up a sub-merchant (特约商户进件), and what the platform says about it.

Names, numbers of papers, accounts and phones are sealed on the way; pictures are uploaded first and named by media id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from yantuan.gateways.wechatpay.fields import Fields, Malformed


class ContactType(StrEnum):
    """Who the super administrator will be: the legal person, or somebody authorised, who must show papers too."""

    LEGAL = "LEGAL"
    SUPER = "SUPER"


class SubjectType(StrEnum):
    """What kind of business it is. Public bodies and others need further papers and are not offered here."""

    INDIVIDUAL = "SUBJECT_TYPE_INDIVIDUAL"
    ENTERPRISE = "SUBJECT_TYPE_ENTERPRISE"


class SalesScene(StrEnum):
    """Where it sells."""

    STORE = "SALES_SCENES_STORE"
    OFFICIAL_ACCOUNT = "SALES_SCENES_MP"
    MINI_PROGRAM = "SALES_SCENES_MINI_PROGRAM"


class BankAccountType(StrEnum):
    """Whose account gets the money; an enterprise must take its own."""

    CORPORATE = "BANK_ACCOUNT_TYPE_CORPORATE"
    PERSONAL = "BANK_ACCOUNT_TYPE_PERSONAL"


class ApplymentState(StrEnum):
    """How far an application is. `UNKNOWN` stands for any word added later."""

    EDITING = "APPLYMENT_STATE_EDITTING"
    AUDITING = "APPLYMENT_STATE_AUDITING"
    REJECTED = "APPLYMENT_STATE_REJECTED"
    TO_BE_CONFIRMED = "APPLYMENT_STATE_TO_BE_CONFIRMED"
    TO_BE_SIGNED = "APPLYMENT_STATE_TO_BE_SIGNED"
    SIGNING = "APPLYMENT_STATE_SIGNING"
    FINISHED = "APPLYMENT_STATE_FINISHED"
    CANCELED = "APPLYMENT_STATE_CANCELED"
    FROZEN = "FROZEN"
    """Of 收付通 alone: stopped by WeChat Pay, which has to be asked."""
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Contact:
    """The super administrator-to-be. The four paper fields are needed for `ContactType.SUPER` only; dates are
    `YYYY-MM-DD`, an end may be `长期`."""

    type: ContactType
    name: str = field(repr=False)
    mobile: str = field(repr=False)
    email: str = field(repr=False)
    id_number: str = field(default="", repr=False)
    id_copy: str = ""
    id_copy_back: str = ""
    id_begin: str = ""
    id_end: str = ""
    authorization_letter: str = ""


@dataclass(frozen=True, slots=True)
class License:
    """The business licence (营业执照); `copy` is a media id."""

    copy: str
    number: str
    merchant_name: str
    legal_person: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdCard:
    """The legal person's identity card: two media ids, what is written on it, and its dates (`end` may be `长期`)."""

    portrait_side: str
    emblem_side: str
    name: str = field(repr=False)
    number: str = field(repr=False)
    begin: str
    end: str
    address: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Shop:
    """A place people can walk into, needed for `SalesScene.STORE`; pictures are media ids."""

    name: str
    address_code: str
    address: str
    entrance_pictures: tuple[str, ...]
    indoor_pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sales:
    """Where it sells. `mini_program_appid` or `oa_appid` is the partner's own app in which the goods are shown."""

    scenes: tuple[SalesScene, ...]
    mini_program_appid: str = ""
    mini_program_pictures: tuple[str, ...] = ()
    oa_appid: str = ""
    oa_pictures: tuple[str, ...] = ()
    shop: Shop | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The settlement rule by its number, the trade's name, and special licences (media ids) if the trade needs them."""

    settlement_id: str
    qualification_type: str
    qualifications: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BankAccount:
    """Where the money is settled to. `bank_name` (with branch) is needed where `account_bank` is 其他银行."""

    type: BankAccountType
    account_name: str = field(repr=False)
    account_bank: str
    account_number: str = field(repr=False)
    bank_address_code: str = ""
    bank_name: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """A whole application under our own `business_code`, which stays the same when a rejected one is sent again."""

    business_code: str
    contact: Contact
    subject_type: SubjectType
    license: License
    id_card: IdCard
    short_name: str
    service_phone: str
    sales: Sales
    settlement: Settlement
    bank_account: BankAccount
    legal_person_is_owner: bool = True
    addition_pictures: tuple[str, ...] = ()
    addition_message: str = ""


@dataclass(frozen=True, slots=True)
class AuditDetail:
    """One thing the platform wants changed, in its own words."""

    field: str
    field_name: str
    reject_reason: str


@dataclass(frozen=True, slots=True)
class Applyment:
    """An application as the platform sees it.

    `sign_url` is where the super administrator confirms and signs, in WeChat; `sub_mchid` is there when it is FINISHED.
    """

    applyment_id: str
    business_code: str
    state: ApplymentState
    state_text: str
    state_message: str
    sub_mchid: str
    sign_url: str
    audit_details: tuple[AuditDetail, ...]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def over(self) -> bool:
        """Nothing more will happen by itself."""
        return self.state in (
            ApplymentState.REJECTED,
            ApplymentState.FINISHED,
            ApplymentState.CANCELED,
            ApplymentState.FROZEN,
        )

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Applyment:
        """From decoded JSON. Raises Malformed; FINISHED without a sub_mchid is malformed."""
        top = Fields(value)
        word = top.text("applyment_state", required=True)
        state = next((s for s in ApplymentState if s.value == word), ApplymentState.UNKNOWN)
        return cls(
            applyment_id=applyment_id(value),
            business_code=top.text("business_code", required=True),
            state=state,
            state_text=word,
            state_message=top.text("applyment_state_msg"),
            sub_mchid=top.text("sub_mchid", required=state is ApplymentState.FINISHED),
            sign_url=top.text("sign_url"),
            audit_details=tuple(
                AuditDetail(entry.text("field"), entry.text("field_name"), entry.text("reject_reason"))
                for entry in top.each("audit_detail")
            ),
            raw=value,
        )


def applyment_id(value: Mapping[str, Any]) -> str:
    """The platform's number as text; it comes as a number too large for some readers. Raises Malformed."""
    number = value.get("applyment_id")
    if isinstance(number, bool) or not isinstance(number, int | str) or not str(number).isdigit():
        raise Malformed("applyment_id is not a number")
    return str(number)

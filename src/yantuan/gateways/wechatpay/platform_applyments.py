"""Signing up the sub-merchants of a platform of 收付通: /v3/ecommerce/applyments. The same verbs and records as `OnboardingClient`.

The same form goes another way: its parts have other names, kinds are numbers, pictures of papers are one text holding a
JSON list, and before the review the bank account may have to be proven by a small transfer or by the legal person.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from yantuan.gateways.wechatpay.applyment_models import (
    Application,
    Applyment,
    ApplymentState,
    AuditDetail,
    BankAccount,
    BankAccountType,
    IdCard,
    SubjectType,
    applyment_id,
)
from yantuan.gateways.wechatpay.applyments import OnboardingClient, stripped
from yantuan.gateways.wechatpay.bodies import encode
from yantuan.gateways.wechatpay.client import WeChatPayClient
from yantuan.gateways.wechatpay.fields import Fields
from yantuan.gateways.wechatpay.line import Sealer

BASE = "/v3/ecommerce/applyments"
_KINDS: Final = {SubjectType.INDIVIDUAL: "4", SubjectType.ENTERPRISE: "2"}
"""organization_type: sole trader, company. Sellers without a licence, institutions and others are not signed up here."""
_ACCOUNTS: Final = {BankAccountType.CORPORATE: "74", BankAccountType.PERSONAL: "75"}
_OWNER: Final = "65"
"""contact_type: the legal person is the administrator."""
_STATES: Final = {
    "CHECKING": ApplymentState.AUDITING,
    "ACCOUNT_NEED_VERIFY": ApplymentState.TO_BE_CONFIRMED,
    "AUDITING": ApplymentState.AUDITING,
    "REJECTED": ApplymentState.REJECTED,
    "NEED_SIGN": ApplymentState.TO_BE_SIGNED,
    "FINISH": ApplymentState.FINISHED,
    "FROZEN": ApplymentState.FROZEN,
    "CANCELED": ApplymentState.CANCELED,
}


class PlatformOnboardingClient(OnboardingClient):
    """Thread-safe; an `OnboardingGateway`. `store_url` is where the platform's buyers see what is sold."""

    def __init__(self, pay: WeChatPayClient, *, store_url: str) -> None:
        super().__init__(pay)
        self._store_url = store_url

    def submit(self, application: Application) -> str:
        """Send an application, or a corrected one under the same number; answers the platform's number.

        GatewayRefused `field` names what the platform doesn't like. Personal data is sealed for the platform alone.
        """
        self.check_code(application.business_code)
        sealer = self._line.sealer()
        body = encode(platform_body(application, sealer, self._store_url))
        return self._line.ask("POST", f"{BASE}/", applyment_id, body, serial=sealer.serial)

    def query(self, number: str) -> Applyment | None:
        """The application under the platform's number, or None."""
        return self._line.find(f"{BASE}/{quote(number, safe='')}", read_applyment)

    def query_by_code(self, business_code: str) -> Applyment | None:
        """The application under our own number, or None: ask this after an unknown result."""
        return self._line.find(f"{BASE}/out-request-no/{quote(business_code, safe='')}", read_applyment)


def platform_body(application: Application, sealer: Sealer, store_url: str) -> dict[str, Any]:
    """The documented JSON with personal fields sealed; empty optional fields are left out."""
    person = application.id_card
    value = {
        "out_request_no": application.business_code,
        "organization_type": _KINDS[application.subject_type],
        "business_license_info": {
            "business_license_copy": application.license.copy,
            "business_license_number": application.license.number,
            "merchant_name": application.license.merchant_name,
            "legal_person": application.license.legal_person,
        },
        "id_doc_type": "IDENTIFICATION_TYPE_MAINLAND_IDCARD",
        "id_card_info": _card(person, sealer),
        "owner": application.legal_person_is_owner,
        "account_info": _bank(application.bank_account, sealer),
        "contact_info": {
            "contact_type": _OWNER,
            "contact_name": sealer.seal(application.contact.name),
            "contact_id_card_number": sealer.seal(person.number),
            "mobile_phone": sealer.seal(application.contact.mobile),
            "contact_email": sealer.seal(application.contact.email) if application.contact.email else "",
        },
        # No `mini_program_sub_appid`: that is an app of the sub-merchant's own, certified for the same business.
        "sales_scene_info": {"store_name": application.short_name, "store_url": store_url},
        "settlement_info": {
            "settlement_id": application.settlement.settlement_id,
            "qualification_type": application.settlement.qualification_type,
        },
        "merchant_shortname": application.short_name,
        "qualifications": _listed(application.settlement.qualifications),
        "business_addition_pics": _listed(application.addition_pictures),
        "business_addition_desc": application.addition_message,
    }
    return stripped(value)


def _bank(bank: BankAccount, sealer: Sealer) -> dict[str, Any]:
    return {
        "bank_account_type": _ACCOUNTS[bank.type],
        "account_bank": bank.account_bank,
        "account_name": sealer.seal(bank.account_name),
        "bank_address_code": bank.bank_address_code,
        "bank_name": bank.bank_name,
        "account_number": sealer.seal(bank.account_number),
    }


def _card(person: IdCard, sealer: Sealer) -> dict[str, Any]:
    return {
        "id_card_copy": person.portrait_side,
        "id_card_national": person.emblem_side,
        "id_card_name": sealer.seal(person.name),
        "id_card_number": sealer.seal(person.number),
        "id_card_address": sealer.seal(person.address) if person.address else "",
        "id_card_valid_time_begin": person.begin,
        "id_card_valid_time": person.end,
    }


def _listed(pictures: tuple[str, ...]) -> str:
    """A text that holds a JSON list; empty for none."""
    return json.dumps(pictures) if pictures else ""


def read_applyment(value: Mapping[str, Any]) -> Applyment:
    """From decoded JSON. Raises Malformed; FINISH without a sub_mchid is malformed."""
    top = Fields(value)
    word = top.text("applyment_state", required=True)
    state = _STATES.get(word, ApplymentState.UNKNOWN)
    return Applyment(
        applyment_id=applyment_id(value),
        business_code=top.text("out_request_no", required=True),
        state=state,
        state_text=word,
        state_message=_transfer(value.get("account_validation")) or top.text("applyment_state_desc"),
        sub_mchid=top.text("sub_mchid", required=state is ApplymentState.FINISHED),
        sign_url=top.text("sign_url") or top.text("legal_validation_url"),
        audit_details=tuple(
            AuditDetail("", entry.text("param_name"), entry.text("reject_reason"))
            for entry in top.each("audit_detail")
        ),
        raw=value,
    )


def _transfer(value: object) -> str:
    """How the bank account is proven, in words for its owner; empty where no transfer is asked for.

    The account's own name and number come sealed and are left out: its owner knows them.
    """
    if not isinstance(value, Mapping):
        return ""
    told = Fields(value)
    amount = value.get("pay_amount")
    if not isinstance(amount, int) or isinstance(amount, bool):
        return ""
    return (
        f"请用填写的结算账户向 {told.text('destination_account_name')}（{told.text('destination_account_bank')} "
        f"{told.text('destination_account_number')}）汇款 ¥{amount // 100}.{amount % 100:02d}，"
        f"备注 {told.text('remark')}，{told.text('deadline')} 前到账"
    )

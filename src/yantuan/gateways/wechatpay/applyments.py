"""Signing up sub-merchants (特约商户进件): pictures, the application, and how far it is."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Any, NoReturn, Protocol
from urllib.parse import quote

from yantuan.gateways.errors import GatewayInvalid
from yantuan.gateways.wechatpay.applyment_models import (
    Application,
    Applyment,
    BankAccount,
    Contact,
    ContactType,
    IdCard,
    Sales,
    SalesScene,
    applyment_id,
)
from yantuan.gateways.wechatpay.bodies import encode
from yantuan.gateways.wechatpay.client import WeChatPayClient
from yantuan.gateways.wechatpay.fields import Fields
from yantuan.gateways.wechatpay.line import Line, Sealer
from yantuan.gateways.wechatpay.transport import Form

BASE = "/v3/applyment4sub/applyment"
MEDIA = "/v3/merchant/media/upload"
PICTURE_BYTES = 2 * 1024 * 1024
_SUFFIXES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp"}
_CODE = re.compile(r"[0-9A-Za-z_\-]{1,124}")
_FILENAME = re.compile(r"[0-9A-Za-z_\-.]{1,100}")


class OnboardingGateway(Protocol):
    """What the trade needs to sign up sub-merchants. Every method may raise the GatewayError family."""

    def upload_picture(self, filename: str, content: bytes) -> str: ...
    def submit(self, application: Application) -> str: ...
    def query(self, number: str) -> Applyment | None: ...
    def query_by_code(self, business_code: str) -> Applyment | None: ...


class OnboardingClient:
    """Thread-safe; made from the partner's own client (without a sub-merchant)."""

    def __init__(self, pay: WeChatPayClient) -> None:
        self._line: Line = pay.line

    def upload_picture(self, filename: str, content: bytes) -> str:
        """Upload a JPG, PNG or BMP of at most 2 MB; answers its media id. The same picture may be sent again.

        Raises GatewayInvalid for anything else.
        """
        suffix = filename.rsplit(".", 1)[-1].lower()
        if not _FILENAME.fullmatch(filename) or suffix not in _SUFFIXES:
            _refuse("filename", "plain letters, ending in .jpg, .png or .bmp")
        if not 0 < len(content) <= PICTURE_BYTES:
            _refuse("file", "1 byte to 2 MB")
        form = upload_form(filename, _SUFFIXES[suffix], content, secrets.token_hex(16))
        return self._line.ask(
            "POST", MEDIA, lambda value: Fields(value).text("media_id", required=True), form=form
        )

    def check_code(self, business_code: str) -> None:
        """Raise GatewayInvalid for a name of our own the platform would not take."""
        if not _CODE.fullmatch(business_code):
            _refuse("business_code", "1 to 124 of 0-9A-Za-z_-")

    def submit(self, application: Application) -> str:
        """Send an application, or a corrected one under the same code; answers the platform's number.

        GatewayRefused `field` names what the platform doesn't like. Personal data is sealed for the platform alone.
        """
        self.check_code(application.business_code)
        sealer = self._line.sealer()
        body = encode(application_body(application, sealer))
        return self._line.ask("POST", f"{BASE}/", applyment_id, body, serial=sealer.serial)

    def query(self, number: str) -> Applyment | None:
        """The application under the platform's number, or None."""
        return self._line.find(f"{BASE}/applyment_id/{quote(number, safe='')}", Applyment.read)

    def query_by_code(self, business_code: str) -> Applyment | None:
        """The application under our own code, or None: ask this after an unknown result."""
        return self._line.find(f"{BASE}/business_code/{quote(business_code, safe='')}", Applyment.read)


def upload_form(filename: str, kind: str, content: bytes, boundary: str) -> Form:
    """The multipart form of an upload; only its `meta` part is signed."""
    meta = encode({"filename": filename, "sha256": hashlib.sha256(content).hexdigest()})
    mark = f"--{boundary}".encode()
    if mark in content:
        _refuse("boundary", "must not occur in the file")
    lines = [
        mark,
        b'Content-Disposition: form-data; name="meta"',
        b"Content-Type: application/json",
        b"",
        meta,
        mark,
        f'Content-Disposition: form-data; name="file"; filename="{filename}"'.encode(),
        f"Content-Type: {kind}".encode(),
        b"",
        content,
        mark + b"--",
        b"",
    ]
    return Form(b"\r\n".join(lines), f"multipart/form-data; boundary={boundary}", meta)


def application_body(application: Application, sealer: Sealer) -> dict[str, Any]:
    """The documented JSON with personal fields sealed; empty optional fields are left out. Raises GatewayInvalid."""
    value = {
        "business_code": application.business_code,
        "contact_info": _contact(application.contact, sealer),
        "subject_info": _subject(application, sealer),
        "business_info": {
            "merchant_shortname": application.short_name,
            "service_phone": application.service_phone,
            "sales_info": _sales(application.sales),
        },
        "settlement_info": {
            "settlement_id": application.settlement.settlement_id,
            "qualification_type": application.settlement.qualification_type,
            "qualifications": list(application.settlement.qualifications),
        },
        "bank_account_info": _bank(application.bank_account, sealer),
        "addition_info": {
            "business_addition_pics": list(application.addition_pictures),
            "business_addition_msg": application.addition_message,
        },
    }
    return stripped(value)


def _subject(application: Application, sealer: Sealer) -> dict[str, Any]:
    return {
        "subject_type": application.subject_type.value,
        "business_license_info": {
            "license_copy": application.license.copy,
            "license_number": application.license.number,
            "merchant_name": application.license.merchant_name,
            "legal_person": application.license.legal_person,
        },
        "identity_info": {
            "id_doc_type": "IDENTIFICATION_TYPE_IDCARD",
            "id_card_info": _id_card(application.id_card, sealer),
            "owner": application.legal_person_is_owner,
        },
    }


def _contact(contact: Contact, sealer: Sealer) -> dict[str, Any]:
    papers = (
        contact.id_number,
        contact.id_copy,
        contact.id_begin,
        contact.id_end,
        contact.authorization_letter,
    )
    if contact.type is ContactType.SUPER and not all(papers):
        _refuse("contact_info", "an authorised contact must show an identity card and a letter")
    value: dict[str, Any] = {
        "contact_type": contact.type.value,
        "contact_name": sealer.seal(contact.name),
        "mobile_phone": sealer.seal(contact.mobile),
        "contact_email": sealer.seal(contact.email),
    }
    if contact.id_number:
        value["contact_id_number"] = sealer.seal(contact.id_number)
    if contact.type is ContactType.SUPER:
        value |= {
            "contact_id_doc_type": "IDENTIFICATION_TYPE_IDCARD",
            "contact_id_doc_copy": contact.id_copy,
            "contact_id_doc_copy_back": contact.id_copy_back,
            "contact_period_begin": contact.id_begin,
            "contact_period_end": contact.id_end,
            "business_authorization_letter": contact.authorization_letter,
        }
    return value


def _id_card(card: IdCard, sealer: Sealer) -> dict[str, Any]:
    return {
        "id_card_copy": card.portrait_side,
        "id_card_national": card.emblem_side,
        "id_card_name": sealer.seal(card.name),
        "id_card_number": sealer.seal(card.number),
        "id_card_address": sealer.seal(card.address) if card.address else "",
        "card_period_begin": card.begin,
        "card_period_end": card.end,
    }


def _sales(sales: Sales) -> dict[str, Any]:
    needed = {
        SalesScene.MINI_PROGRAM: sales.mini_program_appid,
        SalesScene.OFFICIAL_ACCOUNT: sales.oa_appid,
        SalesScene.STORE: sales.shop,
    }
    if not sales.scenes or not all(needed[scene] for scene in sales.scenes):
        _refuse("sales_info", "each scene needs its app or shop")
    value: dict[str, Any] = {
        "sales_scenes_type": [scene.value for scene in sales.scenes],
        "mini_program_info": {
            "mini_program_appid": sales.mini_program_appid,
            "mini_program_pics": list(sales.mini_program_pictures),
        },
        "mp_info": {"mp_appid": sales.oa_appid, "mp_pics": list(sales.oa_pictures)},
    }
    if sales.shop is not None:
        value["biz_store_info"] = {
            "biz_store_name": sales.shop.name,
            "biz_address_code": sales.shop.address_code,
            "biz_store_address": sales.shop.address,
            "store_entrance_pic": list(sales.shop.entrance_pictures),
            "indoor_pic": list(sales.shop.indoor_pictures),
        }
    return value


def _bank(account: BankAccount, sealer: Sealer) -> dict[str, Any]:
    return {
        "bank_account_type": account.type.value,
        "account_name": sealer.seal(account.account_name),
        "account_bank": account.account_bank,
        "bank_address_code": account.bank_address_code,
        "bank_name": account.bank_name,
        "account_number": sealer.seal(account.account_number),
    }


def stripped(value: dict[str, Any]) -> dict[str, Any]:
    """Without empty texts, lists and objects at any depth: the platform refuses those."""
    kept: dict[str, Any] = _stripped(value)
    return kept


def _stripped(value: Any) -> Any:
    """Without empty texts, lists and objects: the platform refuses those."""
    if isinstance(value, dict):
        kept = {name: _stripped(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in ("", [], {})}
    return value


def _refuse(field: str, rule: str) -> NoReturn:
    raise GatewayInvalid("wechatpay", field, rule)

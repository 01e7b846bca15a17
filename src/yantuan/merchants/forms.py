"""The onboarding form: what a leader fills in, sealed at rest, masked on the way out, and as WeChat Pay takes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Final, Literal

from yantuan.gateways.wechatpay.applyment_models import (
    Application,
    BankAccount,
    BankAccountType,
    Contact,
    ContactType,
    IdCard,
    License,
    Sales,
    SalesScene,
    Settlement,
    SubjectType,
)
from yantuan.kernel.config import config
from yantuan.kernel.errors import Invalid
from yantuan.kernel.tokens import seal, unseal

PURPOSE: Final = "merchant application"
SECRET: Final = ("contact_mobile", "contact_email", "id_number", "id_address", "account_number")
"""Of these only the last four characters go out again; sent empty they stay as they were."""
PICTURES: Final = ("license_media_id", "id_front_media_id", "id_back_media_id", "qualification_media_id")
_OPTIONAL: Final = ("id_address", "bank_address_code", "bank_name", "qualification_media_id")


@dataclass(frozen=True)
class Form:
    """Everything applyment4sub needs of a business whose legal person is its administrator."""

    subject_type: Literal["individual", "enterprise"] = "individual"
    license_media_id: str = ""
    license_number: str = ""
    merchant_name: str = ""
    id_front_media_id: str = ""
    id_back_media_id: str = ""
    id_name: str = ""
    id_number: str = ""
    id_address: str = ""
    id_begin: str = ""
    id_end: str = ""
    contact_mobile: str = ""
    contact_email: str = ""
    short_name: str = ""
    service_phone: str = ""
    settlement_id: str = ""
    qualification_type: str = ""
    qualification_media_id: str = ""
    account_type: Literal["corporate", "personal"] = "personal"
    account_name: str = ""
    account_bank: str = ""
    account_number: str = ""
    bank_address_code: str = ""
    bank_name: str = ""

    def __repr__(self) -> str:
        return "Form(…)"

    def pictures(self) -> list[str]:
        """Our ids of the pictures it names."""
        return [value for name in PICTURES if (value := str(getattr(self, name)))]

    def missing(self) -> list[str]:
        """Names of what must still be filled in before it can be sent."""
        return [f.name for f in fields(self) if f.name not in _OPTIONAL and not getattr(self, f.name)]


def seal_form(form: Form) -> str:
    """For the column `form_sealed`."""
    return seal(PURPOSE, json.dumps(asdict(form), ensure_ascii=False))


def open_form(sealed: str) -> Form:
    """Inverse of `seal_form`; an empty column is an empty form."""
    return Form(**json.loads(unseal(PURPOSE, sealed))) if sealed else Form()


def merged(before: Form, given: Form) -> Form:
    """What was sent, with secrets left empty as they were."""
    kept = {name: getattr(before, name) for name in SECRET if not getattr(given, name)}
    return replace(given, **kept)


def masked(form: Form) -> dict[str, str]:
    """The form as its leader sees it again."""
    shown = {name: str(value) for name, value in asdict(form).items()}
    for name in SECRET:
        shown[name] = f"…{shown[name][-4:]}" if shown[name] else ""
    return shown


def check_complete(form: Form) -> None:
    """Raise Invalid `application_incomplete` naming what is missing, or what an enterprise may not do."""
    missing = form.missing()
    if config().wechatpay_sp_kind == "platform" and not form.bank_address_code:
        missing.append("bank_address_code")
    if missing:
        raise Invalid(
            "application_incomplete",
            "还有资料没有填写",
            "Something is still missing.",
            field=missing[0],
            fields=[{"field": name} for name in missing],
        )
    if form.subject_type == "enterprise":
        if form.account_type != "corporate":
            raise _wrong("account_type", "企业必须使用对公账户", "An enterprise needs a corporate account.")
        if form.account_name != form.merchant_name:
            raise _wrong(
                "account_name",
                "对公账户的户名必须与营业执照上的名称一致",
                "A corporate account must bear the name on the licence.",
            )


def _wrong(field: str, zh: str, en: str) -> Invalid:
    return Invalid("application_invalid", zh, en, field=field)


def application(form: Form, business_code: str, media: Mapping[str, str]) -> Application:
    """As WeChat Pay takes it; `media` maps our picture ids to WeChat Pay's. It sells in the operator's own apps."""
    cfg = config()
    scenes = [
        (SalesScene.MINI_PROGRAM, cfg.wechat_mini_appid),
        (SalesScene.OFFICIAL_ACCOUNT, cfg.wechat_oa_appid),
    ]
    extra = media.get(form.qualification_media_id)
    return Application(
        business_code=business_code,
        contact=Contact(ContactType.LEGAL, form.id_name, form.contact_mobile, form.contact_email),
        subject_type=SubjectType.ENTERPRISE if form.subject_type == "enterprise" else SubjectType.INDIVIDUAL,
        license=License(media[form.license_media_id], form.license_number, form.merchant_name, form.id_name),
        id_card=IdCard(
            media[form.id_front_media_id],
            media[form.id_back_media_id],
            form.id_name,
            form.id_number,
            form.id_begin,
            form.id_end,
            form.id_address,
        ),
        short_name=form.short_name,
        service_phone=form.service_phone,
        sales=Sales(
            tuple(scene for scene, appid in scenes if appid),
            mini_program_appid=cfg.wechat_mini_appid,
            oa_appid=cfg.wechat_oa_appid,
        ),
        settlement=Settlement(form.settlement_id, form.qualification_type, (extra,) if extra else ()),
        bank_account=BankAccount(
            BankAccountType.CORPORATE if form.account_type == "corporate" else BankAccountType.PERSONAL,
            form.account_name,
            form.account_bank,
            form.account_number,
            form.bank_address_code,
            form.bank_name,
        ),
    )

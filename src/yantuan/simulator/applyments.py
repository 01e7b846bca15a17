"""Applications of sub-merchants: sent by partners, judged and signed through the control API."""

import json
import secrets
from typing import Any

from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError, PayError, bad_parameter, invalid_request
from yantuan.simulator.merchants import Merchant, add_sub
from yantuan.simulator.parties import check_kind
from yantuan.simulator.sealing import opened
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

PREFIX = "APPLYMENT_STATE_"
MESSAGES = {
    "EDITTING": "编辑中，请补充资料后重新提交",
    "AUDITING": "审核中，请耐心等待",
    "REJECTED": "已驳回，请按驳回原因修改后重新提交",
    "TO_BE_CONFIRMED": "待账户验证",
    "TO_BE_SIGNED": "待签约",
    "SIGNING": "开通权限中",
    "FINISHED": "已完成",
    "CANCELED": "已作废",
    "CHECKING": "资料校验中",
    "FROZEN": "已冻结",
}
# What a person or WeChat's staff may do in each state, and where it leads.
STEPS = {
    "EDITTING": {"cancel": "CANCELED"},
    "AUDITING": {"pass": "TO_BE_SIGNED", "verify": "TO_BE_CONFIRMED", "reject": "REJECTED", "cancel": "CANCELED",
                 "return": "EDITTING"},
    "TO_BE_CONFIRMED": {"confirm": "TO_BE_SIGNED", "reject": "REJECTED", "cancel": "CANCELED"},
    "TO_BE_SIGNED": {"sign": "SIGNING", "reject": "REJECTED", "cancel": "CANCELED"},
    "SIGNING": {"open": "FINISHED"},
    "REJECTED": {"cancel": "CANCELED"},
    "FINISHED": {},
    "CANCELED": {},
    # Of a platform of 收付通 alone.
    "CHECKING": {"accept": "AUDITING", "verify": "TO_BE_CONFIRMED", "reject": "REJECTED", "freeze": "FROZEN"},
    "FROZEN": {},
}  # fmt: skip
STEP_WORDS = {
    "pass": "审核通过", "verify": "要求验证账户", "reject": "驳回", "cancel": "作废", "return": "退回编辑",
    "confirm": "确认账户", "accept": "资料齐全", "freeze": "冻结", "sign": "同意并签约", "open": "开通权限",
}  # fmt: skip
SEALED = (
    "/contact_info/contact_name", "/contact_info/contact_id_number", "/contact_info/mobile_phone",
    "/contact_info/contact_email", "/subject_info/identity_info/id_card_info/id_card_name",
    "/subject_info/identity_info/id_card_info/id_card_number",
    "/subject_info/identity_info/id_card_info/id_card_address", "/bank_account_info/account_name",
    "/bank_account_info/account_number",
)  # fmt: skip
_LICENSED = ("SUBJECT_TYPE_INDIVIDUAL", "SUBJECT_TYPE_ENTERPRISE")
_MEDIA_NAMES = (
    "license_copy", "id_card_copy", "id_card_national", "contact_id_doc_copy", "contact_id_doc_copy_back",
    "business_authorization_letter", "qualifications", "business_addition_pics", "mini_program_pics", "mp_pics",
    "store_entrance_pic", "indoor_pic",
)  # fmt: skip


def keep_media(world: World, call: SignedCall) -> dict[str, str]:
    """Store what is known of an uploaded picture; answers its media id."""
    upload = call.upload
    if upload is None:
        raise bad_parameter("/file", "没有图片")
    media_id = secrets.token_urlsafe(60)
    world.db.insert(
        "media",
        media_id=media_id,
        mchid=call.merchant.mchid,
        filename=upload.filename,
        sha256=upload.sha256,
        size=len(upload.content),
        at=world.clock.now(),
    )
    return {"media_id": media_id}


def submit(world: World, call: SignedCall, body: dict[str, Any]) -> dict[str, int]:
    """Take an application; a rejected (or returned) one may be sent again under its code. Raises PayError."""
    check_kind(call.merchant, "provider")
    plain = _opened(world, call, body)
    _check_rules(plain)
    _check_media(world, call.merchant, plain, "")
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True)
    with world.db.transaction():
        known = find_code(world, call.merchant.mchid, body["business_code"])
        if known is None:
            number = 2_000_002_000_000_000 + world.db.next_number("applyment")
            world.db.insert(
                "applyments",
                applyment_id=number,
                sp_mchid=call.merchant.mchid,
                business_code=body["business_code"],
                request=text,
                state="AUDITING",
                created_at=world.clock.now(),
            )
            return {"applyment_id": number}
        if known["state"] in ("REJECTED", "EDITTING"):
            world.db.run(
                "UPDATE applyments SET request = ?, state = 'AUDITING', audit = '[]' WHERE applyment_id = ?",
                text,
                known["applyment_id"],
            )
        elif known["request"] != text:
            raise invalid_request("业务申请编号已存在，当前状态不能修改资料")
        return {"applyment_id": known["applyment_id"]}


def _opened(world: World, call: SignedCall, body: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(body))
    for path in SEALED:
        *way, last = path.strip("/").split("/")
        place: Any = plain
        for step in way:
            place = place.get(step, {})
        if last in place:
            place[last] = opened(world, call, path, place[last])
    return plain


def _check_rules(plain: dict[str, Any]) -> None:
    contact, subject = plain["contact_info"], plain["subject_info"]
    if contact["contact_type"] == "SUPER":
        for name in ("contact_id_number", "contact_id_doc_copy", "contact_period_begin", "contact_period_end",
                     "business_authorization_letter"):  # fmt: skip
            if name not in contact:
                raise bad_parameter(f"/contact_info/{name}", "超级管理员为经办人时必填")
    if subject["subject_type"] in _LICENSED and "business_license_info" not in subject:
        raise bad_parameter("/subject_info/business_license_info", "主体为个体户或企业时必填")
    bank = plain["bank_account_info"]
    if subject["subject_type"] == "SUBJECT_TYPE_ENTERPRISE":
        if bank["bank_account_type"] != "BANK_ACCOUNT_TYPE_CORPORATE":
            raise bad_parameter("/bank_account_info/bank_account_type", "企业必须使用对公账户")
        if bank["account_name"] != subject["business_license_info"]["merchant_name"]:
            raise bad_parameter("/bank_account_info/account_name", "对公账户的户名必须与商户名称一致")
    mobile = contact["mobile_phone"]
    if not (mobile.isascii() and mobile.isdigit() and len(mobile) == 11):
        raise bad_parameter("/contact_info/mobile_phone", "必须是11位手机号")
    if "@" not in contact["contact_email"]:
        raise bad_parameter("/contact_info/contact_email", "不是邮箱地址")


def _check_media(world: World, merchant: Merchant, value: Any, path: str) -> None:
    """Every picture named must have been uploaded by this partner."""
    for name, inner in value.items():
        here = f"{path}/{name}"
        if isinstance(inner, dict):
            _check_media(world, merchant, inner, here)
        elif name in _MEDIA_NAMES:
            for media_id in [inner] if isinstance(inner, str) else inner:
                if not world.db.row(
                    "SELECT 1 FROM media WHERE media_id = ? AND mchid = ?", media_id, merchant.mchid
                ):
                    raise bad_parameter(here, "图片不存在，请先上传")


def find_code(world: World, sp_mchid: str, code: str) -> Row | None:
    return world.db.row("SELECT * FROM applyments WHERE sp_mchid = ? AND business_code = ?", sp_mchid, code)


def find_number(world: World, number: str) -> Row | None:
    return world.db.row(
        "SELECT * FROM applyments WHERE applyment_id = ?", int(number) if number.isdigit() else -1
    )


def owned(merchant: Merchant, row: Row | None) -> Row:
    """The application, if it is this partner's; raises PayError otherwise."""
    check_kind(merchant, "provider")
    if row is None or row["sp_mchid"] != merchant.mchid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "申请单不存在")
    return row


def shown(world: World, merchant: Merchant, row: Row | None) -> dict[str, Any]:
    """The application as a query shows it; raises PayError for one that is not this partner's."""
    row = owned(merchant, row)
    answer = {
        "business_code": row["business_code"],
        "applyment_id": row["applyment_id"],
        "applyment_state": PREFIX + row["state"],
        "applyment_state_msg": MESSAGES[row["state"]],
        "audit_detail": json.loads(row["audit"]),
    }
    if row["state"] in ("TO_BE_CONFIRMED", "TO_BE_SIGNED"):
        answer["sign_url"] = f"{world.public_url}/applyments/{row['applyment_id']}"
    if row["state"] == "FINISHED":
        answer["sub_mchid"] = row["sub_mchid"]
    return answer


def step(world: World, number: str, action: str, audit: list[dict[str, str]]) -> Row:
    """Let WeChat's staff or the applicant do something; raises ControlError where that cannot be done."""
    with world.db.transaction():
        row = find_number(world, number)
        if row is None:
            raise ControlError("applyment_unknown", "没有这份申请", "There is no such application", 404)
        leads = STEPS[row["state"]].get(action)
        if leads is None:
            detail = {"state": row["state"], "actions": list(STEPS[row["state"]])}
            raise ControlError("step_impossible", "现在不能这样做", "This can't be done now", 409, detail)
        sub_mchid = _open(world, row) if leads == "FINISHED" else row["sub_mchid"]
        world.db.run(
            "UPDATE applyments SET state = ?, audit = ?, sub_mchid = ? WHERE applyment_id = ?",
            leads,
            json.dumps(audit if leads in ("REJECTED", "FROZEN") else [], ensure_ascii=False),
            sub_mchid,
            row["applyment_id"],
        )
    found = find_number(world, number)
    if found is None:
        raise AssertionError("the application was just changed")
    return found


def _open(world: World, row: Row) -> str:
    plain = json.loads(row["request"])
    licence = plain["subject_info"].get("business_license_info", {})
    sub = add_sub(
        world.db,
        sp_mchid=row["sp_mchid"],
        name=licence.get("merchant_name") or plain["bank_account_info"]["account_name"],
        short_name=plain["business_info"]["merchant_shortname"],
        at=world.clock.now(),
    )
    return str(sub["sub_mchid"])

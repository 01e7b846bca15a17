"""Applications of a platform's sub-merchants (收付通): another form, the same staff; judged through the same control API."""

import json
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from yantuan.simulator import applyments
from yantuan.simulator.database import Row
from yantuan.simulator.errors import PayError, bad_parameter, invalid_request
from yantuan.simulator.fields import Flag, Group, Rule, Text, read_body
from yantuan.simulator.payv3 import Answer, endpoint
from yantuan.simulator.sealing import opened
from yantuan.simulator.signing import SignedCall
from yantuan.simulator.world import World

BASE = "/v3/ecommerce/applyments"
_SEALED = Text(4096, required=True)
_MEDIA = Text(255, required=True)
_DAY = r"\d{4}-\d\d-\d\d|长期"
KINDS = ("2401", "2500", "4", "2", "3", "2502", "1708")
LICENSED = ("4", "2")
_MEMBERS: dict[str, Rule] = {
    "out_request_no": Text(124, pattern=r"[0-9A-Za-z_\-]+", required=True),
    "organization_type": Text(4, choices=KINDS, required=True),
    "business_license_info": Group(
        {
            "business_license_copy": _MEDIA,
            "business_license_number": Text(18, 15, r"[0-9A-Z]+", required=True),
            "merchant_name": Text(128, 2, required=True),
            "legal_person": Text(128, required=True),
        }
    ),
    "id_doc_type": Text(64),
    "id_card_info": Group(
        {
            "id_card_copy": _MEDIA,
            "id_card_national": _MEDIA,
            "id_card_name": _SEALED,
            "id_card_number": _SEALED,
            "id_card_address": Text(4096),
            "id_card_valid_time_begin": Text(32, pattern=_DAY),
            "id_card_valid_time": Text(32, pattern=_DAY, required=True),
        },
        required=True,
    ),
    "owner": Flag(),
    "account_info": Group(
        {
            "bank_account_type": Text(2, choices=("74", "75"), required=True),
            "account_bank": Text(10, required=True),
            "account_name": _SEALED,
            "bank_address_code": Text(12, pattern=r"\d{6}", required=True),
            "bank_branch_id": Text(64),
            "bank_name": Text(128),
            "account_number": _SEALED,
        },
        required=True,
    ),
    "contact_info": Group(
        {
            "contact_type": Text(2, choices=("65", "66"), required=True),
            "contact_name": _SEALED,
            "contact_id_card_number": _SEALED,
            "mobile_phone": _SEALED,
            "contact_email": Text(4096),
        },
        required=True,
    ),
    "sales_scene_info": Group(
        {
            "store_name": Text(256, required=True),
            "store_url": Text(1024),
            "store_qr_code": Text(256),
            "mini_program_sub_appid": Text(256),
        },
        required=True,
    ),
    "settlement_info": Group({"settlement_id": Text(3, pattern=r"\d+"), "qualification_type": Text(200)}),
    "merchant_shortname": Text(64, required=True),
    "qualifications": Text(1024),
    "business_addition_pics": Text(1024),
    "business_addition_desc": Text(512),
}
RULES = Group(_MEMBERS)
SEALED = (
    ("id_card_info", "id_card_name"), ("id_card_info", "id_card_number"), ("id_card_info", "id_card_address"),
    ("account_info", "account_name"),
    ("account_info", "account_number"), ("contact_info", "contact_name"),
    ("contact_info", "contact_id_card_number"), ("contact_info", "mobile_phone"), ("contact_info", "contact_email"),
)  # fmt: skip
_WORDS = {
    "TO_BE_CONFIRMED": "ACCOUNT_NEED_VERIFY",
    "TO_BE_SIGNED": "NEED_SIGN",
    "SIGNING": "NEED_SIGN",
    "FINISHED": "FINISH",
}


def _submit(world: World, request: Request, call: SignedCall) -> Answer:
    body = read_body(call.body, RULES)
    if call.merchant.kind != "provider" or not call.merchant.ecommerce:
        raise PayError(403, "NO_AUTH", "商户号没有开通收付通")
    plain = _plain(world, call, body)
    _check(world, call, plain)
    number = body["out_request_no"]
    text = json.dumps(_kept(plain), ensure_ascii=False, sort_keys=True)
    with world.db.transaction():
        known = applyments.find_code(world, call.merchant.mchid, number)
        if known is None:
            applyment_id = 2_000_003_000_000_000 + world.db.next_number("applyment")
            world.db.insert(
                "applyments", applyment_id=applyment_id, sp_mchid=call.merchant.mchid, business_code=number,
                request=text, state="CHECKING", created_at=world.clock.now(),
            )  # fmt: skip
        elif known["state"] == "REJECTED":
            applyment_id = known["applyment_id"]
            world.db.run(
                "UPDATE applyments SET request = ?, state = 'CHECKING', audit = '[]' WHERE applyment_id = ?",
                text,
                applyment_id,
            )
        elif known["request"] != text:
            raise invalid_request("业务申请编号已存在，当前状态不能修改资料")
        else:
            applyment_id = known["applyment_id"]
    return 200, {"applyment_id": applyment_id, "out_request_no": number}


def _plain(world: World, call: SignedCall, body: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(body))
    for group, name in SEALED:
        if name in plain.get(group, {}):
            plain[group][name] = opened(world, call, f"/{group}/{name}", plain[group][name])
    return plain


def _check(world: World, call: SignedCall, plain: dict[str, Any]) -> None:
    kind, licence = plain["organization_type"], plain.get("business_license_info")
    if kind in LICENSED and licence is None:
        raise bad_parameter("/business_license_info", "主体为个体工商户或企业时必填")
    account = plain["account_info"]
    if kind == "2":
        if account["bank_account_type"] != "74":
            raise bad_parameter("/account_info/bank_account_type", "企业必须使用对公账户")
        if licence and account["account_name"] != licence["merchant_name"]:
            raise bad_parameter("/account_info/account_name", "对公账户的户名必须与商户名称一致")
    scene = plain["sales_scene_info"]
    if not (scene.get("store_url") or scene.get("store_qr_code")):
        raise bad_parameter("/sales_scene_info/store_url", "店铺链接和店铺二维码至少填一个")
    if scene.get("mini_program_sub_appid") in (world.credentials.mini_appid, world.credentials.oa_appid):
        # An app of the platform's: it is certified for another business.
        raise bad_parameter("/sales_scene_info/mini_program_sub_appid", "小程序主体与二级商户主体不一致")
    _check_person(plain)
    mobile = plain["contact_info"]["mobile_phone"]
    if not (mobile.isascii() and mobile.isdigit() and len(mobile) == 11):
        raise bad_parameter("/contact_info/mobile_phone", "必须是11位手机号")
    for name in ("qualifications", "business_addition_pics"):
        if name in plain:
            _check_list(f"/{name}", plain[name])
    pictures = [plain["id_card_info"]["id_card_copy"], plain["id_card_info"]["id_card_national"]]
    pictures += [licence["business_license_copy"]] if licence else []
    for media_id in pictures:
        known = "SELECT 1 FROM media WHERE media_id = ? AND mchid = ?"
        if not world.db.row(known, media_id, call.merchant.mchid):
            raise bad_parameter("/id_card_info", "图片不存在，请先上传")


def _check_person(plain: dict[str, Any]) -> None:
    """The legal person as administrator is the one on the card, and a personal account is theirs."""
    card, contact, account = plain["id_card_info"], plain["contact_info"], plain["account_info"]
    if contact["contact_type"] == "65":
        for name, of_card in (("contact_name", "id_card_name"), ("contact_id_card_number", "id_card_number")):
            if contact[name] != card[of_card]:
                raise bad_parameter(f"/contact_info/{name}", "超级管理员为经营者/法人时须与身份证一致")
    if account["bank_account_type"] == "75" and account["account_name"] != card["id_card_name"]:
        raise bad_parameter("/account_info/account_name", "个人账户的户名必须与身份证姓名一致")


def _check_list(path: str, text: str) -> None:
    """A text that must hold a JSON list of at most five media ids."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not 1 <= len(found) <= 5 or not all(isinstance(m, str) for m in found):
        raise bad_parameter(path, "必须是最多 5 个 MediaID 的 JSON 数组文本")


def _kept(plain: dict[str, Any]) -> dict[str, Any]:
    """As the staff's pages and the opening of the number know it, with the platform's own form beside."""
    return {
        "subject_info": {"business_license_info": plain.get("business_license_info", {})},
        "business_info": {"merchant_shortname": plain["merchant_shortname"]},
        "bank_account_info": {"account_name": plain["account_info"]["account_name"]},
        "platform": plain,
    }


def _shown(world: World, call: SignedCall, row: Row | None) -> Answer:
    row = applyments.owned(call.merchant, row)
    state = row["state"]
    answer: dict[str, Any] = {
        "applyment_id": row["applyment_id"],
        "out_request_no": row["business_code"],
        "applyment_state": _WORDS.get(state, state),
        "applyment_state_desc": applyments.MESSAGES[state],
        "sign_state": "SIGNED" if state in ("SIGNING", "FINISHED") else "UNSIGNED",
    }
    if state == "TO_BE_CONFIRMED":
        answer["account_validation"] = {
            "pay_amount": 124, "destination_account_name": "财付通支付科技有限公司", "destination_account_number": "7222223333322332",
            "destination_account_bank": "招商银行威盛大厦支行", "city": "深圳", "remark": "入驻账户验证",
            "deadline": "2030-12-10 17:09:01",
        }  # fmt: skip
        answer["legal_validation_url"] = f"{world.public_url}/applyments/{row['applyment_id']}"
    if state == "TO_BE_SIGNED":
        answer["sign_url"] = f"{world.public_url}/applyments/{row['applyment_id']}"
    if state in ("REJECTED", "FROZEN"):
        answer["audit_detail"] = [
            {"param_name": one["field_name"], "reject_reason": one["reject_reason"]}
            for one in json.loads(row["audit"])
        ]
    if state == "FINISHED":
        answer["sub_mchid"] = row["sub_mchid"]
    return 200, answer


def _by_number(world: World, request: Request, call: SignedCall) -> Answer:
    return _shown(world, call, applyments.find_number(world, request.path_params["number"]))


def _by_own(world: World, request: Request, call: SignedCall) -> Answer:
    own = request.path_params["own"]
    return _shown(world, call, applyments.find_code(world, call.merchant.mchid, own))


def routes() -> list[Route]:
    return [
        Route(f"{BASE}/", endpoint("applyment", _submit), methods=["POST"]),
        Route(f"{BASE}/out-request-no/{{own}}", endpoint("applyment_query", _by_own)),
        Route(f"{BASE}/{{number}}", endpoint("applyment_query", _by_number)),
    ]

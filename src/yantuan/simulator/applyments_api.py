"""The endpoints of onboarding: pictures, the application and its state; and who plays WeChat's staff."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from yantuan.simulator import applyments
from yantuan.simulator.control import endpoint as control_endpoint
from yantuan.simulator.database import Row
from yantuan.simulator.errors import ControlError
from yantuan.simulator.fields import Flag, Group, Many, Rule, Text, read_body
from yantuan.simulator.payv3 import Answer, endpoint
from yantuan.simulator.signing import SignedCall, verify_upload
from yantuan.simulator.views import page
from yantuan.simulator.world import World

BASE = "/v3/applyment4sub/applyment"
_SEALED = Text(4096, required=True)
_OPEN_SEALED = Text(4096)
_MEDIA = Text(255)
_DAY = r"\d{4}-\d\d-\d\d|长期"
_PICTURES = Many(_MEDIA, 10)
_CONTACT = Group(
    {
        "contact_type": Text(32, choices=("LEGAL", "SUPER"), required=True),
        "contact_name": _SEALED,
        "contact_id_doc_type": Text(64),
        "contact_id_number": _OPEN_SEALED,
        "contact_id_doc_copy": _MEDIA,
        "contact_id_doc_copy_back": _MEDIA,
        "contact_period_begin": Text(32, pattern=_DAY),
        "contact_period_end": Text(32, pattern=_DAY),
        "business_authorization_letter": _MEDIA,
        "openid": Text(128),
        "mobile_phone": _SEALED,
        "contact_email": _SEALED,
    },
    required=True,
)
_LICENSE = Group(
    {
        "license_copy": Text(255, required=True),
        "license_number": Text(18, 15, r"[0-9A-Z]+", required=True),
        "merchant_name": Text(128, 2, required=True),
        "legal_person": Text(64, required=True),
        "license_address": Text(128),
        "period_begin": Text(32, pattern=_DAY),
        "period_end": Text(32, pattern=_DAY),
    }
)
_ID_CARD = Group(
    {
        "id_card_copy": Text(255, required=True),
        "id_card_national": Text(255, required=True),
        "id_card_name": _SEALED,
        "id_card_number": _SEALED,
        "id_card_address": _OPEN_SEALED,
        "card_period_begin": Text(32, pattern=_DAY, required=True),
        "card_period_end": Text(32, pattern=_DAY, required=True),
    },
    required=True,
)
_SUBJECT = Group(
    {
        "subject_type": Text(
            40,
            choices=(
                "SUBJECT_TYPE_INDIVIDUAL",
                "SUBJECT_TYPE_ENTERPRISE",
                "SUBJECT_TYPE_INSTITUTIONS",
                "SUBJECT_TYPE_GOVERNMENT",
                "SUBJECT_TYPE_OTHERS",
            ),
            required=True,
        ),
        "business_license_info": _LICENSE,
        "identity_info": Group(
            {"id_doc_type": Text(64), "id_card_info": _ID_CARD, "owner": Flag(required=True)}, required=True
        ),
    },
    required=True,
)
_SCENES = tuple(f"SALES_SCENES_{name}" for name in ("STORE", "MP", "MINI_PROGRAM", "WEB", "APP", "WEWORK"))
_SHOP = Group(
    {
        "biz_store_name": Text(128, required=True),
        "biz_address_code": Text(6, 6, r"\d{6}", required=True),
        "biz_store_address": Text(128, 4, required=True),
        "store_entrance_pic": Many(_MEDIA, 5, required=True),
        "indoor_pic": Many(_MEDIA, 5, required=True),
    }
)
_BUSINESS = Group(
    {
        "merchant_shortname": Text(64, required=True),
        "service_phone": Text(32, pattern=r"[0-9\-+ ]+", required=True),
        "sales_info": Group(
            {
                "sales_scenes_type": Many(Text(40, choices=_SCENES), 6, required=True),
                "mini_program_info": Group(
                    {
                        "mini_program_appid": Text(32),
                        "mini_program_sub_appid": Text(32),
                        "mini_program_pics": _PICTURES,
                    }
                ),
                "mp_info": Group({"mp_appid": Text(32), "mp_sub_appid": Text(32), "mp_pics": _PICTURES}),
                "biz_store_info": _SHOP,
            },
            required=True,
        ),
    },
    required=True,
)
_BANK = Group(
    {
        "bank_account_type": Text(
            40, choices=("BANK_ACCOUNT_TYPE_CORPORATE", "BANK_ACCOUNT_TYPE_PERSONAL"), required=True
        ),
        "account_name": _SEALED,
        "account_bank": Text(128, required=True),
        "bank_address_code": Text(20),
        "bank_branch_id": Text(128),
        "bank_name": Text(128),
        "account_number": _SEALED,
    },
    required=True,
)
_MEMBERS: dict[str, Rule] = {
    "business_code": Text(124, pattern=r"[0-9A-Za-z_\-]+", required=True),
    "contact_info": _CONTACT,
    "subject_info": _SUBJECT,
    "business_info": _BUSINESS,
    "settlement_info": Group(
        {
            "settlement_id": Text(3, pattern=r"\d+", required=True),
            "qualification_type": Text(200, required=True),
            "qualifications": Many(_MEDIA, 5),
        },
        required=True,
    ),
    "bank_account_info": _BANK,
    "addition_info": Group({"business_addition_pics": Many(_MEDIA, 5), "business_addition_msg": Text(512)}),
}
RULES = Group(_MEMBERS)


def _submit(world: World, request: Request, call: SignedCall) -> Answer:
    return 200, applyments.submit(world, call, read_body(call.body, RULES))


def _by_number(world: World, request: Request, call: SignedCall) -> Answer:
    row = applyments.find_number(world, request.path_params["number"])
    return 200, applyments.shown(world, call.merchant, row)


def _by_code(world: World, request: Request, call: SignedCall) -> Answer:
    row = applyments.find_code(world, call.merchant.mchid, request.path_params["code"])
    return 200, applyments.shown(world, call.merchant, row)


def _upload(world: World, request: Request, call: SignedCall) -> Answer:
    return 200, applyments.keep_media(world, call)


async def _listed(world: World, request: Request, body: dict[str, Any]) -> Any:
    """Every application, opened, newest first: what WeChat's staff sees."""
    rows = world.db.rows("SELECT * FROM applyments ORDER BY applyment_id DESC")
    return {
        "applyments": [
            {**dict(row), "request": json.loads(row["request"]), "audit": json.loads(row["audit"])}
            for row in rows
        ]
    }


async def _step(world: World, request: Request, body: dict[str, Any]) -> Any:
    """`{action, audit?: [{field, field_name, reject_reason}]}`; see `applyments.STEPS`."""
    action, audit = body.get("action"), body.get("audit", [])
    fits = isinstance(audit, list) and all(
        isinstance(entry, dict) and set(entry) == {"field", "field_name", "reject_reason"} for entry in audit
    )
    if not isinstance(action, str) or not fits:
        raise ControlError("field_invalid", "action 或 audit 不对", "action or audit is not valid")
    row = applyments.step(world, request.path_params["number"], action, audit)
    return {"state": row["state"], "sub_mchid": row["sub_mchid"]}


async def _page(request: Request) -> Response:
    """One application for a person: where a sign_url leads, and where WeChat's staff is played."""
    world: World = request.app.state.world
    number = request.path_params["number"]
    row = applyments.find_number(world, number)
    if row is None:
        return page("sorry.html", 404, title="申请单不存在", text="请回到商家后台核对签约链接。", back=None)
    if request.method == "POST":
        form = await request.form()
        reason = {"field": "", "field_name": "申请资料", "reject_reason": str(form.get("reason", ""))[:100]}
        try:
            applyments.step(world, number, str(form.get("action", "")), [reason])
        except ControlError as error:
            return page("sorry.html", error.status, title="没有成功", text=error.message, back=None)
        return RedirectResponse(f"/applyments/{number}", 303)
    return page(
        "applyment.html",
        200,
        row=row,
        **_names(row),
        hint="这里代替微信的审核人员，以及超级管理员在微信里的确认和签约",
        steps=list(applyments.STEPS[row["state"]]),
        words=applyments.STEP_WORDS,
        here="",
    )


async def _pages(request: Request) -> Response:
    rows = request.app.state.world.db.rows("SELECT * FROM applyments ORDER BY applyment_id DESC")
    return page("applyments.html", entries=[{"row": row, **_names(row)} for row in rows], here="")


def _names(row: Row) -> dict[str, str]:
    plain = json.loads(row["request"])
    return {
        "message": applyments.MESSAGES[row["state"]],
        "name": plain["subject_info"].get("business_license_info", {}).get("merchant_name", ""),
        "short_name": plain["business_info"]["merchant_shortname"],
    }


def routes() -> list[Route]:
    return [
        Route("/v3/merchant/media/upload", endpoint("media", _upload, verify_upload), methods=["POST"]),
        Route(f"{BASE}/", endpoint("applyment", _submit), methods=["POST"]),
        Route(f"{BASE}/applyment_id/{{number}}", endpoint("applyment_query", _by_number)),
        Route(f"{BASE}/business_code/{{code}}", endpoint("applyment_query", _by_code)),
        Route("/_sim/applyments", control_endpoint(_listed)),
        Route("/_sim/applyments/{number}", control_endpoint(_step), methods=["POST"]),
        Route("/applyments", _pages),
        Route("/applyments/{number}", _page, methods=["GET", "POST"]),
    ]

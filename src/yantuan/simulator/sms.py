"""Alibaba Cloud SMS: action SendSms of 2017-05-25, signed with ACS3-HMAC-SHA256.

The endpoint's root is `/sms`. The canonical URI of an RPC action is `/`; a client that signs the path as it
sends it is accepted as well, because the real endpoint has no prefix.
"""

import hashlib
import hmac
import json
import re
import secrets
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from yantuan.simulator import inbox
from yantuan.simulator.clock import rfc3339
from yantuan.simulator.world import World

ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2017-05-25"
TOLERANCE_SECONDS = 15 * 60
NEEDED_HEADERS = (
    "host",
    "x-acs-action",
    "x-acs-version",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-content-sha256",
)
_AUTHORIZATION = re.compile(
    ALGORITHM + r" ?Credential=([^,]+), ?SignedHeaders=([a-z0-9;\-]+), ?Signature=([0-9a-f]{64})"
)
_PHONE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
TEMPLATE_TEXT = "您的验证码是 {code}，5 分钟内有效，请勿告诉他人。"


class _Refused(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


async def _endpoint(request: Request) -> Response:
    world: World = request.app.state.world
    request_id = secrets.token_hex(16).upper()
    try:
        if world.faults.take("sms_down"):
            raise _Refused(503, "ServiceUnavailable", "The request has failed due to a temporary failure.")
        body = await request.body()
        _verify(world, request, body)
        result = _send(world, _parameters(request, body))
        status = 200
    except _Refused as refused:
        status, result = refused.status, {"Code": refused.code, "Message": refused.message}
    world.calls.appendleft(
        {
            "at": rfc3339(world.clock.now()),
            "what": "SendSms",
            "method": request.method,
            "path": request.url.path,
            "status": status,
            "code": "" if result["Code"] == "OK" else result["Code"],
        }
    )
    return JSONResponse({**result, "RequestId": request_id}, status)


def _parameters(request: Request, body: bytes) -> dict[str, str]:
    pairs = list(request.query_params.multi_items())
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(pairs)


def _verify(world: World, request: Request, body: bytes) -> None:
    headers = request.headers
    found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if found is None:
        raise _Refused(
            400, "IncompleteSignature", "The Authorization header is missing or not in the form of V3."
        )
    key_id, signed_names, signature = found.groups()
    if key_id != world.credentials.sms_access_key_id:
        raise _Refused(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    names = signed_names.split(";")
    if names != sorted(names) or not set(NEEDED_HEADERS) <= set(names):
        raise _Refused(
            400, "IncompleteSignature", "SignedHeaders must be sorted and hold host and all x-acs-*."
        )
    if headers.get("x-acs-action") != "SendSms" or headers.get("x-acs-version") != VERSION:
        raise _Refused(404, "InvalidAction.NotFound", "Specified api is not found, check action and version.")
    if hashlib.sha256(body).hexdigest() != headers.get("x-acs-content-sha256"):
        raise _Refused(400, "SignatureDoesNotMatch", "x-acs-content-sha256 does not match the body.")
    for path in ("/", request.url.path):
        if hmac.compare_digest(_signature(world, request, path, names), signature):
            break
    else:
        raise _Refused(
            400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation."
        )
    _check_fresh(world, headers.get("x-acs-date", ""), headers.get("x-acs-signature-nonce", ""))


def _signature(world: World, request: Request, path: str, names: list[str]) -> str:
    query = sorted(request.query_params.multi_items())
    canonical_query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in query)
    canonical_headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names)
    canonical = "\n".join(
        (
            request.method,
            path,
            canonical_query,
            canonical_headers,
            ";".join(names),
            request.headers.get("x-acs-content-sha256", ""),
        )
    )
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    secret = world.credentials.sms_access_key_secret
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def _check_fresh(world: World, date_text: str, nonce: str) -> None:
    now = world.clock.now()
    try:
        moment = datetime.strptime(date_text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise _Refused(
            400, "InvalidTimeStamp.Format", "x-acs-date must be like 2026-05-12T02:34:56Z."
        ) from None
    if abs(now - moment) > TOLERANCE_SECONDS:
        raise _Refused(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
    world.db.run("DELETE FROM seen_nonces WHERE at < ?", now - 2 * TOLERANCE_SECONDS)
    if world.db.run("INSERT OR IGNORE INTO seen_nonces (nonce, at) VALUES (?, ?)", nonce, now).rowcount == 0:
        raise _Refused(400, "SignatureNonceUsed", "Specified signature nonce was used already.")


def _send(world: World, parameters: dict[str, str]) -> dict[str, Any]:
    for name in ("PhoneNumbers", "SignName", "TemplateCode"):
        if not parameters.get(name):
            raise _Refused(400, f"Missing{name}", f"{name} is mandatory for this action.")
    # From here on the gateway answers 200 and says what is wrong in Code.
    phone = _PHONE.fullmatch(parameters["PhoneNumbers"])
    if phone is None:
        return {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": f"{parameters['PhoneNumbers']}无效号码"}
    if parameters["SignName"] != world.credentials.sms_sign_name:
        return {"Code": "isv.SMS_SIGNATURE_ILLEGAL", "Message": "该账号下找不到对应签名"}
    if parameters["TemplateCode"] != world.credentials.sms_template_code:
        return {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "该账号下找不到对应模板"}
    try:
        values = json.loads(parameters.get("TemplateParam", "{}"))
    except ValueError:
        return {"Code": "isv.INVALID_JSON_PARAM", "Message": "参数格式错误，请修改为字符串值"}
    code = values.get("code") if isinstance(values, dict) else None
    if not isinstance(code, str) or not code:
        return {"Code": "isv.TEMPLATE_MISSING_PARAMETERS", "Message": "模板变量缺少对应参数值: code"}
    if not re.fullmatch(r"[0-9A-Za-z]{4,6}", code):
        return {"Code": "isv.PARAM_LENGTH_LIMIT", "Message": "验证码应为 4 到 6 位数字或字母"}
    if _over_limit(world, phone.group(1)):
        return {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "触发号码流控，请稍后再试"}
    text = f"【{world.credentials.sms_sign_name}】{TEMPLATE_TEXT.format(code=code)}"
    number = inbox.put(world, "sms", phone.group(1), "验证码短信", text, code=code)
    return {"Code": "OK", "Message": "OK", "BizId": f"{int(world.clock.now() * 1000)}^{number}"}


def _over_limit(world: World, phone: str) -> bool:
    settings = world.settings
    limits = ((60, settings.sms_per_minute), (3600, settings.sms_per_hour), (86400, settings.sms_per_day))
    over = any(inbox.sent_since(world, "sms", phone, seconds) >= most for seconds, most in limits)
    return world.faults.take("sms_limited") is not None or over


def routes() -> list[Route]:
    return [
        Route("/sms", _endpoint, methods=["GET", "POST"]),
        Route("/sms/", _endpoint, methods=["GET", "POST"]),
    ]

"""Verifying what merchants sign, and signing what the platform answers."""

import re
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from yantuan.simulator import crypto
from yantuan.simulator.errors import PayError, bad_parameter
from yantuan.simulator.merchants import Merchant
from yantuan.simulator.uploads import Upload, read_upload
from yantuan.simulator.world import World

CLOCK_TOLERANCE_SECONDS = 300
SIGNTEST = "WECHATPAY/SIGNTEST/"
_FIELDS = ("mchid", "nonce_str", "signature", "timestamp", "serial_no")
_PAIR = re.compile(r'([a-z_]+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A request of the merchant whose signature is good. `key_id` is its `Wechatpay-Serial`, if any.

    Of an `upload`, `body` is the part that was signed.
    """

    target: str
    body: bytes
    key_id: str | None
    merchant: Merchant
    upload: Upload | None = None


def path_as_sent(request: Request) -> str:
    """Path and query exactly as they came over the wire, percent-encoding included."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    path = raw.split(b"?")[0].decode("latin-1")
    query: bytes = request.scope.get("query_string", b"")
    return f"{path}?{query.decode('latin-1')}" if query else path


async def verify_call(world: World, request: Request) -> SignedCall:
    """Check headers and Authorization of a v3 request.

    Raises PayError: 401 SIGN_ERROR for anything about the signature, 403 for missing general headers.
    """
    body = await request.body()
    _check_headers(world, request, body, "application/json")
    merchant = _verified(world, request, b"" if request.method == "GET" else body)
    return SignedCall(path_as_sent(request), body, request.headers.get("wechatpay-serial"), merchant)


async def verify_upload(world: World, request: Request) -> SignedCall:
    """As `verify_call` for an upload, of which only the `meta` part is signed.

    Raises PayError PARAM_ERROR for a form that is not one.
    """
    body = await request.body()
    _check_headers(world, request, body, "multipart/form-data")
    upload = read_upload(request.headers.get("content-type", ""), body)
    merchant = _verified(world, request, upload.meta)
    key_id = request.headers.get("wechatpay-serial")
    return SignedCall(path_as_sent(request), upload.meta, key_id, merchant, upload)


def _verified(world: World, request: Request, signed_body: bytes) -> Merchant:
    values = _authorization(request.headers.get("authorization", ""))
    target = path_as_sent(request)
    message = crypto.lines(request.method, target, values["timestamp"], values["nonce_str"], signed_body)
    merchant = world.merchants.find(values["mchid"])
    if merchant is None or merchant.standing == "closed":
        raise _sign_error("商户号不存在", "mchid", request.method, target, message)
    if values["serial_no"] != merchant.serial or merchant.standing == "revoked":
        raise _sign_error("商户证书序列号有误", "serial_no", request.method, target, message)
    if not values["timestamp"].isascii() or not values["timestamp"].isdigit():
        raise _sign_error("时间戳不是整数秒", "timestamp", request.method, target, message)
    if abs(world.clock.now() - int(values["timestamp"])) > CLOCK_TOLERANCE_SECONDS:
        raise _sign_error("HTTP头Authorization中时间戳与服务器时间相差超过5分钟", "timestamp",
                          request.method, target, message)  # fmt: skip
    if not crypto.verify(world.merchants.public_key(merchant), message, values["signature"]):
        raise _sign_error("错误的签名，验签失败", "signature", request.method, target, message)
    return merchant


def _check_headers(world: World, request: Request, body: bytes, kind: str) -> None:
    if not request.headers.get("user-agent", "").strip():
        raise PayError(403, "NO_AUTH", "HTTP头缺少User-Agent")
    accept = request.headers.get("accept", "")
    if not any(kind in accept for kind in ("application/json", "*/*")):
        raise PayError(403, "NO_AUTH", "HTTP头缺少Accept，或其中没有application/json")
    content_type = request.headers.get("content-type", "").split(";")[0].strip()
    if request.method == "POST" and body and content_type != kind:
        raise bad_parameter("/Content-Type", f"必须是 {kind}", content_type, "header")
    key_id = request.headers.get("wechatpay-serial")
    if key_id is not None and world.keyring.find(key_id) is None:
        raise bad_parameter("/Wechatpay-Serial", "平台证书序列号或公钥ID错误", key_id, "header")


def _authorization(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    if not header:
        raise _plain_sign_error("HTTP头缺少Authorization")
    if scheme != crypto.SCHEME:
        raise _plain_sign_error("Authorization的认证类型必须是" + crypto.SCHEME)
    pairs = _PAIR.findall(rest)
    values = dict(pairs)
    if len(pairs) != len(_FIELDS) or set(values) != set(_FIELDS) or not all(values.values()):
        raise _plain_sign_error("Authorization必须恰好包含：" + "、".join(_FIELDS))
    if ",".join(f'{name}="{value}"' for name, value in pairs) != rest.replace(", ", ",").strip():
        raise _plain_sign_error("Authorization格式错误")
    return values


def _plain_sign_error(sentence: str) -> PayError:
    return PayError(401, "SIGN_ERROR", sentence, {"location": "authorization", "issue": sentence})


def _sign_error(sentence: str, field: str, method: str, target: str, message: bytes) -> PayError:
    # Enough of the expected text to see the difference, but not a whole body.
    shown = message.decode("utf-8", "replace")
    head = "\n".join(shown.split("\n")[:4]) + "\n"
    detail: dict[str, Any] = {
        "detail": {"issue": "sign not match"},
        "field": field,
        "location": "authorization",
        "sign_information": {
            "method": method,
            "url": target,
            "truncated_sign_message": head,
            "sign_message_length": len(message),
        },
    }
    return PayError(401, "SIGN_ERROR", sentence, detail)


def signature_headers(
    world: World,
    body: bytes,
    *,
    asked_id: str | None = None,
    moment: float | None = None,
    bad: bool = False,
    probe: bool = False,
    unknown_serial: bool = False,
) -> dict[str, str]:
    """The `Wechatpay-*` headers over `body`; the flags spoil them on order."""
    key = world.signing_key(asked_id)
    timestamp = str(int(world.clock.now() if moment is None else moment))
    nonce = secrets.token_hex(16)
    signed = b"spoilt" + body if bad else body
    signature = crypto.sign(key.private_key, crypto.lines(timestamp, nonce, signed))
    if probe:
        signature = SIGNTEST + signature[len(SIGNTEST) :]
    serial = key.key_id
    if unknown_serial:
        serial = "PUB_KEY_ID_" + "9" * 28 if key.kind == "public_key" else "F" * 40
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": signature,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": crypto.SCHEME,
    }


def request_id(code: int) -> str:
    """`Request-ID` with the numeric detail code at its end."""
    return f"08{secrets.token_hex(20).upper()}-{code}"


def check_pay_sign(world: World, merchant: Merchant, fields: dict[str, str]) -> bool:
    """Whether `paySign` is this merchant's signature over appId, timeStamp, nonceStr and package."""
    if fields.get("signType") != "RSA":
        return False
    parts = [fields.get(name, "") for name in ("appId", "timeStamp", "nonceStr", "package")]
    return all(parts) and crypto.verify(
        world.merchants.public_key(merchant), crypto.lines(*parts), fields.get("paySign", "")
    )

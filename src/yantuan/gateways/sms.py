"""Text messages through Alibaba Cloud SMS (SendSms 2017-05-25, signature ACS3-HMAC-SHA256)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn, Protocol
from urllib.parse import quote

import httpx

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.http import HttpAnswer, HttpCaller, RetryPolicy
from yantuan.kernel import clock

PROVIDER = "sms"
ALGORITHM = "ACS3-HMAC-SHA256"
VERSION = "2017-05-25"
_PHONE = re.compile(r"\+?[0-9]{5,20}")
_POLICY = RetryPolicy(attempts=2, budget_seconds=8.0)
_THROTTLED = frozenset({"isv.BUSINESS_LIMIT_CONTROL", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL"})
_BAD_NUMBER = frozenset({"isv.MOBILE_NUMBER_ILLEGAL", "isv.MOBILE_COUNT_OVER_LIMIT"})


class SmsNumberRejected(GatewayRefused):
    """The provider says this is not a phone number that can be reached."""

    def __init__(self, code: str, message: str, http_status: int) -> None:
        super().__init__(PROVIDER, code, message, http_status)
        self.code = "phone_unreachable"
        self.zh = "这个手机号无法接收短信，请检查后再试"
        self.en = "This phone number can't receive messages; please check it."
        self.status = 422


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """One SMS account with the signature name and template codes are sent under."""

    base_url: str
    access_key_id: str
    access_key_secret: str = field(repr=False)
    sign_name: str


@dataclass(frozen=True, slots=True)
class SmsReceipt:
    """The provider accepted the message (not: it arrived)."""

    biz_id: str
    request_id: str


class SmsGateway(Protocol):
    """Sends template messages."""

    def send(
        self, phone: str, template_code: str, params: Mapping[str, str], *, out_id: str = ""
    ) -> SmsReceipt:
        """Raises the GatewayError family."""


def percent(text: str) -> str:
    """RFC 3986: only letters, digits and -_.~ stay."""
    return quote(text, safe="-_.~")


def authorization(
    settings_key: tuple[str, str], method: str, target: str, headers: Mapping[str, str], body: bytes
) -> str:
    """The Authorization value for (key id, key secret); `headers` are the lower-case ones to be signed."""
    key_id, secret = settings_key
    path, _, query = target.partition("?")
    names = sorted(headers)
    canonical_headers = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    signed = ";".join(names)
    canonical = "\n".join((method, path, query, canonical_headers, signed, hashlib.sha256(body).hexdigest()))
    text = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={signed},Signature={signature}"


class AliyunSmsClient:
    """Thread-safe; make one and keep it."""

    def __init__(
        self,
        settings: SmsSettings,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = clock.now,
        nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._settings = settings
        self._now, self._nonce = now, nonce
        self._http = HttpCaller(PROVIDER, [settings.base_url], transport=transport)
        self._host = httpx.URL(settings.base_url).netloc.decode("ascii")

    def shutdown(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(
        self, phone: str, template_code: str, params: Mapping[str, str], *, out_id: str = ""
    ) -> SmsReceipt:
        """Send one message; `out_id` is our own number for the provider's books.

        Never repeated once it may have arrived: a person would get it twice. Raises SmsNumberRejected,
        GatewayThrottled (the provider's limit per number), GatewayRefused or GatewayUnavailable.
        """
        if not _PHONE.fullmatch(phone):
            raise GatewayInvalid(PROVIDER, "phone", "5 to 20 digits, may start with +")
        values = {
            "PhoneNumbers": phone,
            "SignName": self._settings.sign_name,
            "TemplateCode": template_code,
            "TemplateParam": json.dumps(dict(params), ensure_ascii=False, separators=(",", ":")),
        }
        if out_id:
            values["OutId"] = out_id
        query = "&".join(f"{percent(name)}={percent(values[name])}" for name in sorted(values))

        def once() -> SmsReceipt:
            return _receipt(self._http.send("POST", f"/?{query}", headers=self._headers))

        return self._http.retrying(once, policy=_POLICY, repeatable=False)

    def _headers(self, target: str) -> dict[str, str]:
        headers = {
            "host": self._host,
            "x-acs-action": "SendSms",
            "x-acs-version": VERSION,
            "x-acs-date": self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "x-acs-signature-nonce": self._nonce(),
            "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        }
        keys = (self._settings.access_key_id, self._settings.access_key_secret)
        return headers | {"Authorization": authorization(keys, "POST", target, headers, b"")}


def _receipt(answer: HttpAnswer) -> SmsReceipt:
    try:
        value: Any = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise GatewayUnavailable(PROVIDER, "not JSON", http_status=answer.status) from error
    if not isinstance(value, dict) or not isinstance(value.get("Code"), str):
        raise GatewayUnavailable(PROVIDER, "no result code", http_status=answer.status)
    if value["Code"] != "OK" or answer.status != 200:
        _raise(value["Code"], str(value.get("Message", ""))[:500], answer.status)
    return SmsReceipt(biz_id=str(value.get("BizId", "")), request_id=str(value.get("RequestId", "")))


def _raise(code: str, message: str, http_status: int) -> NoReturn:
    if http_status >= 500 or code in ("ServiceUnavailable", "InternalError", "isp.SYSTEM_ERROR"):
        raise GatewayUnavailable(PROVIDER, "server trouble", http_status=http_status, provider_code=code)
    if code in _BAD_NUMBER:
        raise SmsNumberRejected(code, message, http_status)
    kind = GatewayThrottled if code in _THROTTLED or code.startswith("Throttling") else GatewayRefused
    raise kind(PROVIDER, code, message, http_status)

"""The common manner of WeChat's server APIs: raw UTF-8 JSON, errors inside HTTP 200."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import urlencode

import httpx

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.http import HttpAnswer, HttpCaller, RetryPolicy

PROVIDER = "wechat"
BAD_TOKEN_CODES = frozenset({"40001", "40014", "42001"})
_BUSY = "-1"
_THROTTLED = frozenset({"45009", "45011"})
_BAD_LOGIN_CODES = frozenset({"40029", "40163", "41008"})
_NO_CONSENT = "43101"
_WHITE_LIST = frozenset({"40164", "89503"})
_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}")
_OURS = {
    "40013": ("微信 AppID 填错了，请联系平台", "The configured AppID is not known to WeChat"),
    "40125": ("微信 AppSecret 填错了，请联系平台", "The configured AppSecret is not right"),
    "40164": ("服务器的 IP 不在微信后台的白名单里", "The server's address is not on WeChat's white list"),
    "89503": ("服务器的 IP 等待公众号管理员确认", "The server's address waits for the administrator's word"),
    "40243": ("微信 AppSecret 已被冻结，请联系平台", "The AppSecret is frozen"),
}
_POLICY = RetryPolicy(attempts=2, budget_seconds=8.0)


class WeChatCodeRejected(GatewayRefused):
    """A one-time login or phone code is wrong, used or too old: the person must start again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PROVIDER, code, message)
        self.code = "wechat_code_invalid"
        self.zh = "微信授权已失效，请重新点一次"
        self.en = "The WeChat code is no longer valid; please start again."
        self.status = 422


class WeChatShutsUsOut(GatewayThrottled):
    """WeChat takes nothing from this server until the operator mends something: nothing was done, all may be done later.

    `ip` is the address to put on the white list, when that is what is missing; else empty.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PROVIDER, code, message)
        found = _IP.search(message) if code in _WHITE_LIST else None
        self.ip = found[0] if found else ""
        self.code = "wechat_shuts_us_out"
        self.status = 503
        zh, en = _OURS[code]
        self.zh = f"{zh}（{self.ip}）" if self.ip else zh
        self.en = f"{en} ({self.ip})." if self.ip else f"{en}."


class ConsentMissing(GatewayRefused):
    """The person has not allowed (another) subscription message. Normal: record it, never repeat."""


class WeChatApi:
    """JSON calls to one WeChat host family. Thread-safe; knows nothing of tokens."""

    def __init__(
        self, base_url: str, *, fallback_base_url: str = "", transport: httpx.BaseTransport | None = None
    ) -> None:
        bases = [url for url in (base_url, fallback_base_url) if url]
        self.http = HttpCaller(PROVIDER, bases, transport=transport)

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        payload: Mapping[str, Any] | None = None,
        *,
        repeatable: bool,
    ) -> dict[str, Any]:
        """The JSON answer of a success.

        With `repeatable=False` (one-time codes, messages) a call that may have arrived is never sent again.
        Raises GatewayRefused (`provider_code` is the errcode), GatewayThrottled or GatewayUnavailable.
        """

        def once() -> dict[str, Any]:
            return checked_json(self._send(method, path, query, payload))

        return self.http.retrying(once, policy=_POLICY, repeatable=repeatable)

    def call_for_bytes(self, path: str, query: Mapping[str, str], payload: Mapping[str, Any]) -> bytes:
        """The raw body of a POST that answers a file, or the error it may answer instead. May be repeated."""

        def once() -> bytes:
            answer = self._send("POST", path, query, payload)
            if answer.body.lstrip()[:1] == b"{":
                checked_json(answer)
                raise GatewayUnavailable(PROVIDER, "JSON where a file was due", http_status=answer.status)
            if answer.status != 200:
                raise GatewayUnavailable(PROVIDER, f"HTTP {answer.status}", http_status=answer.status)
            return answer.body

        return self.http.retrying(once, policy=_POLICY)

    def _send(
        self, method: str, path: str, query: Mapping[str, str], payload: Mapping[str, Any] | None
    ) -> HttpAnswer:
        # Several endpoints show or count \uXXXX literally, so the text goes out as it is.
        content = b"" if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        target = f"{path}?{urlencode(query)}" if query else path
        json_header = {"Content-Type": "application/json; charset=utf-8"} if content else {}
        return self.http.send(method, target, headers=lambda _: json_header, content=content)


def checked_json(answer: HttpAnswer) -> dict[str, Any]:
    """The JSON object if `errcode` is 0 or absent.

    Content-Type is not to be trusted here. Raises as `call`.
    """
    if answer.status != 200:
        raise GatewayUnavailable(PROVIDER, f"HTTP {answer.status}", http_status=answer.status)
    try:
        value = json.loads(answer.body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise GatewayUnavailable(PROVIDER, "not JSON", http_status=200) from error
    if not isinstance(value, dict):
        raise GatewayUnavailable(PROVIDER, "not a JSON object", http_status=200)
    code = str(value.get("errcode", 0))
    if code != "0":
        _raise(code, str(value.get("errmsg", ""))[:500])
    return value


def _raise(code: str, message: str) -> NoReturn:
    if code == _BUSY:
        raise GatewayUnavailable(PROVIDER, "system busy", http_status=200, provider_code=code)
    if code in _BAD_LOGIN_CODES:
        raise WeChatCodeRejected(code, message)
    if code == _NO_CONSENT:
        raise ConsentMissing(PROVIDER, code, message)
    if code in _OURS:
        raise WeChatShutsUsOut(code, message)
    kind = GatewayThrottled if code in _THROTTLED else GatewayRefused
    raise kind(PROVIDER, code, message)


def text_of(value: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    """A text field of an answer. Raises GatewayUnavailable if it is required and missing."""
    found = value.get(name, "")
    if not isinstance(found, str) or (required and not found):
        raise GatewayUnavailable(PROVIDER, f"{name} is missing", http_status=200)
    return found

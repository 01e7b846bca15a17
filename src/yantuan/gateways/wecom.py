"""Messages into a WeCom group through its robot."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.http import HttpCaller, RetryPolicy

PROVIDER = "wecom"
TEXT_BYTES = 2048
MARKDOWN_BYTES = 4096
_KEY = re.compile(r"[0-9A-Za-z-]{8,64}")
_POLICY = RetryPolicy(attempts=2, budget_seconds=8.0)
_ELLIPSIS = "…"


class RobotGone(GatewayRefused):
    """The robot's key is not valid (any more): stop sending and tell its owner."""

    def __init__(self, provider: str, provider_code: str, provider_message: str) -> None:
        super().__init__(provider, provider_code, provider_message)
        self.zh = "群机器人已被移除或地址不对，请在群里重新添加后填写新地址"
        self.en = "The robot was removed or its address is wrong; add it again and fill in the new address."


@dataclass(frozen=True, slots=True)
class WeComSettings:
    """`base_url` of the WeCom API, without a path."""

    base_url: str


class RobotGateway(Protocol):
    """Posts into groups; `key` names the robot and is a secret."""

    def send_text(self, key: str, content: str, *, mentioned_mobiles: Sequence[str] = ()) -> None:
        """Raises the GatewayError family."""

    def send_markdown(self, key: str, content: str) -> None:
        """Raises the GatewayError family."""


def robot_key(text: str) -> str:
    """The key out of what a leader pastes:

    the key itself or the robot's whole address. Raises GatewayInvalid.

    Only the key is taken, so that a pasted address can never send our requests elsewhere.
    """
    text = text.strip()
    if "://" in text:
        text = parse_qs(urlsplit(text).query).get("key", [""])[0]
    if not _KEY.fullmatch(text):
        raise GatewayInvalid(PROVIDER, "key", "the robot's key or address")
    return text


def cut_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, whole characters, an ellipsis where something was cut."""
    if len(text.encode()) <= limit:
        return text
    return text.encode()[: limit - len(_ELLIPSIS.encode())].decode(errors="ignore") + _ELLIPSIS


class RobotClient:
    """Thread-safe; make one and keep it. A robot takes 20 messages a minute: gather before sending."""

    def __init__(self, settings: WeComSettings, *, transport: httpx.BaseTransport | None = None) -> None:
        self._http = HttpCaller(PROVIDER, [settings.base_url], transport=transport)

    def shutdown(self) -> None:
        """Close the connections."""
        self._http.close()

    def send_text(self, key: str, content: str, *, mentioned_mobiles: Sequence[str] = ()) -> None:
        """Post plain text, cut to 2048 bytes.

        Raises RobotGone, GatewayThrottled and the rest of the family.
        """
        text: dict[str, Any] = {"content": cut_bytes(content, TEXT_BYTES)}
        if mentioned_mobiles:
            text["mentioned_mobile_list"] = list(mentioned_mobiles)
        self._send(key, {"msgtype": "text", "text": text})

    def send_markdown(self, key: str, content: str) -> None:
        """Post WeCom's markdown, cut to 4096 bytes. Raises as `send_text`."""
        self._send(key, {"msgtype": "markdown", "markdown": {"content": cut_bytes(content, MARKDOWN_BYTES)}})

    def _send(self, key: str, payload: dict[str, Any]) -> None:
        target = f"/cgi-bin/webhook/send?key={robot_key(key)}"
        content = json.dumps(payload, ensure_ascii=False).encode()

        def once() -> None:
            answer = self._http.send(
                "POST", target, headers=lambda _: {"Content-Type": "application/json"}, content=content
            )
            _check(answer.status, answer.body)

        self._http.retrying(once, policy=_POLICY, repeatable=False)


def _check(status: int, body: bytes) -> None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise GatewayUnavailable(PROVIDER, "not JSON", http_status=status) from error
    if status != 200 or not isinstance(value, dict) or "errcode" not in value:
        raise GatewayUnavailable(PROVIDER, f"HTTP {status}", http_status=status)
    code, message = str(value["errcode"]), str(value.get("errmsg", ""))[:500]
    if code == "0":
        return
    if code == "-1":
        raise GatewayUnavailable(PROVIDER, "system busy", http_status=status, provider_code=code)
    if code == "93000":
        raise RobotGone(PROVIDER, code, message)
    kind = GatewayThrottled if code == "45009" else GatewayRefused
    raise kind(PROVIDER, code, message)

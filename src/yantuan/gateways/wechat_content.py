"""Content checks of the mini-program platform: texts at once, pictures by an answer that is pushed within half an hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechat_api import PROVIDER, text_of
from yantuan.gateways.wechat_app import AppClient

LONGEST_TEXT: Final = 2500
"""Characters of one text."""
LARGEST_PICTURE: Final = 10 * 1024 * 1024
"""Bytes of one picture."""
PROFILE, COMMENT, FORUM, SOCIAL = 1, 2, 3, 4
"""Where the content will stand, in the platform's own numbers."""

Suggestion = Literal["pass", "review", "risky"]

_OFTEN = frozenset({"44991", "45009", "45011"})
_STRANGERS = frozenset({"40003", "43104"})
_UNREADABLE = frozenset({"40004", "87020"})
_RISKY_AT_ONCE = "87014"
OTHER_LABEL: Final = 21000


class AuthorInactive(GatewayRefused):
    """The author has not used the mini-program within two hours (or never): the platform does not judge then."""


class PictureRefused(GatewayRefused):
    """The platform cannot judge this picture (kind, size or address)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the platform thinks. `label` is its number: 100 normal, 20002 porn and so on."""

    suggest: Suggestion
    label: int
    trace_id: str = ""


class ContentGateway(Protocol):
    """What the product needs of content checks. Every method may raise the GatewayError family."""

    def check_text(self, text: str, openid: str, *, scene: int = FORUM) -> Judgement: ...
    def check_picture(self, url: str, openid: str, *, scene: int = FORUM) -> str: ...


class ContentClient(AppClient):
    """Thread-safe; make one per mini-program and keep it."""

    def check_text(self, text: str, openid: str, *, scene: int = FORUM) -> Judgement:
        """Judge one text of at most 2,500 characters, written by this openid.

        Raises AuthorInactive, GatewayThrottled (ask later), GatewayInvalid (nothing was sent) and the rest.
        """
        _need(0 < len(text) <= LONGEST_TEXT, "content", f"1 to {LONGEST_TEXT} characters")
        payload = {"content": text, "version": 2, "scene": scene, "openid": openid}
        try:
            answer = self._call("/wxa/msg_sec_check", payload)
        except GatewayRefused as refusal:
            if refusal.provider_code != _RISKY_AT_ONCE:
                raise
            return Judgement("risky", OTHER_LABEL)
        return judgement_of(answer)

    def check_picture(self, url: str, openid: str, *, scene: int = FORUM) -> str:
        """Have one public picture (10 MB at most) fetched and judged; answers the number under which
        `wxa_media_check` will be pushed. Raises as `check_text`, and PictureRefused.
        """
        _need(url.startswith(("https://", "http://")), "media_url", "a public address")
        payload = {"media_url": url, "media_type": 2, "version": 2, "scene": scene, "openid": openid}
        return text_of(self._call("/wxa/media_check_async", payload), "trace_id")

    def _call(self, path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        _need(payload["scene"] in (PROFILE, COMMENT, FORUM, SOCIAL), "scene", "1 to 4")
        _need(bool(payload["openid"]), "openid", "who wrote it")
        try:
            # Judged twice, a text costs one of two millions a day and nothing else.
            return self._tokened.call("POST", path, payload=payload, repeatable=True)
        except GatewayRefused as refusal:
            raise _named(refusal) from refusal


def judgement_of(answer: Mapping[str, Any]) -> Judgement:
    """The `result` of an answer or a push; in XML pushes every value is text. Raises GatewayUnavailable if it makes no sense."""
    result = answer.get("result")
    found = result if isinstance(result, dict) else {}
    suggest, label = found.get("suggest"), str(found.get("label", OTHER_LABEL))
    trace_id = str(answer.get("trace_id", ""))[:64]
    number = int(label) if label.isascii() and label.isdigit() and len(label) < 7 else OTHER_LABEL
    if suggest == "pass":
        return Judgement("pass", number, trace_id)
    if suggest == "review":
        return Judgement("review", number, trace_id)
    if suggest == "risky":
        return Judgement("risky", number, trace_id)
    raise GatewayUnavailable(PROVIDER, "suggest is missing", http_status=200)


def _named(refusal: GatewayRefused) -> GatewayRefused:
    code, message = refusal.provider_code, refusal.provider_message
    if code == "61010" or code in _STRANGERS:
        return AuthorInactive(PROVIDER, code, message)
    if code in _OFTEN:
        return GatewayThrottled(PROVIDER, code, message)
    if code in _UNREADABLE:
        return PictureRefused(PROVIDER, code, message)
    return refusal


def _need(good: bool, field: str, rule: str) -> None:
    if not good:
        raise GatewayInvalid(PROVIDER, field, rule)

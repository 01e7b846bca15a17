"""The mini-program's server side: sign-in codes, phone numbers, subscription messages, mini-program codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayUnavailable, GatewayUnverified
from yantuan.gateways.wechat_api import PROVIDER, ConsentMissing, WeChatCodeRejected, text_of
from yantuan.gateways.wechat_app import AppClient
from yantuan.gateways.wechat_app import MiniSettings as MiniSettings
from yantuan.gateways.wechat_messages import MessageRefused, TemplateGone, named
from yantuan.gateways.wechat_template import fit_template_data, fit_template_value
from yantuan.gateways.wechat_tokens import FileTokenStore, MemoryTokenStore, TokenStore

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")

EnvVersion = Literal["release", "trial", "develop"]
ProgramState = Literal["formal", "trial", "developer"]


@dataclass(frozen=True, slots=True)
class MiniSession:
    """Who holds the phone. `unionid` is empty unless the app is bound to an open-platform account.

    `session_key` must never leave the server.
    """

    openid: str
    unionid: str
    session_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number WeChat vouches for: `pure` without country code, `country_code` such as `86`."""

    pure: str
    country_code: str


class MiniGateway(Protocol):
    """What the product needs of a mini-program. Every method may raise the GatewayError family."""

    def code2session(self, js_code: str) -> MiniSession: ...
    def get_phone_number(self, code: str) -> PhoneNumber: ...
    def send_subscribe_message(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        page: str = "",
        state: ProgramState = "formal",
    ) -> str: ...
    def get_wxacode_unlimit(
        self,
        scene: str,
        *,
        page: str = "",
        check_path: bool = True,
        env_version: EnvVersion = "release",
        width: int = 430,
    ) -> bytes: ...


class MiniClient(AppClient):
    """Thread-safe; make one per mini-program and keep it."""

    def code2session(self, js_code: str) -> MiniSession:
        """Exchange the code of `wx.login` (once, within five minutes).

        Raises WeChatCodeRejected for a bad one.
        """
        query = {
            "appid": self._settings.appid,
            "secret": self._settings.secret,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        answer = self._api.call("GET", "/sns/jscode2session", query, repeatable=False)
        return MiniSession(
            openid=text_of(answer, "openid"),
            unionid=text_of(answer, "unionid", required=False),
            session_key=text_of(answer, "session_key"),
        )

    def get_phone_number(self, code: str) -> PhoneNumber:
        """Exchange the code of the phone-number button (once.

        WeChat charges for it). Raises WeChatCodeRejected.
        """
        answer = self._tokened.call(
            "POST", "/wxa/business/getuserphonenumber", payload={"code": code}, repeatable=False
        )
        info = answer.get("phone_info")
        if not isinstance(info, dict):
            raise GatewayUnavailable(PROVIDER, "phone_info is missing", http_status=200)
        watermark = info.get("watermark")
        if not isinstance(watermark, dict) or watermark.get("appid") != self._settings.appid:
            raise GatewayUnverified(PROVIDER, "the phone number was made for another app")
        return PhoneNumber(pure=text_of(info, "purePhoneNumber"), country_code=text_of(info, "countryCode"))

    def send_subscribe_message(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        *,
        page: str = "",
        state: ProgramState = "formal",
    ) -> str:
        """Send one subscription message; values are cut to their type's limit. Answers WeChat's msgid or "".

        Raises ConsentMissing if the person has not allowed another one, TemplateGone, MessageRefused. Not repeated
        once it may have arrived.
        """
        payload: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "data": fit_template_data(data),
            "miniprogram_state": state,
            "lang": "zh_CN",
        }
        if page:
            payload["page"] = page
        try:
            answer = self._tokened.call(
                "POST", "/cgi-bin/message/subscribe/send", payload=payload, repeatable=False
            )
        except GatewayRefused as refusal:
            raise named(refusal) from refusal
        return str(answer.get("msgid", ""))

    def get_wxacode_unlimit(
        self,
        scene: str,
        *,
        page: str = "",
        check_path: bool = True,
        env_version: EnvVersion = "release",
        width: int = 430,
    ) -> bytes:
        """The picture (PNG or JPEG) of a mini-program code that opens `page` with `scene` (1 to 32 plain
        characters).
        """
        if not _SCENE.fullmatch(scene):
            raise GatewayInvalid(PROVIDER, "scene", "1 to 32 visible ASCII characters without %")
        if page.startswith("/") or "?" in page:
            raise GatewayInvalid(PROVIDER, "page", "no leading slash, no query")
        if not 280 <= width <= 1280:
            raise GatewayInvalid(PROVIDER, "width", "280 to 1280 pixels")
        payload: dict[str, Any] = {
            "scene": scene,
            "check_path": check_path,
            "env_version": env_version,
            "width": width,
        }
        if page:
            payload["page"] = page
        picture = self._tokened.call_for_bytes("/wxa/getwxacodeunlimit", payload)
        if not picture.startswith(_IMAGES):
            raise GatewayUnavailable(PROVIDER, "not a picture", http_status=200)
        return picture


__all__ = [
    "ConsentMissing",
    "FileTokenStore",
    "MemoryTokenStore",
    "MessageRefused",
    "MiniClient",
    "MiniGateway",
    "MiniSession",
    "MiniSettings",
    "PhoneNumber",
    "TemplateGone",
    "TokenStore",
    "WeChatCodeRejected",
    "fit_template_value",
]

"""The official account's server side: web sign-in inside WeChat and the JS-SDK signature."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol
from urllib.parse import quote

import httpx

from yantuan.gateways.errors import GatewayInvalid
from yantuan.gateways.wechat_api import PROVIDER, WeChatApi, text_of
from yantuan.gateways.wechat_tokens import SharedToken, TokenedApi, TokenStore, lifetime_of
from yantuan.kernel import clock

Scope = Literal["snsapi_base", "snsapi_userinfo"]
_STATE = re.compile(r"[0-9A-Za-z]{1,128}")


@dataclass(frozen=True, slots=True)
class OfficialSettings:
    """One official account. `base_url` is the server API's, `open_base_url` the host of the consent page."""

    base_url: str
    open_base_url: str
    appid: str
    secret: str = field(repr=False)
    fallback_base_url: str = ""


@dataclass(frozen=True, slots=True)
class OAuthIdentity:
    """Who came back from the consent page. `unionid` may be empty.

    `snapshot` marks the virtual person of WeChat's preview mode: make no account of it, ask them to open
    the full service. `access_token` is good for `userinfo` only.
    """

    openid: str
    unionid: str
    scope: str
    snapshot: bool
    access_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OAuthProfile:
    """What the person agreed to show; texts may be empty."""

    openid: str
    unionid: str
    nickname: str
    avatar_url: str


@dataclass(frozen=True, slots=True)
class JsSignature:
    """What `wx.config` takes."""

    appid: str
    timestamp: int
    nonce: str
    signature: str


class OfficialGateway(Protocol):
    """What the product needs of an official account. Every method may raise the GatewayError family."""

    def authorize_url(self, redirect_uri: str, state: str, *, scope: Scope = "snsapi_base") -> str: ...
    def exchange_code(self, code: str) -> OAuthIdentity: ...
    def userinfo(self, access_token: str, openid: str) -> OAuthProfile: ...
    def js_signature(self, url: str) -> JsSignature: ...


def js_signature_of(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """SHA-1 hex over the documented text; `url` without its fragment, not encoded again."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode()).hexdigest()


class OfficialClient:
    """Thread-safe; make one per official account and keep it."""

    def __init__(
        self,
        settings: OfficialSettings,
        store: TokenStore,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = clock.now,
        nonce: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._settings = settings
        self._now, self._nonce = now, nonce
        self._api = WeChatApi(
            settings.base_url, fallback_base_url=settings.fallback_base_url, transport=transport
        )
        self._tokened = TokenedApi(self._api, settings.appid, settings.secret, store, now=now)
        self._ticket = SharedToken(store, f"wechat-{settings.appid}-jsapi-ticket", self._fetch_ticket, now)

    @property
    def appid(self) -> str:
        """The account every openid here belongs to."""
        return self._settings.appid

    def shutdown(self) -> None:
        """Close the connections."""
        self._api.http.close()

    def authorize_url(self, redirect_uri: str, state: str, *, scope: Scope = "snsapi_base") -> str:
        """Where to send the browser.

        It comes back to `redirect_uri` with `code` and `state`. Raises GatewayInvalid.
        """
        if not _STATE.fullmatch(state):
            raise GatewayInvalid(PROVIDER, "state", "1 to 128 letters and digits")
        # The platform documents a fixed order of the parameters and wants the fragment.
        return (
            f"{self._settings.open_base_url.rstrip('/')}/connect/oauth2/authorize?appid={self._settings.appid}"
            f"&redirect_uri={quote(redirect_uri, safe='')}&response_type=code&scope={scope}&state={state}"
            "#wechat_redirect"
        )

    def exchange_code(self, code: str) -> OAuthIdentity:
        """Exchange the code once (five minutes). Raises WeChatCodeRejected for a used or wrong one."""
        query = {
            "appid": self._settings.appid,
            "secret": self._settings.secret,
            "code": code,
            "grant_type": "authorization_code",
        }
        answer = self._api.call("GET", "/sns/oauth2/access_token", query, repeatable=False)
        return OAuthIdentity(
            openid=text_of(answer, "openid"),
            unionid=text_of(answer, "unionid", required=False),
            scope=text_of(answer, "scope", required=False),
            snapshot=answer.get("is_snapshotuser") in (1, "1", True),
            access_token=text_of(answer, "access_token"),
        )

    def userinfo(self, access_token: str, openid: str) -> OAuthProfile:
        """Nickname and avatar; needs scope snsapi_userinfo."""
        query = {"access_token": access_token, "openid": openid, "lang": "zh_CN"}
        answer = self._api.call("GET", "/sns/userinfo", query, repeatable=True)
        return OAuthProfile(
            openid=text_of(answer, "openid"),
            unionid=text_of(answer, "unionid", required=False),
            nickname=text_of(answer, "nickname", required=False),
            avatar_url=text_of(answer, "headimgurl", required=False),
        )

    def js_signature(self, url: str) -> JsSignature:
        """Sign the address of the page that calls `wx.config` (on iOS the address the app was entered by)."""
        timestamp, nonce = int(self._now().timestamp()), self._nonce()
        signature = js_signature_of(self._ticket.current(), nonce, timestamp, url.split("#", 1)[0])
        return JsSignature(self._settings.appid, timestamp, nonce, signature)

    def _fetch_ticket(self, force: bool) -> tuple[str, int]:
        answer = self._tokened.call("GET", "/cgi-bin/ticket/getticket", {"type": "jsapi"}, repeatable=True)
        return text_of(answer, "ticket"), lifetime_of(answer)

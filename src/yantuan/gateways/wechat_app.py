"""What every client of a mini-program's server API shares: the settings, the connections, the token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from yantuan.gateways.wechat_api import WeChatApi
from yantuan.gateways.wechat_tokens import TokenedApi, TokenStore
from yantuan.kernel import clock


@dataclass(frozen=True, slots=True)
class MiniSettings:
    """One mini-program. `base_url` is the server API's, without a path."""

    base_url: str
    appid: str
    secret: str = field(repr=False)
    fallback_base_url: str = ""


class AppClient:
    """Thread-safe; make one per mini-program and keep it."""

    def __init__(
        self,
        settings: MiniSettings,
        store: TokenStore,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._settings = settings
        self._api = WeChatApi(
            settings.base_url, fallback_base_url=settings.fallback_base_url, transport=transport
        )
        self._tokened = TokenedApi(self._api, settings.appid, settings.secret, store, now=now)

    @property
    def appid(self) -> str:
        """The app every openid here belongs to."""
        return self._settings.appid

    def shutdown(self) -> None:
        """Close the connections."""
        self._api.http.close()

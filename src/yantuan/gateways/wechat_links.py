"""Links into the mini-program: URL links for text messages and mail, short links for chats, and cards that change after they were sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx

from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechat_api import PROVIDER, text_of
from yantuan.gateways.wechat_app import AppClient, MiniSettings
from yantuan.gateways.wechat_mini import EnvVersion
from yantuan.gateways.wechat_tokens import TokenStore
from yantuan.kernel import clock

LONGEST_QUERY = 1024
LONGEST_TITLE = 20
MOST_DAYS = 30
GATHERED_TEMPLATE = "666F374D69D16C932E45D7E7D9F10CEF6177F5F5"
"""WeChat's own template of a card that counts members until all are there (到齐时); its other one says 已开始, which a sale that
closes is not."""

_QUOTA = frozenset({"44993", "45009"})
_OFTEN = frozenset({"44990", "45011"})
_UNPUBLISHED = frozenset({"85079", "40165", "40066", "40225", "85400"})


class LinkQuotaReached(GatewayThrottled):
    """Today's links of this mini-program are used up; tomorrow there are new ones."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PROVIDER, code, message)
        self.code = "wechat_link_quota"
        self.zh = "今天生成的微信链接已达上限，先用网页链接"
        self.en = "Today's WeChat links are used up; use the web link instead."
        self.status = 429


class LinkUnpublished(GatewayRefused):
    """WeChat does not know the page: the mini-program, or this version of it, isn't published yet."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(PROVIDER, code, message)
        self.code = "wechat_not_published"
        self.zh = "小程序还没有发布，发布后才能生成微信链接"
        self.en = "The mini-program is not published yet."
        self.status = 409


class ActivityOver(GatewayRefused):
    """The card's activity is unknown or older than a day: it can't be changed any more."""


class ActivityClosed(GatewayRefused):
    """The card says already that all are there; nothing leads back from that."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a changing card is tied to; the platform keeps it for about a day."""

    activity_id: str
    expires_at: datetime


class LinksGateway(Protocol):
    """What the product needs of links. Every method may raise the GatewayError family."""

    def url_link(self, page: str, query: Mapping[str, str], *, expires_at: datetime) -> str: ...
    def short_link(self, page: str, query: Mapping[str, str], *, title: str = "") -> str: ...
    def create_activity(self) -> Activity: ...
    def count_members(self, activity_id: str, *, members: int, room: int) -> None: ...
    def close_activity(self, activity_id: str, page: str, query: Mapping[str, str]) -> None: ...


class LinksClient(AppClient):
    """Thread-safe; make one per mini-program and keep it."""

    def __init__(
        self,
        settings: MiniSettings,
        store: TokenStore,
        *,
        env_version: EnvVersion = "release",
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        super().__init__(settings, store, transport=transport, now=now)
        self._env_version, self._now = env_version, now

    def url_link(self, page: str, query: Mapping[str, str], *, expires_at: datetime) -> str:
        """An `https://` address that opens the page from a text message or a mail, until `expires_at` (30 days at most).

        Raises LinkQuotaReached, LinkUnpublished, GatewayInvalid (nothing was sent) and the rest of the family.
        """
        seconds = (expires_at - self._now()).total_seconds()
        _need(0 < seconds <= MOST_DAYS * 86400, "expire_time", f"within {MOST_DAYS} days")
        payload = {
            "path": _page(page),
            "query": _query(query),
            "env_version": self._env_version,
            "expire_type": 0,
            "expire_time": int(expires_at.timestamp()),
        }
        return text_of(self._call("/wxa/generate_urllink", payload), "url_link")

    def short_link(self, page: str, query: Mapping[str, str], *, title: str = "") -> str:
        """`#小程序://…`, which opens the page from a chat for 30 days. Raises as `url_link`."""
        address = f"{_page(page)}?{_query(query)}".rstrip("?")
        _need(len(address) <= LONGEST_QUERY, "page_url", f"at most {LONGEST_QUERY} characters")
        payload = {"page_url": address, "page_title": title[:LONGEST_TITLE], "is_permanent": False}
        return text_of(self._call("/wxa/genwxashortlink", payload), "link")

    def create_activity(self) -> Activity:
        """A new activity for a card that shall change after it was sent."""
        answer = self._tokened.call("GET", "/cgi-bin/message/wxopen/activityid/create", repeatable=True)
        seconds = answer.get("expiration_time")
        if isinstance(seconds, bool) or not isinstance(seconds, int):
            raise GatewayUnavailable(PROVIDER, "expiration_time is missing", http_status=200)
        return Activity(text_of(answer, "activity_id"), datetime.fromtimestamp(seconds, UTC))

    def count_members(self, activity_id: str, *, members: int, room: int) -> None:
        """Every copy of the card says: so many of so many. Raises ActivityOver, ActivityClosed and the rest of the family."""
        _need(members >= 0 and room > 0, "member_count", "not negative, of at least one")
        shown = {"member_count": str(members), "room_limit": str(room)}
        self._set(activity_id, 0, shown)

    def close_activity(self, activity_id: str, page: str, query: Mapping[str, str]) -> None:
        """Every copy of the card says that all are there; a tap opens the page. Raises as `count_members`."""
        path = f"{_page(page)}?{_query(query)}".rstrip("?")
        self._set(activity_id, 1, {"path": path, "version_type": self._env_version})

    def _set(self, activity_id: str, state: int, parameters: Mapping[str, str]) -> None:
        _need(bool(activity_id), "activity_id", "not empty")
        listed = [{"name": name, "value": value} for name, value in parameters.items()]
        payload = {
            "activity_id": activity_id,
            "target_state": state,
            "template_info": {"parameter_list": listed},
        }
        self._call("/cgi-bin/message/wxopen/updatablemsg/send", payload)

    def _call(self, path: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        try:
            # A link made twice costs one of half a million a day; the same state twice changes nothing.
            return self._tokened.call("POST", path, payload=payload, repeatable=True)
        except GatewayRefused as refusal:
            raise _named(refusal) from refusal


def _named(refusal: GatewayRefused) -> GatewayRefused:
    code, message = refusal.provider_code, refusal.provider_message
    if code in _QUOTA:
        return LinkQuotaReached(code, message)
    if code in _OFTEN:
        return GatewayThrottled(PROVIDER, code, message)
    if code in _UNPUBLISHED:
        return LinkUnpublished(code, message)
    if code in ("47501", "47504"):
        return ActivityOver(PROVIDER, code, message)
    if code == "47502":
        return ActivityClosed(PROVIDER, code, message)
    return refusal


def _page(page: str) -> str:
    _need(bool(page) and not page.startswith("/") and "?" not in page, "path", "no leading slash, no query")
    return page


def _query(query: Mapping[str, str]) -> str:
    text = urlencode(query)
    _need(len(text) <= LONGEST_QUERY, "query", f"at most {LONGEST_QUERY} characters")
    return text


def _need(good: bool, field: str, rule: str) -> None:
    if not good:
        raise GatewayInvalid(PROVIDER, field, rule)

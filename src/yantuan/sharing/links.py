"""Links that open the mini-program from a text message, a mail or a chat: asked of WeChat once, kept until shortly before they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from django.db import transaction

from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.sharing import gateway, scenes
from yantuan.sharing.access import share_by_token
from yantuan.sharing.models import AppLink, Share
from yantuan.staff.access import reach
from yantuan.stores.models import Store

LIFE: Final = timedelta(days=29)
"""WeChat gives at most thirty days; a day is left for clocks and for the way there."""
FRESH: Final = timedelta(days=3)
"""A link that ends sooner is not handed out any more: whoever gets it may open it tomorrow."""
Kind = Literal["url", "short"]


@dataclass(frozen=True, slots=True)
class MiniLinks:
    """`url_link` for text messages and mails, `short_link` for chats; both open the mini-program until `expires_at`."""

    url_link: str
    short_link: str
    expires_at: datetime


def links_of(person: Person, token: str) -> MiniLinks:
    """Both links of one of the leader's own shares.

    Raises NotFound, NotConfigured, LinkQuotaReached, LinkUnpublished and the rest of the gateway's family; then the web
    link is as good as before.
    """
    share = share_by_token(token)
    if reach(person, Store.objects.filter(id=share.store_id), "") is None:
        raise NotFound
    url, short = _link(share, "url"), _link(share, "short")
    return MiniLinks(url.link, short.link, min(url.expires_at, short.expires_at))


def clear_old() -> int:
    """Drop links that have ended."""
    return AppLink.objects.filter(expires_at__lt=now()).delete()[0]


def _link(share: Share, kind: Kind) -> AppLink:
    version = f"{config().wechat_mini_appid}/{config().wechat_mini_version}"
    moment = now()
    kept = AppLink.objects.filter(share=share, kind=kind, version=version).first()
    if kept is not None and kept.expires_at - moment >= FRESH:
        return kept
    target, expires_at = scenes.resolve(scenes.of_share(share)), moment + LIFE
    if kind == "url":
        link = gateway.links().url_link(target.page, target.query, expires_at=expires_at)
    else:
        link = gateway.links().short_link(target.page, target.query, title=share.store.name)
    # Two at the same moment ask twice; the later answer stays, and both links work.
    with transaction.atomic():
        row, _ = AppLink.objects.update_or_create(
            share=share, kind=kind, version=version, defaults={"link": link, "expires_at": expires_at}
        )
    return row

"""The reads of sharing: shares with their numbers, and what a link's preview says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q

from yantuan.gateways.wechat_links import GATHERED_TEMPLATE
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.groupbuys.queries import group_buy_page, status_of, store_page
from yantuan.groupbuys.rules import STATUS_LABELS
from yantuan.kernel.config import config
from yantuan.media.queries import media_map
from yantuan.orders.models import Order
from yantuan.sharing.models import LiveCard, Share
from yantuan.sharing.rules import ends_text, group_buy_text, price_range, store_text
from yantuan.sharing.schemas import LiveCardOut, ShareOut
from yantuan.stores.models import Store
from yantuan.stores.public import hidden

_PATH = re.compile(r"/(?P<kind>[gs])/(?P<code>[1-9A-HJ-NP-Za-km-z]{1,16})/?")


def share_url(share: Share, code: str) -> str:
    """The short link of a share."""
    return f"{config().public_url.rstrip('/')}{share_path(share, code)}"


def share_path(share: Share, code: str) -> str:
    return f"/{'s' if share.group_buy_id is None else 'g'}/{code}?t={share.token}"


def mini_path(share: Share, code: str) -> str:
    """The page inside the mini-program."""
    return f"pages/{'s' if share.group_buy_id is None else 'g'}/index?code={code}&t={share.token}"


def code_of(share: Share) -> str:
    """The public code of what a share shows."""
    if share.group_buy_id is None:
        return share.store.code
    return GroupBuy.objects.values_list("code", flat=True).get(id=share.group_buy_id)


def shares_of(store: Store, group_buy_id: int | None) -> list[ShareOut]:
    """Shares of one sale, or of the store's page, newest first."""
    rows = Share.objects.select_related("store__leader__person").filter(
        store=store, group_buy_id=group_buy_id
    )
    return shares_out(list(rows.order_by("-id")))


def share_out(share: Share) -> ShareOut:
    """One share with its words, addresses and numbers."""
    return shares_out([share])[0]


def shares_out(shares: Sequence[Share]) -> list[ShareOut]:
    """Shares of the same sale or store page with their words and numbers."""
    if not shares:
        return []
    code = code_of(shares[0])
    counts = _counts(shares)
    texts = _texts(shares, code)
    base = config().public_url.rstrip("/")
    return [
        ShareOut(
            id=str(s.id),
            token=s.token,
            kind=s.kind,
            label=s.label,
            url=share_url(s, code),
            text=text,
            poster_url=f"{base}/share/{s.token}/poster.jpg",
            qr_url=f"{base}/share/{s.token}/qr.png",
            card_url=f"{base}/share/{s.token}/card.jpg",
            mini_path=mini_path(s, code),
            opens=s.opens,
            orders=counts.get(s.id, (0, 0))[0],
            paid_orders=counts.get(s.id, (0, 0))[1],
            created_at=s.created_at,
        )
        for s, text in zip(shares, texts, strict=True)
    ]


def live_card_out(card: LiveCard | None, *, enabled: bool) -> LiveCardOut:
    """What the app needs of a counting card; of none, that a plain one is to be sent."""
    if card is None:
        return LiveCardOut(activity_id="", template_id="", members=0, room=0, enabled=enabled)
    return LiveCardOut(
        activity_id=card.activity_id,
        template_id=GATHERED_TEMPLATE,
        members=card.members,
        room=card.room,
        enabled=enabled,
    )


def _counts(shares: Sequence[Share]) -> dict[int, tuple[int, int]]:
    """Share id → orders placed through it that aren't closed unpaid, and those among them that were paid."""
    rows = Order.objects.filter(store_id=shares[0].store_id, share_id__in=[s.id for s in shares])
    if shares[0].group_buy_id is not None:
        rows = rows.filter(group_buy_id=shares[0].group_buy_id)
    found = rows.values("share_id").annotate(
        live=Count("id", filter=~Q(payment="closed")),
        paid=Count("id", filter=Q(paid_at__isnull=False) & ~Q(payment="closed")),
    )
    return {int(row["share_id"] or 0): (row["live"], row["paid"]) for row in found}


def _texts(shares: Sequence[Share], code: str) -> list[str]:
    if shares[0].group_buy_id is None:
        store = store_page(code)
        return [store_text(store, share_url(s, code)) for s in shares]
    page = group_buy_page(code)
    return [group_buy_text(page, share_url(s, code)) for s in shares]


@dataclass(frozen=True)
class Preview:
    """What chats show of a link. `image_url` is a path of this instance or empty; `state` a Chinese label or empty."""

    title: str
    description: str
    image_url: str
    state: str


_PLAIN = Preview("雁团", "团长自己的团购工具", "", "")


def preview(path: str) -> Preview:
    """Preview of `/g/CODE` or `/s/CODE`; anything else, drafts and unknown codes give the plain one."""
    match = _PATH.fullmatch(path.split("?", 1)[0])
    if match is None:
        return _PLAIN
    return _group_preview(match["code"]) if match["kind"] == "g" else _store_preview(match["code"])


def _group_preview(code: str) -> Preview:
    group_buy = (
        GroupBuy.objects.select_related("store__leader")
        .filter(code=code)
        .exclude(state=GroupBuy.State.DRAFT)
        .first()
    )
    if group_buy is None:
        return _PLAIN
    seen = status_of(group_buy)
    prices = Offer.objects.filter(group_buy=group_buy, removed_at=None).aggregate(
        low=Min("price_fen"), high=Max("price_fen")
    )
    facts = [STATUS_LABELS[seen]]
    if prices["low"] is not None:
        facts.insert(0, price_range(prices["low"], prices["high"]))
    facts.append(ends_text(seen, group_buy.starts_at, group_buy.ends_at))
    return Preview(
        title=f"{group_buy.title}｜{group_buy.store.name}",
        description=" · ".join(f for f in facts if f),
        image_url=_picture(group_buy.cover_media_id),
        state=STATUS_LABELS[seen],
    )


def _store_preview(code: str) -> Preview:
    store = Store.objects.filter(code=code, leader__certified_at__isnull=False).first()
    if store is None or hidden(store.id):
        return _PLAIN
    return Preview(
        title=store.name,
        description=" ".join(store.introduction.split())[:80] or "进店看看正在进行的团购",
        image_url=_picture(store.cover_media_id),
        state="",
    )


def _picture(media_id: int | None) -> str:
    picture = media_map([media_id]).get(media_id or 0)
    return picture.url if picture else ""

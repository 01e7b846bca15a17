"""Pure decisions of sharing: the words to paste, and what a picture shows of a sale's state.

The words are plain facts: no urging, no reward, no "share to unlock" (sharing is never paid for).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from yantuan.groupbuys.schemas import GroupBuyPage, Status, StorePage
from yantuan.kernel.clock import CHINA
from yantuan.kernel.money import price_text
from yantuan.sharing.kinds import SaleState

MAX_GOODS_LINES: Final = 8
_OVER: Final[frozenset[Status]] = frozenset({"ended", "closed"})
COUNTS_FOR: Final = timedelta(hours=23, minutes=55)
"""A sale that ends later than this may outlive the activity WeChat keeps for its cards."""
MOST_ROOM: Final = 999
"""With more than this left, “3/100002 人” says nothing to anybody."""


def price_range(low: int, high: int) -> str:
    """`¥39.90`, or `¥39.90 起` when variants differ; fen in."""
    return price_text(low) + (" 起" if high > low else "")


def moment_text(moment: datetime) -> str:
    """`5月12日 18:00` in Beijing time."""
    local = moment.astimezone(CHINA)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def ends_text(status: Status, starts_at: datetime, ends_at: datetime | None) -> str:
    """When a sale begins or ends, ready to read; empty for the shelf."""
    if ends_at is None:
        return ""
    if status == "coming":
        return f"{moment_text(starts_at)} 开始"
    return f"{moment_text(ends_at)} 截止" if status not in _OVER else f"{moment_text(ends_at)} 已截止"


def sale_state(status: Status, stock: int) -> SaleState:
    """What posters and cards show of a sale's state."""
    if status in _OVER:
        return "ended"
    if status == "suspended":
        return "suspended"
    if status in ("coming", "draft"):
        return "upcoming"
    return "open" if stock > 0 else "sold_out"


@dataclass(frozen=True)
class Goods:
    """One line of goods in a text."""

    title: str
    low: int
    high: int


def goods_of(page: GroupBuyPage) -> list[Goods]:
    """The sale's products with their prices."""
    return [Goods(p.title, p.price_min_fen, p.price_max_fen) for p in page.products]


def _goods_lines(goods: Sequence[Goods]) -> list[str]:
    lines = [f"· {g.title} {price_range(g.low, g.high)}" for g in goods[:MAX_GOODS_LINES]]
    if len(goods) > MAX_GOODS_LINES:
        lines.append(f"……共 {len(goods)} 款")
    return lines


def group_buy_text(page: GroupBuyPage, url: str) -> str:
    """Words for a chat: title, goods with prices, delivery, when it ends, the link."""
    ways = [w for w, there in (("快递", page.courier_enabled), ("自提", page.pickup_enabled)) if there]
    lines = [f"【{page.title}】{page.store.name}", *_goods_lines(goods_of(page))]
    if ways:
        lines.append(f"配送：{'、'.join(ways)}")
    when = ends_text(page.status, page.starts_at, page.ends_at)
    if when:
        lines.append(f"时间：{when}")
    if page.status == "suspended":
        lines.append("现在暂停销售")
    lines.append(f"{'查看' if page.status in _OVER else '跟团'}：{url}")
    return "\n".join(lines)


def store_text(page: StorePage, url: str) -> str:
    """Words for a chat about a whole store."""
    lines = [f"【{page.store.name}】"]
    for group in page.groups[:MAX_GOODS_LINES]:
        when = ends_text(group.status, group.starts_at, group.ends_at)
        lines.append(f"· {group.title} {price_range(group.price_min_fen, group.price_max_fen)}（{when}）")
    if page.shelf is not None:
        lines += _goods_lines(goods_of(page.shelf))
    lines.append(f"进店看看：{url}")
    return "\n".join(lines)


def is_own_url(url: str, public_url: str) -> bool:
    """Whether `url` is a page of this instance: same scheme, host and port."""
    asked, ours = urlsplit(url), urlsplit(public_url)
    return (asked.scheme, asked.netloc) == (ours.scheme, ours.netloc) and bool(asked.netloc)


def may_count(status: Status, ends_at: datetime | None, now: datetime, left: int) -> bool:
    """Whether a card of this sale may go on counting in a chat; `left`: units nobody has taken yet."""
    if status != "open" or ends_at is None:
        return False
    return now < ends_at <= now + COUNTS_FOR and 0 < left <= MOST_ROOM

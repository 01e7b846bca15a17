"""What messages say, and how a burst becomes one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from yantuan.kernel.money import price_text
from yantuan.notices.schemas import ChannelKind

CHANNEL_NAMES: dict[ChannelKind, str] = {
    "wecom": "企业微信群机器人",
    "email": "邮件",
    "subscribe": "微信订阅消息",
}
GATHER_LINES = 8
"""How many messages of a burst are named; the rest are counted."""

LONGEST_PAUSE = 900
MAX_TRIES = 105
"""About a day with the pauses between: a mail server that is down overnight costs nobody a message."""


@dataclass(frozen=True)
class Words:
    """One message: a title for the lock screen, a body with the facts, never a phone or an address."""

    title: str
    body: str
    amount_fen: int | None = None


def due_at(moment: datetime, last: datetime | None, gather: timedelta) -> datetime:
    """When a new message may go out: at once, or `gather` after the last one, so that a burst becomes one message."""
    if last is None or last + gather <= moment:
        return moment
    return last + gather


def pause(tries: int) -> int:
    """Seconds until a message that failed `tries` times in passing is tried again: 2, 4, 8, … up to a quarter of an hour."""
    return LONGEST_PAUSE if tries > 9 else min(LONGEST_PAUSE, 2**tries)


def gathered(messages: Sequence[Words]) -> Words:
    """One message for many. A single one stays as it is."""
    if len(messages) == 1:
        return messages[0]
    amounts = [m.amount_fen for m in messages if m.amount_fen is not None]
    total = sum(amounts) if amounts else None
    title = f"{len(messages)} 条新消息" + (f"，共 {price_text(total)}" if total is not None else "")
    lines = [f"· {m.title}" for m in messages[:GATHER_LINES]]
    if len(messages) > GATHER_LINES:
        lines.append(f"· 还有 {len(messages) - GATHER_LINES} 条")
    return Words(title, "\n".join(lines), total)


_MARKS = str.maketrans("<>[]*`", "＜＞［］＊｀")
_HEADING = re.compile(r"(?m)^(\s*)#")


def markdown(words: Words, link: str) -> str:
    """The message for a group's robot. Names of people and goods stay names: they make no links, mentions or headings."""
    title, body = (_HEADING.sub(r"\1＃", text.translate(_MARKS)) for text in (words.title, words.body))
    return f"**{one_line(title)}**\n> {body}\n[打开订单]({link})".replace("\n> \n", "\n")


def one_line(text: str) -> str:
    """Without line breaks, as a title or the subject of a mail must be."""
    return " ".join(text.split())


def paid_leader(number: int, total_fen: int, goods: str, buyer: str, how: str) -> Words:
    return Words(f"新订单 #{number} {price_text(total_fen)}", f"{buyer} · {goods} · {how}", total_fen)


def paid_buyer(number: int, total_fen: int, goods: str) -> Words:
    return Words(f"支付成功，跟团号 #{number}", f"{goods}，{price_text(total_fen)}", total_fen)


AFTER_SALE_WORDS: dict[str, tuple[str, str]] = {
    "open": ("leader", "有新的售后申请"),
    "agree": ("buyer", "团长同意了售后"),
    "auto_agree": ("buyer", "售后超时未处理，已自动同意"),
    "offer": ("buyer", "团长提出了退款方案"),
    "accept_offer": ("leader", "买家接受了退款方案"),
    "refuse": ("buyer", "团长拒绝了售后，可以申请平台介入"),
    "escalate": ("leader", "售后已转平台处理"),
    "auto_escalate": ("leader", "售后超时未处理，已转平台处理"),
    "return_parcel": ("leader", "买家已寄回商品"),
    "receive_return": ("buyer", "团长已收到退货"),
    "withdraw": ("leader", "买家撤销了售后"),
    "decide": ("both", "平台已对售后作出处理"),
    "close": ("both", "售后已关闭"),
}
"""Event of an after-sale case → whom to tell, and the title."""

SELLING_WORDS = {
    ("leader", False): "团长资格已被平台暂停，不能再接单",
    ("leader", True): "团长资格已恢复，可以继续开团",
    ("store", False): "卖场已被平台暂停，不能再接单",
    ("store", True): "卖场已恢复，可以继续卖货",
}
"""Title of what the operator decided, by whom it is about and whether they may sell now; the reason is the body."""

HALT_WORDS = {True: "已自动暂停下单和退款", False: "核对完毕，已恢复下单和退款"}
"""Title of what the self-check stopped, or the operator let go on."""

"""What messages say, and how a burst becomes one. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from yantuan.gateways.wecom import cut_bytes
from yantuan.kernel.clock import CHINA
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


URGENT = frozenset({"refund_trouble", "selling", "test"})
"""Kinds of message that no digest holds back, and no quiet hours unless the leader wants that."""
DAILY_AT = 20 * 60
"""Minutes after midnight at which a daily digest goes out."""
_DAY = 24 * 60


def allowed_at(
    planned: datetime, kind: str, digest: str, quiet: tuple[int | None, int | None], urgent_passes: bool
) -> datetime:
    """When a message planned for `planned` may go out, never before it.

    `digest` is `none`, `hourly` or `daily`; `quiet` are minutes after midnight, Beijing time, the end excluded.
    """
    if kind == "test":
        # Somebody is looking at the screen and waiting for it.
        return planned
    moment = planned if kind in URGENT else _digest(planned, digest)
    if kind in URGENT and urgent_passes:
        return moment
    return _after_quiet(moment, *quiet)


NIGHT: tuple[int, int] = (22 * 60, 8 * 60)
"""When nobody's phone rings because somebody else asked for it; minutes after midnight, Beijing time, the end excluded."""


def after_night(planned: datetime) -> datetime:
    """The same moment, or the morning after it."""
    return _after_quiet(planned, *NIGHT)


def _digest(moment: datetime, digest: str) -> datetime:
    if digest == "none":
        return moment
    local = moment.astimezone(CHINA)
    full = local.replace(minute=0, second=0, microsecond=0)
    if digest == "hourly":
        return moment if full == local else (full + timedelta(hours=1)).astimezone(moment.tzinfo)
    at = local.replace(hour=DAILY_AT // 60, minute=DAILY_AT % 60, second=0, microsecond=0)
    return (at if local <= at else at + timedelta(days=1)).astimezone(moment.tzinfo)


def _after_quiet(moment: datetime, start: int | None, end: int | None) -> datetime:
    if start is None or end is None or start == end:
        return moment
    local = moment.astimezone(CHINA)
    minute = local.hour * 60 + local.minute
    inside = start <= minute < end if start < end else minute >= start or minute < end
    if not inside:
        return moment
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    until = midnight + timedelta(minutes=end)
    return (until if until > local else until + timedelta(minutes=_DAY)).astimezone(moment.tzinfo)


EVENT_OF_KIND = {
    "order_paid": "paid",
    "order_unpaid": "unpaid",
    "order_shipped": "shipped",
    "order_arrived": "arrived",
    "refund_done": "refunded",
    "aftersale": "aftersale",
}
"""Kind of a buyer's message → the event a template is chosen for."""
_WORTH = {"arrived": 3, "shipped": 3, "refunded": 2, "unpaid": 2, "aftersale": 1, "paid": 0}
"""What a permit is worth spending on: goods to be fetched first, then money, then word of a case; that a payment went
through the buyer saw."""


def may_spend(event: str, permits: int, sharing: Sequence[str]) -> bool:
    """Whether one of `permits` may go for `event`: the last one is kept for an event that matters more and shares them."""
    more = any(_WORTH.get(other, 0) > _WORTH.get(event, 0) for other in sharing)
    return permits > (1 if more else 0)


MARKDOWN_BYTES = 4096
_MARKS = str.maketrans("<>[]*`", "＜＞［］＊｀")
_HEADING = re.compile(r"(?m)^(\s*)#")


def markdown(words: Words, link: str) -> str:
    """The message for a group's robot. Names of people and goods stay names: they make no links, mentions or headings."""
    title, body = (_HEADING.sub(r"\1＃", text.translate(_MARKS)) for text in (words.title, words.body))
    head, foot = f"**{one_line(title)}**\n> ", f"\n[打开订单]({link})"
    room = MARKDOWN_BYTES - len((head + foot).encode())
    return f"{head}{cut_bytes(body, room)}{foot}".replace("\n> \n", "\n")


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
    "allow": ("both", "符合小额规则，售后已直接退款"),
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

CONTENT_WORDS = {
    ("passed", False): "内容审核通过，已经公开",
    ("passed", True): "内容审核通过，修改已经生效",
    ("rejected", False): "内容审核未通过，请修改后重新提交",
    ("rejected", True): "修改的内容审核未通过，买家看到的还是原来的",
}
"""What became of content that was checked, by outcome and whether it changes something shown already."""

PROFILE_WORDS = {
    "passed": "新的昵称或头像审核通过，已经生效",
    "rejected": "新的昵称或头像审核未通过，别人看到的还是原来的",
}
CONTENT_LINKS = {
    "groupbuy": "/leader/group-edit/index?id={}",
    "product": "/leader/product-edit/index?id={}",
    "store": "/leader/store/index",
    "point": "/leader/pickup-points/index",
}
"""Where the leader mends it, by what it is."""

PAY_TROUBLE_WORDS = {True: "微信支付暂时不能收款", False: "微信支付已恢复收款"}
"""Title of what became of a store's own merchant account."""

HALT_WORDS = {True: "已自动暂停下单和退款", False: "核对完毕，已恢复下单和退款"}
"""Title of what the self-check stopped, or the operator let go on."""

"""The desk's words for states, filters and columns, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from yantuan.orders.schemas import Labels

Words = tuple[str, str]

PAYMENT: Final[dict[str, Words]] = {
    "unpaid": ("待支付", "To pay"),
    "awaiting_confirmation": ("待确认收款", "Awaiting confirmation"),
    "paid": ("已支付", "Paid"),
    "partly_refunded": ("部分退款", "Partly refunded"),
    "refunded": ("已退款", "Refunded"),
    "closed": ("已关闭", "Closed"),
}
DELIVERY: Final[dict[str, Words]] = {
    "none": ("待发货", "To ship"),
    "part_shipped": ("部分发货", "Partly shipped"),
    "shipped": ("已发货", "Shipped"),
    "received": ("已收货", "Received"),
    "awaiting_pickup": ("待自提", "To pick up"),
    "part_picked": ("部分自提", "Partly picked up"),
    "picked": ("已自提", "Picked up"),
}
AFTERSALE: Final[dict[str, Words]] = {
    "none": ("无售后", "No case"),
    "open": ("售后处理中", "Case open"),
    "settled": ("售后已完结", "Case settled"),
}
WAYS: Final[dict[str, Words]] = {"courier": ("快递", "Courier"), "pickup": ("自提", "Pick-up")}
METHODS: Final[dict[str, Words]] = {
    "wechatpay": ("微信支付", "WeChat Pay"),
    "offline": ("线下付款", "Offline"),
    "zero": ("无需付款", "Nothing to pay"),
}
NOTES: Final[dict[str, Words]] = {
    "remark": ("买家有留言", "With a remark"),
    "private": ("有团长备注", "With a note"),
    "none": ("没有备注", "Without either"),
}
TABS: Final[dict[str, Words]] = {
    "all": ("全部", "All"),
    "to_ship": ("待发货", "To ship"),
    "to_pick": ("待自提", "To pick up"),
    "to_confirm": ("待确认收款", "To confirm"),
    "aftersale": ("售后中", "After-sales"),
    "unpaid": ("未付款", "Unpaid"),
    "shipped": ("已发货", "Shipped"),
    "done": ("已完成", "Done"),
    "closed": ("已关闭", "Closed"),
}
SORTS: Final[dict[str, Words]] = {
    "new": ("最新的在前", "Newest first"),
    "old": ("最早的在前", "Oldest first"),
    "number": ("跟团号从小到大", "Number, rising"),
    "-number": ("跟团号从大到小", "Number, falling"),
    "-amount": ("金额从高到低", "Amount, falling"),
    "amount": ("金额从低到高", "Amount, rising"),
    "room": ("按房号", "By room"),
}
TONES: Final[dict[str, str]] = {
    "unpaid": "wait", "awaiting_confirmation": "act", "paid": "good", "partly_refunded": "plain", "refunded": "plain", "closed": "plain",
    "none": "wait", "part_shipped": "wait", "shipped": "good", "received": "good", "awaiting_pickup": "wait", "part_picked": "wait",
    "picked": "good", "open": "bad", "settled": "plain",
}  # fmt: skip
"""How a state is coloured: good, wait, act (something for the leader to do), bad or plain."""


PROOF_FLAGS: Final[dict[str, Words]] = {
    "reused": ("这张截图在别的订单用过", "This picture was used for another order"),
    "repeated": ("这个订单交过不止一次", "Sent more than once for this order"),
    "late": ("付款时间已过", "Sent after the time was up"),
}


SEVERITIES: Final[dict[str, Words]] = {
    "ok": ("可以发货", "Ready"),
    "confirm": ("看一眼", "Doubtful"),
    "error": ("不能发", "Wrong"),
    "note": ("不用动", "Nothing to do"),
}


REFUND_STATES_EN: Final[dict[str, str]] = {
    "created": "To be started",
    "processing": "Under way",
    "succeeded": "Refunded",
    "abnormal": "In trouble",
    "closed": "Closed",
}
REFUND_CAUSES_EN: Final[dict[str, str]] = {
    "after_sale": "After-sales", "cancel": "Cancelled before shipping", "leader": "By the leader", "late": "Paid after closing",
    "extra": "Paid twice", "unformed": "Did not form", "unfilled": "Odd pieces of a carton", "tier": "Tier price", "weight": "Real weight",
    "shortage": "Shortage",
}  # fmt: skip


def refund_words(state: str, cause: str, *, offline: bool) -> str:
    """A refund's state and reason in English; the Chinese ones come with it."""
    waits = offline and state not in ("succeeded", "closed")
    said = "To be given back by you" if waits else REFUND_STATES_EN.get(state, state)
    return f"{said} · {REFUND_CAUSES_EN.get(cause, cause)}"


CASE_KINDS: Final[dict[str, Words]] = {
    "refund_only": ("仅退款", "Refund only"),
    "return_refund": ("退货退款", "Return and refund"),
}
CASE_STATES: Final[dict[str, Words]] = {
    "requested": ("待团长处理", "Waits for you"),
    "offered": ("待买家确认方案", "Waits for the buyer"),
    "awaiting_return": ("待买家退货", "Waits for the return"),
    "returning": ("待团长收货", "On its way back"),
    "refused": ("已拒绝", "Refused"),
    "escalated": ("平台处理中", "With the platform"),
    "agreed": ("退款中", "Being refunded"),
    "refunded": ("已退款", "Refunded"),
    "withdrawn": ("已撤销", "Withdrawn"),
    "closed": ("已关闭", "Closed"),
}


class Moved(Protocol):
    """What the word for an order's delivery is made from."""

    payment: str
    delivery: str
    delivery_method: str
    labels: Labels


def delivery_state(row: Moved) -> tuple[str, Words]:
    """How far the goods are, as a tone's key and words: nothing for an order that is over before any moved."""
    if row.payment in ("closed", "refunded") and row.delivery in ("none", "awaiting_pickup"):
        return "closed", ("—", "—")
    if row.payment in ("unpaid", "awaiting_confirmation"):
        return "closed", WAYS[row.delivery_method]
    if row.labels.waiting:
        return "none", (row.labels.waiting, row.labels.waiting_en)
    key = "awaiting_pickup" if row.delivery == "none" and row.delivery_method == "pickup" else row.delivery
    return key, DELIVERY[key]


@dataclass(frozen=True)
class Column:
    """One column of the orders table; `sort` names the order its heading switches to."""

    key: str
    zh: str
    en: str
    width: int
    """In a sheet, in characters."""
    sort: str = ""
    numeric: bool = False


COLUMNS: Final = (
    Column("number", "跟团号", "No.", 8, sort="number", numeric=True),
    Column("sale", "团购", "Sale", 24),
    Column("goods", "商品", "Goods", 36),
    Column("pieces", "件数", "Pieces", 6, numeric=True),
    Column("total", "金额", "Amount", 10, sort="amount", numeric=True),
    Column("paid", "实付", "Paid", 10, numeric=True),
    Column("refunded", "已退", "Refunded", 10, numeric=True),
    Column("payment", "支付", "Payment", 12),
    Column("delivery", "配送", "Delivery", 10),
    Column("aftersale", "售后", "After-sales", 12),
    Column("recipient", "收货人", "Recipient", 10),
    Column("phone", "手机", "Phone", 14),
    Column("place", "地址 / 自提点", "Address / point", 36, sort="room"),
    Column("remark", "买家留言", "Remark", 20),
    Column("note", "团长备注", "Note", 20),
    Column("tracking", "运单号", "Tracking no.", 20),
    Column("method", "付款方式", "Paid by", 10),
    Column("placed", "下单时间", "Placed", 17, sort="new"),
    Column("id", "订单号", "Order", 22),
)
BY_KEY: Final = {column.key: column for column in COLUMNS}
USUAL: Final = (
    "number", "goods", "total", "payment", "delivery", "aftersale", "recipient", "phone", "place", "remark", "placed", "sale",
)  # fmt: skip
"""Columns of a table nobody has arranged."""

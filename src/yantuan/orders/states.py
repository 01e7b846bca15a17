"""The three axes of an order, their legal edges, and the words people read (design §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from yantuan.kernel.states import Machine

Axis = Literal["payment", "delivery", "aftersale"]
Viewer = Literal["buyer", "leader"]

PAYMENT = Machine(
    "payment",
    {
        "unpaid": {"submit_proof": "awaiting_confirmation", "pay": "paid", "close": "closed"},
        "awaiting_confirmation": {"pay": "paid", "reject_proof": "unpaid", "close": "closed"},
        "paid": {"refund_part": "partly_refunded", "refund_all": "refunded"},
        "partly_refunded": {"refund_part": "partly_refunded", "refund_all": "refunded"},
        "refunded": {},
        "closed": {"pay_late": "paid"},
    },
    {
        "unpaid": "待支付",
        "awaiting_confirmation": "待确认收款",
        "paid": "已支付",
        "partly_refunded": "部分退款",
        "refunded": "已退款",
        "closed": "已关闭",
    },
)

DELIVERY = Machine(
    "delivery",
    {
        "none": {"ship_part": "part_shipped", "ship_all": "shipped", "await_pickup": "awaiting_pickup"},
        "part_shipped": {
            "ship_part": "part_shipped",
            "ship_all": "shipped",
            "withdraw_part": "part_shipped",
            "withdraw_all": "none",
        },
        "shipped": {"withdraw_part": "part_shipped", "withdraw_all": "none", "receive": "received"},
        "received": {},
        "awaiting_pickup": {"pick_part": "part_picked", "pick_all": "picked"},
        "part_picked": {
            "pick_part": "part_picked",
            "pick_all": "picked",
            "unpick_part": "part_picked",
            "unpick_all": "awaiting_pickup",
        },
        "picked": {"unpick_part": "part_picked", "unpick_all": "awaiting_pickup"},
    },
    {
        "none": "待发货",
        "part_shipped": "部分发货",
        "shipped": "已发货",
        "received": "已收货",
        "awaiting_pickup": "待自提",
        "part_picked": "部分自提",
        "picked": "已自提",
    },
)

AFTERSALE = Machine(
    "aftersale",
    {"none": {"open": "open"}, "open": {"settle": "settled"}, "settled": {"open": "open"}},
    {"none": "无售后", "open": "售后处理中", "settled": "售后已完结"},
)

MACHINES: dict[str, Machine] = {"payment": PAYMENT, "delivery": DELIVERY, "aftersale": AFTERSALE}

LIVE_PAYMENTS = frozenset({"unpaid", "awaiting_confirmation"})
"""Not yet decided: stock is held, the order may still be paid or closed."""
PAID_PAYMENTS = frozenset({"paid", "partly_refunded"})
"""Money is here and something is still owed to the buyer."""


class HasAxes(Protocol):
    """What labels are computed from."""

    payment: str
    delivery: str
    aftersale: str
    delivery_method: str


@dataclass(frozen=True)
class LabelTexts:
    payment: str
    delivery: str
    aftersale: str
    headline: str


def labels(order: HasAxes, waits: str = "") -> LabelTexts:
    """One clear word per axis, and the one headline that says what matters now.

    `waits`: what stands for the delivery of an order that must not move yet (`orders.holding`).
    """
    delivery = DELIVERY.labels[order.delivery]
    if waits:
        delivery = waits
    elif order.delivery == "none" and order.delivery_method == "pickup":
        delivery = "待自提"
    return LabelTexts(
        payment=PAYMENT.labels[order.payment],
        delivery=delivery,
        aftersale=AFTERSALE.labels[order.aftersale],
        headline=_headline(order, delivery),
    )


def _headline(order: HasAxes, delivery: str) -> str:
    if order.payment in LIVE_PAYMENTS or order.payment in ("closed", "refunded"):
        words = [PAYMENT.labels[order.payment]]
    elif order.payment == "partly_refunded":
        words = [delivery, PAYMENT.labels["partly_refunded"]]
    else:
        words = [delivery]
    if order.aftersale == "open":
        words.append("售后处理中")
    return " · ".join(words)

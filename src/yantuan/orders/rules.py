"""Pure decisions about one order: what may be done now, what the leader may see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from yantuan.orders.states import PAID_PAYMENTS, HasAxes

VISIBLE_AFTER_RECEIPT = timedelta(days=30)
"""How long after receipt the leader still sees the recipient in full."""
OFFLINE_HOLD = timedelta(hours=24)
"""How long an order to be paid outside the instance keeps its stock."""
MAX_UNPAID_PER_GROUP_BUY = 10
"""Unpaid orders one person may hold in one group buy."""
ORDERS_PER_MINUTE = 20
"""Orders one person may place per minute."""
GOODS_TEXT_LENGTH = 300


class LineCounts(Protocol):
    """What an order's open work is computed from."""

    quantity: int
    shipped_quantity: int
    picked_quantity: int
    refunded_quantity: int
    amount_fen: int
    discount_share_fen: int
    freight_share_fen: int
    refunded_goods_fen: int
    refunded_freight_fen: int


class OrderFacts(HasAxes, Protocol):
    """What the rules need of an order row."""

    payment_method: str
    received_at: datetime | None
    expires_at: datetime | None
    total_fen: int


def left_to_ship(line: LineCounts) -> int:
    """Pieces neither sent nor given back."""
    return max(0, line.quantity - line.shipped_quantity - line.refunded_quantity)


def left_to_hand_out(line: LineCounts) -> int:
    """Pieces neither handed out nor given back."""
    return max(0, line.quantity - line.picked_quantity - line.refunded_quantity)


def recipient_visible(order: OrderFacts, now: datetime) -> bool:
    """The leader sees name, phone and address in full only for a paid order, until 30 days after receipt."""
    if order.payment not in PAID_PAYMENTS:
        return False
    return order.received_at is None or now - order.received_at <= VISIBLE_AFTER_RECEIPT


def left_to_refund(line: LineCounts) -> bool:
    """Whether pieces or money of the line are not on their way back yet."""
    goods_fen = line.amount_fen - line.discount_share_fen - line.refunded_goods_fen
    freight_fen = line.freight_share_fen - line.refunded_freight_fen
    return line.refunded_quantity < line.quantity or goods_fen > 0 or freight_fen > 0


def aftersale_possible(
    order: OrderFacts, lines: Sequence[LineCounts], now: datetime, window: timedelta
) -> bool:
    """A paid order with pieces to claim and without an open case, up to `window` after receipt."""
    if order.payment not in PAID_PAYMENTS or order.aftersale == "open":
        return False
    if all(line.refunded_quantity >= line.quantity for line in lines):
        return False
    return order.received_at is None or now - order.received_at <= window


def buyer_actions(
    order: OrderFacts, lines: Sequence[LineCounts], now: datetime, window: timedelta
) -> list[str]:
    """Words of what the buyer may do now, the main one first."""
    words: list[str] = []
    if order.payment == "unpaid":
        words += ["send_proof", "cancel"] if order.payment_method == "offline" else ["pay", "cancel"]
    if order.payment in PAID_PAYMENTS:
        if order.delivery == "shipped":
            words.append("confirm_receipt")
        if order.delivery in ("awaiting_pickup", "part_picked"):
            words.append("pickup_code")
    if aftersale_possible(order, lines, now, window):
        words.append("aftersale")
    return words


def leader_actions(order: OrderFacts, lines: Sequence[LineCounts]) -> list[str]:
    """Words of what the leader may do now, the main one first."""
    words: list[str] = []
    if order.payment == "awaiting_confirmation":
        words.append("confirm_payment")
    if order.payment in PAID_PAYMENTS:
        if order.delivery in ("none", "part_shipped") and any(left_to_ship(line) for line in lines):
            words.append("ship")
        if order.delivery in ("awaiting_pickup", "part_picked"):
            words.append("pickup")
        if any(left_to_refund(line) for line in lines):
            words.append("refund")
    words.append("note")
    return words

"""Pure decisions about parcels and hand-outs: which pieces may go, what an order needs for it, what was scanned."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.orders.states import PAID_PAYMENTS

UNDO_WITHIN: Final = timedelta(minutes=30)
"""How long the last hand-out may be taken back."""
_QR = re.compile(r"yantuan:pickup:([0-9]{1,19}):([0-9]{4,8})")


@dataclass(frozen=True)
class Pieces:
    """So many units of one order line."""

    order_line_id: int
    quantity: int


class Facts(Protocol):
    """What of an order decides whether its goods may move."""

    payment: str
    delivery: str
    delivery_method: str


def payment_refusal(payment: str) -> AppError | None:
    """Why goods of an order with this payment may not move; None if they may."""
    if payment in PAID_PAYMENTS:
        return None
    if payment == "refunded":
        return Conflict("order_refunded", "订单已全部退款，不能再发货或自提", "The order was refunded.")
    if payment == "closed":
        return Conflict("order_closed", "订单已关闭", "The order is closed.")
    return Conflict("order_not_paid", "订单还没有付款，请先确认收款", "The order is not paid yet.")


def ship_refusal(order: Facts) -> AppError | None:
    """Why no parcel may leave for this order; None if one may."""
    if order.delivery_method != "courier":
        return Conflict(
            "order_is_pickup", "这是自提订单，不需要发货", "This order is picked up, not shipped."
        )
    refusal = payment_refusal(order.payment)
    if refusal is None and order.delivery in ("shipped", "received"):
        return Conflict("already_shipped", "这笔订单已经全部发货", "Everything has been shipped already.")
    return refusal


def pickup_refusal(order: Facts, last_at: datetime | None) -> AppError | None:
    """Why nothing may be handed out for this order; None if something may. `last_at`: the latest hand-out."""
    if order.delivery_method != "pickup":
        return Conflict(
            "order_is_courier", "这是快递订单，不在自提点领取", "This order is shipped, not picked up."
        )
    refusal = payment_refusal(order.payment)
    if refusal is None and order.delivery == "picked":
        when = last_at.isoformat() if last_at else ""
        return Conflict(
            "already_picked", "这笔订单已经全部领取", "Everything was handed out already.", at=when
        )
    return refusal


def choose(left: Mapping[int, int], held: Mapping[int, int], wanted: Sequence[Pieces]) -> dict[int, int]:
    """Units by order line that go now: those wanted, or with none wanted everything free.

    `left`: units neither gone nor given back; `held`: those of them an open after-sale asks money for.
    Raises Conflict `nothing_left`, `aftersale_open` or `too_many_pieces`, Invalid `order_line_unknown`, `order_line_repeated`.
    """
    free = {line: max(0, units - held.get(line, 0)) for line, units in left.items()}
    if not wanted:
        chosen = {line: units for line, units in free.items() if units}
        if not chosen:
            raise _held() if any(left.values()) else _nothing()
        return chosen
    if len({piece.order_line_id for piece in wanted}) != len(wanted):
        raise Invalid("order_line_repeated", "同一件商品只能填一行", "Name each line once.", field="lines")
    for piece in wanted:
        if piece.order_line_id not in left:
            raise Invalid(
                "order_line_unknown", "订单里没有这件商品", "No such line in this order.", field="lines"
            )
        if piece.quantity > left[piece.order_line_id]:
            raise Conflict(
                "too_many_pieces",
                f"这件商品只剩 {left[piece.order_line_id]} 件可以处理",
                "Fewer pieces of this line are left.",
                left=left[piece.order_line_id],
            )
        if piece.quantity > free[piece.order_line_id]:
            raise _held()
    return {piece.order_line_id: piece.quantity for piece in wanted}


def _held() -> Conflict:
    return Conflict(
        "aftersale_open",
        "这些商品正在售后处理中，请先处理售后",
        "An after-sale case is open for these pieces; decide it first.",
    )


def _nothing() -> Conflict:
    return Conflict("nothing_left", "没有还需要处理的商品", "No pieces are left.")


def pickup_text(order_id: int, code: str) -> str:
    """What the QR code of a pick-up order says."""
    return f"yantuan:pickup:{order_id}:{code}"


def read_pickup_text(text: str) -> tuple[int, str] | None:
    """Order id and code of a scanned QR code; None for anything else."""
    match = _QR.fullmatch(text)
    return (int(match[1]), match[2]) if match and int(match[1]) < 2**63 else None


def undo_refusal(handed_at: datetime, now: datetime) -> AppError | None:
    """Why a hand-out may not be taken back any more; None within 30 minutes."""
    if now - handed_at > UNDO_WITHIN:
        return Conflict("undo_too_late", "核销超过 30 分钟，不能撤回", "Only within 30 minutes.")
    return None

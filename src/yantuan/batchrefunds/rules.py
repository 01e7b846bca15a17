"""Pure decisions about refunds of a spoiled batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from yantuan.payments.rules import Left, Wish, share

WHY: Final[dict[str, tuple[str, str]]] = {
    "open_case": ("有处理中的售后，请在售后里处理", "An open claim: settle it there"),
    "nothing_left": ("这些商品已经全部退过了", "These goods are refunded already"),
    "changed": ("预览之后订单有变动，没有退", "The order changed after the preview"),
    "refused": ("支付渠道不接受这笔退款", "The payment can't be refunded any more"),
}
"""Why an order is left out, in Chinese and English."""


def share_of(left: Left, percent: int) -> int:
    """Fen given back of what is left of a line, rounded down; all of it at 100."""
    return left.goods_fen * percent // 100


def wishes_of(lefts: Sequence[Left], percent: int) -> list[Wish]:
    """What one order gets back of the chosen lines; empty where nothing is left."""
    found = [Wish(left.order_line_id, left.quantity, share_of(left, percent)) for left in lefts]
    return [wish for wish in found if wish.amount_fen]


def wish_of_units(left: Left, units: int) -> Wish:
    """So many pieces of a line at their price."""
    return Wish(left.order_line_id, units, share(left.goods_fen, units, left.quantity))


def units_stand(lefts: Sequence[Left], free: Mapping[int, int], wishes: Sequence[Wish]) -> bool:
    """Whether every line still has these pieces to hand out, at the price of the preview."""
    known = {left.order_line_id: left for left in lefts}
    return all(
        wish.quantity <= free[wish.order_line_id]
        and wish == wish_of_units(known[wish.order_line_id], wish.quantity)
        for wish in wishes
    )


def total_of(wishes: Sequence[Wish]) -> int:
    """Fen of all wishes together."""
    return sum(wish.amount_fen or 0 for wish in wishes)

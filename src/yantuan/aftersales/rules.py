"""Pure decisions about cases: what may be claimed, how much, how it is split over lines, when silence decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from yantuan.kernel.errors import AppError, Conflict, Invalid
from yantuan.kernel.money import split_by_weight
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments.rules import RefundPart

Kind = Literal["refund_only", "return_refund"]


class LineFacts(Protocol):
    """What of an order line decides what can be claimed."""

    @property
    def id(self) -> int: ...

    quantity: int
    amount_fen: int
    discount_share_fen: int
    freight_share_fen: int
    shipped_quantity: int
    picked_quantity: int
    refunded_quantity: int
    refunded_goods_fen: int
    refunded_freight_fen: int


@dataclass(frozen=True)
class LineLeft:
    """What of one line can still be given back. Refunds in flight count as gone."""

    order_line_id: int
    quantity: int
    goods_fen: int
    freight_fen: int
    moved: int
    """Units with the buyer or on their way, as far as they aren't given back."""

    @property
    def unmoved(self) -> int:
        return self.quantity - self.moved


@dataclass(frozen=True)
class Claim:
    """Units of one line, and the most of goods and freight that may come back for them."""

    order_line_id: int
    quantity: int
    goods_fen: int
    freight_fen: int


def line_left(line: LineFacts) -> LineLeft:
    """What is left of a line. Units given back are taken to be unmoved ones first: they need no delivery any more."""
    quantity = line.quantity - line.refunded_quantity
    return LineLeft(
        order_line_id=line.id,
        quantity=quantity,
        goods_fen=line.amount_fen - line.discount_share_fen - line.refunded_goods_fen,
        freight_fen=line.freight_share_fen - line.refunded_freight_fen,
        moved=min(quantity, max(line.shipped_quantity, line.picked_quantity)),
    )


def untouched(lines: Sequence[LineFacts]) -> bool:
    """Nothing of the order was shipped or handed out."""
    return not any(line.shipped_quantity or line.picked_quantity for line in lines)


def piece_share(total: int, pieces: int, of: int) -> int:
    """The part of `total` fen that `pieces` of `of` equal pieces carry by largest remainder; all pieces carry all of it."""
    if pieces >= of:
        return total
    base, rest = divmod(total, of)
    return base * pieces + min(rest, pieces)


def ceiling(left: LineLeft, quantity: int, *, nothing_moved: bool) -> Claim:
    """The most that may be claimed for `quantity` pieces of a line.

    Freight comes along when everything left of the line does, or when nothing of the order has left yet.
    """
    goods = piece_share(left.goods_fen, quantity, left.quantity)
    whole = quantity >= left.quantity
    freight = piece_share(left.freight_fen, quantity, left.quantity) if whole or nothing_moved else 0
    return Claim(left.order_line_id, quantity, goods, freight)


def window_refusal(payment: str, received_at: datetime | None, now: datetime, days: int) -> AppError | None:
    """Why no case may be opened for an order now; None if one may. Unreceived goods may always be claimed."""
    if payment == "refunded":
        return Conflict("order_refunded", "订单已全部退款，无需再申请售后", "Everything was refunded.")
    if payment not in PAID_PAYMENTS:
        return Conflict("order_not_paid", "订单没有付款，不能申请售后", "Nothing is paid for this order.")
    if received_at is not None and now > received_at + timedelta(days=days):
        return Conflict(
            "aftersale_window_over",
            f"已超过收货后 {days} 天的售后期，请直接联系团长",
            f"More than {days} days since receipt.",
        )
    return None


def make_claims(
    lefts: Mapping[int, LineLeft], wanted: Sequence[tuple[int, int]], kind: Kind, *, nothing_moved: bool
) -> list[Claim]:
    """Ceilings of the wanted (line, pieces).

    Raises Invalid `order_line_unknown`, `order_line_repeated`, Conflict `too_many_pieces`, `nothing_to_return`.
    """
    if len({line for line, _ in wanted}) != len(wanted):
        raise Invalid("order_line_repeated", "同一件商品只能填一行", "Name each line once.", field="lines")
    claims = []
    for line, quantity in wanted:
        left = lefts.get(line)
        if left is None:
            raise Invalid(
                "order_line_unknown", "订单里没有这件商品", "No such line in this order.", field="lines"
            )
        if quantity > left.quantity:
            text = f"这件商品最多还能申请 {left.quantity} 件"
            raise Conflict("too_many_pieces", text, "Fewer pieces are left.", left=left.quantity)
        if kind == "return_refund" and quantity > left.moved:
            raise Conflict(
                "nothing_to_return",
                "还没发货的商品请选择「仅退款」",
                "Pieces that never left can't be returned.",
            )
        claims.append(ceiling(left, quantity, nothing_moved=nothing_moved))
    return claims


def total(claims: Sequence[Claim]) -> int:
    """The most these claims may bring, in fen."""
    return sum(claim.goods_fen + claim.freight_fen for claim in claims)


def split(amount: int, claims: Sequence[Claim]) -> list[Claim]:
    """Spread `amount` fen over the claims: goods first, then freight, by weight, no share above its ceiling, exact sum.

    Raises Conflict `aftersale_amount_too_high` above the sum of the ceilings.
    """
    most = total(claims)
    if amount > most:
        raise Conflict(
            "aftersale_amount_too_high",
            "金额超过了这些商品可退的上限",
            "More than can be given back for these pieces.",
            most_fen=most,
        )
    in_goods = min(amount, sum(claim.goods_fen for claim in claims))
    goods = split_by_weight(in_goods, [claim.goods_fen for claim in claims])
    freight = split_by_weight(amount - in_goods, [claim.freight_fen for claim in claims])
    return [
        Claim(claim.order_line_id, claim.quantity, goods[i], freight[i]) for i, claim in enumerate(claims)
    ]


def within(claims: Sequence[Claim], lefts: Mapping[int, LineLeft]) -> list[Claim]:
    """The claims cut to what is left by now: another refund may have taken some of it meanwhile."""
    cut = []
    for claim in claims:
        left = lefts[claim.order_line_id]
        cut.append(
            Claim(
                claim.order_line_id,
                min(claim.quantity, left.quantity),
                min(claim.goods_fen, left.goods_fen),
                min(claim.freight_fen, left.freight_fen),
            )
        )
    return cut


def received_only(claims: Sequence[Claim], received: Mapping[int, int]) -> list[Claim]:
    """The claims cut to the pieces that really came back; freight stays only with lines that came back whole."""
    kept = []
    for claim in claims:
        pieces = min(claim.quantity, received.get(claim.order_line_id, 0))
        if pieces:
            goods = piece_share(claim.goods_fen, pieces, claim.quantity)
            freight = claim.freight_fen if pieces == claim.quantity else 0
            kept.append(Claim(claim.order_line_id, pieces, goods, freight))
    return kept


def refund_parts(
    shares: Sequence[Claim], lefts: Mapping[int, LineLeft], *, returned: bool
) -> list[RefundPart]:
    """What a refund of these shares gives back per line.

    Pieces count as given back when they came back (`returned`) or when their full price did. Less than that is a
    compensation: the buyer keeps the goods, and what was not shipped yet is still to be shipped.
    """
    parts = []
    for claim in shares:
        left = lefts[claim.order_line_id]
        full = piece_share(left.goods_fen, claim.quantity, left.quantity)
        units = claim.quantity if returned or claim.goods_fen >= full else 0
        if units or claim.goods_fen or claim.freight_fen:
            parts.append(RefundPart(claim.order_line_id, units, claim.goods_fen, claim.freight_fen))
    return parts


def restock_by_itself(parts: Sequence[RefundPart], lefts: Mapping[int, LineLeft]) -> bool:
    """All pieces given back never left the shelf, so they can be sold again."""
    return all(part.quantity <= lefts[part.order_line_id].unmoved for part in parts)


def due_at(state: str, now: datetime, *, reply_hours: int, days: int) -> datetime | None:
    """When silence decides a case that enters `state` now; None for states without a timer."""
    if state == "requested":
        return now + timedelta(hours=reply_hours)
    if state in ("offered", "awaiting_return", "returning", "refused"):
        return now + timedelta(days=days)
    return None


def silent_event(state: str, kind: str, *, nothing_moved: bool) -> str:
    """What silence means in a state with a timer."""
    if state == "requested":
        # Goods that never left can be given back without anybody's word; everything else needs a person.
        return "auto_agree" if kind == "refund_only" and nothing_moved else "auto_escalate"
    return "auto_receive" if state == "returning" else "close"

"""Reads of payments: what can still be given back, and refunds and proofs as people see them."""

from __future__ import annotations

from collections.abc import Sequence

from yantuan.media.queries import media_map
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.schemas import ProofOut, RefundOut
from yantuan.payments.models import OfflineProof, Refund
from yantuan.payments.rules import Left
from yantuan.payments.split_hooks import TAKING_BACK
from yantuan.stores.halting import is_halted

_PROBLEMS = {
    "NOT_ENOUGH": "商户账户余额不足，充值后会自动重试",
    "ABNORMAL": "微信支付退款异常（买家银行卡可能已注销），请点「重试」或联系微信支付客服",
    "CLOSED": "微信支付关闭了这笔退款，请点「重试」",
}

HALTED = "平台正在核对本店账目，核对后退款会自动继续"
"""Said of every refund of a halted store that is still on the way."""


def left_of_lines(lines: Sequence[OrderLine]) -> list[Left]:
    """What of each line neither went back nor is on its way back."""
    return [
        Left(
            order_line_id=line.id,
            quantity=line.quantity - line.refunded_quantity,
            goods_fen=line.amount_fen - line.discount_share_fen - line.refunded_goods_fen,
            freight_fen=line.freight_share_fen - line.refunded_freight_fen,
        )
        for line in lines
    ]


def left_to_refund(order: Order) -> list[Left]:
    """Units and money left per line, refunds in flight counted as gone. Uses prefetched lines."""
    return left_of_lines(list(order.lines.all()))


def refund_state_label(refund: Refund) -> str:
    """One clear word: 待团长线下退款, 待发起, 先收回分账, 退款中, 已退款 or 退款异常."""
    if refund.state == Refund.State.SUCCEEDED:
        return "已退款"
    if refund.attempt_id is None:
        return "待团长线下退款"
    if _is_trouble(refund):
        return "退款异常"
    if _takes_back(refund):
        return "先收回分账"
    return "退款中" if refund.tries or refund.state == Refund.State.PROCESSING else "待发起"


def _is_trouble(refund: Refund) -> bool:
    ended_badly = refund.state in (Refund.State.ABNORMAL, Refund.State.CLOSED)
    return ended_badly or refund.last_error.startswith("NOT_ENOUGH")


def _takes_back(refund: Refund) -> bool:
    return refund.state == Refund.State.CREATED and refund.last_error.startswith(TAKING_BACK)


def refund_problem(refund: Refund) -> str:
    """What stands in the way, in Chinese; empty when nothing does."""
    if refund.state == Refund.State.SUCCEEDED:
        return ""
    if _takes_back(refund):
        return refund.last_error.partition(": ")[2]
    code = refund.last_error.split(":", 1)[0].strip()
    if _is_trouble(refund):
        return (
            _PROBLEMS.get(code)
            or _PROBLEMS.get(refund.state.upper(), "")
            or f"微信支付没有接受退款（{code}）"
        )
    if refund.last_error:
        return "微信支付暂时没有回应，系统会用同一退款单号自动重试"
    if refund.attempt_id is not None and refund.tries == 0 and refund.send_after > refund.created_at:
        return "同一笔付款的多次退款需间隔 1 分钟，稍后自动发起"
    return ""


def _waits_for_release(refund: Refund) -> bool:
    on_the_way = refund.state in (Refund.State.CREATED, Refund.State.PROCESSING)
    return on_the_way and refund.attempt_id is not None and is_halted(refund.store_id)


def refund_out(refund: Refund) -> RefundOut:
    """One refund as leader and buyer see it."""
    return RefundOut(
        id=str(refund.id),
        amount_fen=refund.amount_fen,
        state=refund.state,
        state_label=refund_state_label(refund),
        cause=refund.cause,
        cause_label=Refund.Cause(refund.cause).label,
        reason=refund.reason,
        offline=refund.attempt_id is None and refund.amount_fen > 0,
        problem=HALTED if _waits_for_release(refund) else refund_problem(refund),
        created_at=refund.created_at,
        done_at=refund.done_at,
    )


def refunds_of(order: Order) -> list[RefundOut]:
    """All refunds of an order, oldest first."""
    return [refund_out(refund) for refund in Refund.objects.filter(order_id=order.id).order_by("id")]


def proofs_of(order: Order) -> list[ProofOut]:
    """All proofs of an offline payment, oldest first; their pictures are private."""
    rows = list(OfflineProof.objects.filter(order_id=order.id).order_by("id"))
    pictures = media_map(row.media_id for row in rows)
    found = []
    for row in rows:
        picture = pictures.get(row.media_id or 0)
        found.append(
            ProofOut(
                id=str(row.id),
                picture_url=picture.url if picture else "",
                amount_fen=row.amount_fen,
                note=row.note,
                state=row.state,
                flags=list(row.flags),
                reason=row.reason,
                created_at=row.created_at,
            )
        )
    return found

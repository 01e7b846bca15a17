"""What payments adds to an order's page: refunds, proofs, what may be done, and words for the timeline."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Max

from yantuan.identity.models import Person
from yantuan.kernel.money import price_text
from yantuan.media.access import grant
from yantuan.media.models import Media
from yantuan.merchants.parts import Uses, provide_uses
from yantuan.orders import english, parts
from yantuan.orders.models import Order
from yantuan.orders.schemas import ProofOut, RefundOut
from yantuan.orders.states import PAID_PAYMENTS, Viewer
from yantuan.payments import attempts, queries, refunds, rules
from yantuan.payments.cancelling import cancel_barred
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund
from yantuan.staff.access import of_person


@parts.provide("refunds")
def refund_list(order: Order) -> list[RefundOut]:
    """Every refund of the order."""
    return queries.refunds_of(order)


@parts.provide("proofs")
def proofs(order: Order) -> list[ProofOut]:
    """Every proof of an offline payment."""
    return queries.proofs_of(order) if order.payment_method == "offline" else []


@parts.provide_actions
def actions(order: Order, viewer: Viewer) -> list[str]:
    """Cancelling while paid, and everything about proofs that came late; decided from the row and its prefetched lines."""
    lapsed = (
        order.payment == "closed" and order.payment_method == "offline" and order.close_reason == "expired"
    )
    waits = lapsed and "proof_late" in order.flags
    if viewer == "leader":
        return ["confirm_payment"] if waits else []
    words = ["send_proof"] if lapsed and not waits else []
    if order.payment in PAID_PAYMENTS and _cancellable(order):
        words.append("cancel")
    return words


def _cancellable(order: Order) -> bool:
    lines = list(order.lines.all())
    moved = sum(line.shipped_quantity + line.picked_quantity for line in lines)
    something = any(not left.nothing for left in queries.left_of_lines(lines))
    barred = cancel_barred(order.group_buy)
    return something and rules.cancel_refusal(order, moved_units=moved, barred=barred) is None


@grant("proof")
def leader_sees_proof(person: Person, media: Media) -> bool:
    """The leader of the store a proof was sent to, and who handles orders there, may look at its picture."""
    mine = of_person(person, "order__store__", ("orders",))
    return OfflineProof.objects.filter(mine, media_id=media.id).exists()


@provide_uses
def account_uses(account_id: int | None) -> Uses:
    """Payments and refunds under way through a merchant account, and its newest payment."""
    made = PaymentAttempt.objects.filter(account_id=account_id)
    on_the_way = Refund.objects.filter(attempt__account_id=account_id, state__in=refunds.UNFINISHED)
    return Uses(
        live=made.filter(state__in=attempts.LIVE).count(),
        refunding=on_the_way.count(),
        last_paid_at=made.aggregate(last=Max("success_at"))["last"],
    )


def _started(data: dict[str, Any]) -> str:
    words = Refund.Cause(data["cause"]).label if data.get("cause") in Refund.Cause.values else "退款"
    return f"发起退款 {price_text(int(data.get('amount_fen', 0)))}（{words}）"


def _with_reason(text: str) -> parts.TextFn:
    return lambda data: f"{text}：{data['reason']}" if data.get("reason") else text


parts.event_texts.update(
    {
        ("note", "refund_started"): _started,
        ("note", "cancelled"): _with_reason("买家取消了订单"),
        ("note", "late_proof"): lambda data: "订单关闭后，买家提交了付款凭证",
        ("note", "late_proof_rejected"): _with_reason("团长未收到款项"),
    }
)


CAUSES_EN: Final[dict[str, str]] = {
    "after_sale": "after-sales",
    "cancel": "cancelled before shipping",
    "leader": "by the leader",
    "late": "paid after closing",
    "extra": "paid twice",
    "unformed": "the sale did not form",
    "unfilled": "carton not filled",
    "tier": "tier price",
    "weight": "real weight",
    "shortage": "out of stock",
}


def _started_en(data: dict[str, Any]) -> str:
    cause = CAUSES_EN.get(str(data.get("cause", "")), "refund")
    return f"Refund {price_text(int(data.get('amount_fen', 0)))} started ({cause})"


english.event_texts.update(
    {
        ("note", "refund_started"): _started_en,
        ("note", "cancelled"): english.with_reason("The buyer cancelled the order"),
        ("note", "late_proof"): english.plain("The buyer sent a proof of payment after the order was closed"),
        ("note", "late_proof_rejected"): english.with_reason("The leader has not received the money"),
    }
)

"""Giving money back: the intent is written and counted under the order's lock before any provider hears of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, Max

from yantuan.catalog import stock
from yantuan.gateways.wechatpay import RefundOrder
from yantuan.gateways.wechatpay.bodies import refund_body
from yantuan.kernel import audit, faults, outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.kernel.ids import new_id
from yantuan.merchants import keys
from yantuan.orders import actions as orders
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments import rules
from yantuan.payments.models import PaymentAttempt, Refund, RefundLine
from yantuan.payments.payees import notify_url
from yantuan.payments.queries import left_of_lines
from yantuan.payments.rules import RefundPart

ON_THE_WAY = (Refund.State.CREATED, Refund.State.PROCESSING)
UNFINISHED = (*ON_THE_WAY, Refund.State.ABNORMAL)
EXTRA_CAUSES = (Refund.Cause.LATE, Refund.Cause.EXTRA)
_TRY_AGAIN = (Refund.State.CREATED, Refund.State.PROCESSING, Refund.State.ABNORMAL, Refund.State.CLOSED)


def start_refund(
    order: Order,
    parts: Sequence[RefundPart],
    *,
    cause: str,
    reason: str,
    restock: bool,
    actor: Actor,
    aftersale_id: int | None = None,
) -> Refund:
    """Write the intent to give `parts` back, in the caller's transaction; a worker talks to the provider afterwards.

    Locks the order. Raises Conflict `order_not_paid`, `nothing_to_refund`, `refund_exceeds_paid`, `refund_too_old` or
    `refund_too_many`. Offline payments wait for the leader's own transfer; a sum of zero is done at once.
    """
    locked = orders.lock_order(order.id)
    if locked.payment not in PAID_PAYMENTS:
        raise Conflict("order_not_paid", "订单没有可退的付款", "The order has no payment to refund.")
    lines = list(OrderLine.objects.filter(order_id=order.id).order_by("id"))
    rules.check_parts(left_of_lines(lines), parts)
    amount = sum(p.goods_fen + p.freight_fen for p in parts)
    attempt = _paying_attempt(locked) if amount else None
    refund = _write(locked, attempt, amount, cause, reason, restock, actor, aftersale_id)
    _write_lines(refund, parts)
    orders.note_event(
        locked, "refund_started", actor, {"amount_fen": amount, "cause": cause, "refund_id": str(refund.id)}
    )
    _announce(refund)
    if amount == 0:
        finish(refund, now())
    faults.point("payments.refund.before_commit")
    return refund


def refund_whole_attempt(order: Order, attempt: PaymentAttempt, cause: Refund.Cause) -> Refund:
    """Give a late or repeated payment back entirely, in the caller's transaction; no order line is touched."""
    refund = _write(order, attempt, attempt.paid_fen, cause, cause.label, False, SYSTEM, None)
    _announce(refund)
    return refund


def _paying_attempt(order: Order) -> PaymentAttempt | None:
    """The attempt that paid the order; None for offline payments. Raises Conflict where WeChat Pay's own limits forbid a refund."""
    attempt = PaymentAttempt.objects.filter(order_id=order.id, state="succeeded", extra=False).first()
    if attempt is not None:
        rules.check_refund_window(attempt.success_at, Refund.objects.filter(attempt=attempt).count(), now())
    return attempt


def _write(
    order: Order,
    attempt: PaymentAttempt | None,
    amount: int,
    cause: str,
    reason: str,
    restock: bool,
    actor: Actor,
    aftersale_id: int | None,
) -> Refund:
    moment = now()
    refund_id = new_id()
    number = rules.out_refund_no(refund_id)
    after = _send_after(attempt, moment)
    body = _request_body(number, attempt, amount, reason) if attempt is not None and amount else ""
    return Refund.objects.create(
        id=refund_id,
        order_id=order.id,
        store_id=order.store_id,
        attempt=attempt,
        aftersale_id=aftersale_id,
        cause=cause,
        out_refund_no=number,
        amount_fen=amount,
        reason=reason[:80],
        request_body=body,
        restock=restock,
        send_after=after,
        next_try_at=after if body else None,
        actor_kind=actor.kind,
        actor_id=actor.id,
        created_at=moment,
    )


def _send_after(attempt: PaymentAttempt | None, moment: datetime) -> datetime:
    if attempt is None:
        return moment
    planned = Refund.objects.filter(attempt=attempt).aggregate(last=Max("send_after"))["last"]
    return rules.send_after(planned, moment)


def _request_body(number: str, attempt: PaymentAttempt, amount: int, reason: str) -> str:
    wanted = RefundOrder(
        out_refund_no=number,
        refund_fen=amount,
        total_fen=attempt.amount_fen,
        transaction_id=attempt.transaction_id or "",
        reason=reason,
        notify_url=notify_url(attempt.account_id, "refunds"),
    )
    sub = keys.sub_merchant(attempt.sub_mchid) if attempt.sub_mchid else None
    return refund_body(wanted, sub).decode()


def _write_lines(refund: Refund, parts: Sequence[RefundPart]) -> None:
    RefundLine.objects.bulk_create(
        RefundLine(
            refund=refund,
            order_line_id=p.order_line_id,
            quantity=p.quantity,
            goods_fen=p.goods_fen,
            freight_fen=p.freight_fen,
        )
        for p in parts
    )
    for p in parts:
        OrderLine.objects.filter(id=p.order_line_id).update(
            refunded_quantity=F("refunded_quantity") + p.quantity,
            refunded_goods_fen=F("refunded_goods_fen") + p.goods_fen,
            refunded_freight_fen=F("refunded_freight_fen") + p.freight_fen,
        )


def event_payload(refund: Refund) -> dict[str, str | int | None]:
    """What every refund event carries."""
    return {
        "refund_id": str(refund.id),
        "order_id": str(refund.order_id),
        "aftersale_id": str(refund.aftersale_id) if refund.aftersale_id else None,
        "cause": refund.cause,
        "amount_fen": refund.amount_fen,
    }


def _announce(refund: Refund) -> None:
    outbox.emit(
        "refund.created", event_payload(refund), store_id=refund.store_id, key=f"refund_created:{refund.id}"
    )


def finish(refund: Refund, done_at: datetime, actor: Actor = SYSTEM) -> None:
    """The money is back: count it on the order, restock by rule, tell everybody. In the caller's transaction, the order locked; once only."""
    taken = Refund.objects.filter(id=refund.id).exclude(state=Refund.State.SUCCEEDED)
    if not taken.update(state=Refund.State.SUCCEEDED, done_at=done_at, next_try_at=None, last_error=""):
        return
    refund.state, refund.done_at, refund.next_try_at, refund.last_error = "succeeded", done_at, None, ""
    if _moves_money(refund):
        orders.mark_refunded(refund.order_id, refund.amount_fen, actor, extra=refund.cause in EXTRA_CAUSES)
    if refund.restock:
        _restock(refund, actor)
    outbox.emit(
        "refund.succeeded", event_payload(refund), store_id=refund.store_id, key=f"refund_done:{refund.id}"
    )


def _moves_money(refund: Refund) -> bool:
    """A zero refund changes the payment axis only when it ends a free order."""
    if refund.amount_fen:
        return True
    order = Order.objects.get(id=refund.order_id)
    left = left_of_lines(list(OrderLine.objects.filter(order_id=refund.order_id)))
    return order.paid_fen == 0 and all(x.nothing for x in left)


def _restock(refund: Refund, actor: Actor) -> None:
    order = Order.objects.get(id=refund.order_id)
    rows = list(refund.lines.select_related("order_line").filter(quantity__gt=0))
    back = []
    for row in sorted(rows, key=lambda r: (r.order_line.pool_id, r.order_line_id)):
        if stock.restock(row.order_line, row.quantity, row.id, actor):
            back.append(row)
    for row in sorted(back, key=lambda r: r.order_line.offer_id):
        orders.return_quota(order, row.order_line, row.quantity)


def leader_done(order: Order, refund_id: int, actor: Actor) -> Refund:
    """The leader has given an offline payment back by hand. Twice is the same as once."""
    orders.lock_order(order.id)
    refund = Refund.objects.select_for_update().get(id=refund_id, order_id=order.id)
    if refund.attempt_id is not None:
        raise Conflict(
            "refund_not_offline",
            "这笔退款由微信支付原路退回，不需要手动确认",
            "WeChat Pay gives this one back by itself.",
        )
    if refund.state != Refund.State.SUCCEEDED:
        finish(refund, now(), actor)
        audit.record(actor, "refund.offline_done", "refund", refund.id, store_id=refund.store_id)
    return refund


def try_again(order: Order, refund_id: int, actor: Actor) -> Refund:
    """Send a troubled refund once more, under its old number, at once. A refund that is done stays as it is."""
    orders.lock_order(order.id)
    refund = Refund.objects.select_for_update().get(id=refund_id, order_id=order.id)
    if refund.attempt_id is None:
        raise Conflict(
            "refund_offline", "线下收款需要你自己转回给买家", "Offline payments are given back by hand."
        )
    if refund.state in _TRY_AGAIN:
        problem = refund.last_error
        resend = refund.state in (Refund.State.ABNORMAL, Refund.State.CLOSED)
        refund.state = Refund.State.CREATED if resend else refund.state
        refund.next_try_at = max(now(), refund.send_after)
        # What went wrong before stands in the audit log.
        refund.last_error = ""
        refund.save(update_fields=["state", "next_try_at", "last_error"])
        outbox.emit("refund.retry", event_payload(refund), store_id=refund.store_id)
        audit.record(actor, "refund.retry", "refund", refund.id, store_id=refund.store_id, problem=problem)
    return refund

"""Booking money that WeChat Pay says has arrived: one function for notices, polling, return pages and ORDERPAID.

Lock order here and everywhere in this app: order row → attempt, refund and proof rows → stock pools → counters.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal

from yantuan.gateways.wechatpay import TradeState, Transaction
from yantuan.groupbuys import rules as groupbuy_rules
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.kernel import faults, outbox
from yantuan.kernel.actors import PROVIDER
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.orders import actions as orders
from yantuan.orders.late import fits_again
from yantuan.orders.models import LimitUse, Order, OrderLine
from yantuan.orders.states import LIVE_PAYMENTS
from yantuan.payments import refunds, rules, split_hooks
from yantuan.payments.attempts import mark_closed
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.stores.queries import is_selling

log = logging.getLogger("yantuan.payments")
security = logging.getLogger("yantuan.security")

Source = Literal["notice", "poll", "return", "close", "prepay"]
Outcome = Literal["paid", "honoured_late", "repeated", "late", "extra", "ignored", "unmatched"]

_DEAD = (TradeState.CLOSED, TradeState.REVOKED)


@dataclass(frozen=True)
class Applied:
    """What became of a transaction. `problem` says why it was `unmatched` or `ignored`."""

    outcome: Outcome
    problem: str = ""
    order_id: int | None = None

    @property
    def received(self) -> bool:
        """The order is paid, now or before."""
        return self.outcome in ("paid", "honoured_late", "repeated", "extra")


def apply_transaction(transaction: Transaction, source: Source, account_id: int | None = None) -> Applied:
    """Book a provider's transaction on its attempt and order; safe to repeat and to run in parallel.

    `account_id`: the merchant account whose keys vouch for the news; None: the operator's. Only that account's own
    payments are believed of it.

    Paid on a payable order: the order is paid. Paid on an order that expired meanwhile: honoured if stock, limits and sale
    still allow, else refunded by itself. A further success: refunded by itself. Anything that does not agree with our
    record (amount, currency, merchant, app) is never booked. Must be called outside a transaction.
    """
    attempt = PaymentAttempt.objects.filter(out_trade_no=transaction.out_trade_no).first()
    if attempt is None:
        return _refused(transaction, source, "unknown_order", None)
    if attempt.account_id != account_id:
        return _refused(transaction, source, "foreign_mchid", attempt.order_id)
    if not transaction.paid:
        return _not_paid(transaction, attempt, source)
    problem = rules.transaction_problem(transaction, attempt)
    if problem:
        return _refused(transaction, source, problem, attempt.order_id)
    return retrying(lambda: _book(attempt.order_id, attempt.id, transaction, source))


def _refused(transaction: Transaction, source: Source, problem: str, order_id: int | None) -> Applied:
    security.warning(
        "a %s transaction from %s does not match: %s (%s)",
        transaction.state_text, source, problem, transaction.out_trade_no,
    )  # fmt: skip
    return Applied("unmatched", problem, order_id)


def _not_paid(transaction: Transaction, attempt: PaymentAttempt, source: Source) -> Applied:
    # Failure told after success, or by a notice (which only ever announces success), changes nothing.
    if transaction.state in _DEAD and source != "notice":
        mark_closed(attempt.id)
    elif transaction.state is TradeState.UNKNOWN:
        log.warning("unknown trade state %s for %s", transaction.state_text, transaction.out_trade_no)
    return Applied("ignored", f"trade_state_{transaction.state_text}"[:60], attempt.order_id)


def _book(order_id: int, attempt_id: int, transaction: Transaction, source: Source) -> Applied:
    order = orders.lock_order(order_id)
    attempt = PaymentAttempt.objects.select_for_update().get(id=attempt_id)
    if attempt.state == PaymentAttempt.State.SUCCEEDED:
        same = attempt.transaction_id == transaction.transaction_id
        return Applied("repeated", "" if same else "transaction_id_differs", order_id)
    if PaymentAttempt.objects.filter(transaction_id=transaction.transaction_id).exists():
        return _refused(transaction, source, "transaction_id_known", order_id)
    attempt.state = PaymentAttempt.State.SUCCEEDED
    attempt.transaction_id = transaction.transaction_id
    attempt.paid_fen = attempt.amount_fen
    attempt.success_at = transaction.success_time or now()
    attempt.next_poll_at = None
    attempt.save(update_fields=["state", "transaction_id", "paid_fen", "success_at", "next_poll_at"])
    _announce_frozen(attempt)
    data = {"attempt_id": str(attempt.id), "source": source}
    if order.payment in LIVE_PAYMENTS:
        orders.mark_paid(order_id, attempt.amount_fen, PROVIDER, data)
        faults.point("payments.apply.before_commit")
        return Applied("paid", order_id=order_id)
    if order.payment == "closed":
        return _late(order, attempt, data)
    orders.note_money(order_id, "extra_money", attempt.amount_fen, PROVIDER, data)
    _give_back(order, attempt, Refund.Cause.EXTRA)
    return Applied("extra", order_id=order_id)


def _announce_frozen(attempt: PaymentAttempt) -> None:
    if attempt.split_terms_id is not None:
        outbox.emit(
            split_hooks.TO_SPLIT,
            {"attempt_id": str(attempt.id)},
            store_id=attempt.store_id,
            key=f"to_split:{attempt.id}",
        )


def _late(order: Order, attempt: PaymentAttempt, data: dict[str, Any]) -> Applied:
    if not _may_live_on(order):
        orders.note_money(order.id, "late_money", attempt.amount_fen, PROVIDER, data)
    elif orders.mark_paid_late(order.id, attempt.amount_fen, PROVIDER, data):
        return Applied("honoured_late", order_id=order.id)
    _give_back(order, attempt, Refund.Cause.LATE)
    return Applied("late", order_id=order.id)


def _give_back(order: Order, attempt: PaymentAttempt, cause: Refund.Cause) -> None:
    attempt.extra = True
    attempt.save(update_fields=["extra"])
    refunds.refund_whole_attempt(order, attempt, cause)


def _may_live_on(order: Order) -> bool:
    """Late money revives an order only if time alone closed it, its sale still runs and the buyer's limits still allow it."""
    if order.close_reason != "expired":
        return False
    sale = GroupBuy.objects.select_related("store__leader").get(id=order.group_buy_id)
    status = groupbuy_rules.status(
        sale.kind, sale.state, sale.starts_at, sale.ends_at, is_selling(sale.store), now()
    )
    if status != "open":
        return False
    lines = list(OrderLine.objects.filter(order_id=order.id))
    offers = Offer.objects.in_bulk([line.offer_id for line in lines])
    used = dict(
        LimitUse.objects.filter(person_id=order.person_id, offer_id__in=offers).values_list(
            "offer_id", "quantity"
        )
    )
    limits = {line.offer_id: offers[line.offer_id].limit_per_person for line in lines}
    if not fits_again(order, sale, lines):
        return False
    return all(
        limits[line.offer_id] == 0 or used.get(line.offer_id, 0) + line.quantity <= limits[line.offer_id]
        for line in lines
    )

"""Ending what was not paid: ask the provider, close there, then close here. Money that turns up on the way is booked."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Literal

from django.db.models import Exists, OuterRef

from yantuan.gateways.errors import GatewayUnavailable
from yantuan.gateways.wechatpay import CloseOutcome, TradeState, Transaction
from yantuan.kernel import faults
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.certain import surely
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.merchants import troubles
from yantuan.orders import actions as orders
from yantuan.orders.models import Order
from yantuan.payments import attempts, gateway, rules
from yantuan.payments.apply import Source, apply_transaction
from yantuan.payments.models import PaymentAttempt

log = logging.getLogger("yantuan.payments")

LEASE = timedelta(seconds=90)
"""How long one worker has an attempt to itself; longer than any gateway call with its repeats."""
BATCH = 100
ROUND_SECONDS = 30.0
"""A round of timed work ends after this long, so that a slow provider doesn't keep other timed work waiting."""
SILENCES = 3
"""After so many unanswered calls in a row a round of timed work ends."""
_ENDED = (TradeState.CLOSED, TradeState.REVOKED)


def settle(attempt: PaymentAttempt) -> Literal["paid", "closed"]:
    """Bring a live attempt to its end at the provider: booked if paid, else closed there and here.

    Raises GatewayError, or AppError `provider_unavailable`, when the provider doesn't say clearly; nothing is changed then.
    """
    found = gateway.client_for(attempt.account_id).query_by_out_trade_no(attempt.out_trade_no)
    if found is not None and found.paid:
        return _booked(found, attempt, "close")
    # Unknown there: no prepay ever arrived, so nobody can pay under this number.
    if found is not None and found.state not in _ENDED:
        faults.point("payments.close.before_call")
        outcome = gateway.client_for(attempt.account_id).close(attempt.out_trade_no)
        faults.point("payments.close.after_call")
        if outcome is CloseOutcome.PAID:
            return _booked(_surely_paid(attempt), attempt, "close")
    attempts.mark_closed(attempt.id)
    faults.point("payments.close.attempt_closed")
    return "closed"


def _surely_paid(attempt: PaymentAttempt) -> Transaction:
    found = gateway.client_for(attempt.account_id).query_by_out_trade_no(attempt.out_trade_no)
    if found is None or not found.paid:
        raise gateway.unavailable()
    return found


def _booked(found: Transaction, attempt: PaymentAttempt, source: Source) -> Literal["paid", "closed"]:
    applied = apply_transaction(found, source, attempt.account_id)
    if applied.outcome == "unmatched":
        # Their paid order doesn't fit our attempt: a person must look; stock stays held and nothing is paid.
        log.error("attempt %s is paid but does not match: %s", attempt.out_trade_no, applied.problem)
        raise gateway.unavailable()
    return "paid"


def ask(attempt: PaymentAttempt, source: Source) -> str:
    """Ask the provider once about a live attempt and book what it says; answers the trade state, or `NONE`. Raises GatewayError."""
    faults.point("payments.query.before_call")
    found = gateway.client_for(attempt.account_id).query_by_out_trade_no(attempt.out_trade_no)
    faults.point("payments.query.after_call")
    if found is None:
        return "NONE"
    apply_transaction(found, source, attempt.account_id)
    return found.state_text


def close_if_over(order_id: int, reason: str, actor: Actor) -> bool:
    """Close an unpaid order that has no live attempt (and, for `expired`, is due). True if it is closed now."""

    def work() -> bool:
        order = orders.lock_order(order_id)
        if order.payment == "closed":
            return True
        due = reason != "expired" or (order.expires_at is not None and order.expires_at <= surely())
        if order.payment != "unpaid" or not due or attempts.live_attempt(order_id) is not None:
            return False
        orders.close_order(order_id, reason, actor)
        faults.point("payments.expire.before_commit")
        return True

    return retrying(work)


def watch(attempt_id: int) -> bool:
    """Look after one live attempt whose time has come: ask, book, plan the next question, or end it with its order.

    False when the provider stays silent.
    """
    attempt = _leased(attempt_id)
    if attempt is None:
        return True
    order = Order.objects.get(id=attempt.order_id)
    over = order.payment != "unpaid" or order.expires_at is None or order.expires_at <= surely()
    try:
        if over:
            if settle(attempt) == "closed":
                close_if_over(order.id, "expired", SYSTEM)
            return True
        ask(attempt, "poll")
    except AppError as error:
        log.warning("no clear word about %s: %s", attempt.out_trade_no, error)
        troubles.doubt(attempt.account_id, error)
        attempts.plan_poll(attempt, rules.retry_at(attempt.polls, surely()), asked=True)
        # One account's broken keys are no reason to let the others' payments wait.
        return not isinstance(error, GatewayUnavailable)
    attempts.plan_poll(
        attempt,
        rules.next_poll(attempt.created_at, attempt.polls + 1, order.expires_at, surely()),
        asked=True,
    )
    return True


def _leased(attempt_id: int) -> PaymentAttempt | None:
    moment = surely()
    taken = PaymentAttempt.objects.filter(
        id=attempt_id, state__in=attempts.LIVE, next_poll_at__lte=moment
    ).update(next_poll_at=moment + LEASE)
    return PaymentAttempt.objects.filter(id=attempt_id).first() if taken else None


def watch_due() -> int:
    """Look after every live attempt that is due; answers how many."""
    due = PaymentAttempt.objects.filter(state__in=attempts.LIVE, next_poll_at__lte=surely())
    return each(watch, list(due.order_by("next_poll_at").values_list("id", flat=True)[:BATCH]))


def expire_due() -> int:
    """Close every unpaid order past its deadline that nothing is under way for; answers how many were looked at."""
    live = PaymentAttempt.objects.filter(order_id=OuterRef("id"), state__in=attempts.LIVE)
    due = Order.objects.filter(payment="unpaid", expires_at__lte=surely()).exclude(Exists(live))
    return each(_expire, list(due.order_by("expires_at").values_list("id", flat=True)[: 5 * BATCH]))


def _expire(order_id: int) -> bool:
    close_if_over(order_id, "expired", SYSTEM)
    return True


def each(work: Callable[[int], bool], ids: Sequence[int]) -> int:
    """Do `work` for every id; answers how many were tried.

    One broken row doesn't keep the others waiting. A provider that stays silent or slow does end the round: the
    next one begins within seconds, with the rows that waited longest.
    """
    silent, end = 0, time.monotonic() + ROUND_SECONDS
    for done, row_id in enumerate(ids, start=1):
        try:
            silent = 0 if work(row_id) else silent + 1
        except Exception:
            log.exception("payment work on %s failed", row_id)
        if silent == SILENCES or time.monotonic() > end:
            return done
    return len(ids)

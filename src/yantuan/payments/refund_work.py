"""Talking to the provider about refunds: always the same number and the same bytes, as often as it takes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechatpay import RefundResult, RefundState
from yantuan.kernel import faults, outbox
from yantuan.kernel.actors import PROVIDER
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.merchants import troubles
from yantuan.orders import actions as orders
from yantuan.payments import gateway, refunds, rules, split_hooks
from yantuan.payments.closing import each
from yantuan.payments.models import Refund

log = logging.getLogger("yantuan.payments")
security = logging.getLogger("yantuan.security")

LEASE = timedelta(seconds=90)
BATCH = 50
NOT_ENOUGH = "NOT_ENOUGH"

Outcome = Literal["applied", "repeated", "unmatched"]


@dataclass(frozen=True)
class RefundApplied:
    """What became of a provider's word about a refund; `problem` says why it did not match."""

    outcome: Outcome
    problem: str = ""


def push(refund_id: int) -> bool:
    """Send a refund that is due, or ask about it; safe to run twice and in parallel. Must be called outside a transaction.

    False when the provider stays silent.
    """
    refund = _leased(refund_id)
    if refund is None:
        return True
    try:
        if _waits(refund):
            return True
        result = _call(refund)
    except GatewayThrottled as error:
        return _unknown(refund, error)
    except GatewayRefused as error:
        return _refused(refund, error)
    except AppError as error:
        return _unknown(refund, error)
    apply_refund_result(result, refund, account_id=_account_of(refund))
    faults.point("payments.refund.booked")
    return True


def push_due() -> int:
    """Send or ask about every refund that is due; answers how many. Those of halted stores wait, due as they are."""
    due = Refund.objects.filter(
        state__in=refunds.ON_THE_WAY, next_try_at__lte=now(), order__store__halted_at=None
    )
    return each(push, list(due.order_by("next_try_at").values_list("id", flat=True)[:BATCH]))


def _leased(refund_id: int) -> Refund | None:
    """Take a due refund for a while: a crash frees it when the lease ends."""
    moment = now()
    due = Refund.objects.filter(
        id=refund_id, state__in=refunds.ON_THE_WAY, next_try_at__lte=moment, attempt__isnull=False
    )
    taken = due.filter(order__store__halted_at=None).update(next_try_at=moment + LEASE)
    if not taken:
        return None
    refund = Refund.objects.select_related("attempt").get(id=refund_id)
    refund.tries = min(refund.tries + 1, rules.MAX_TRIES)
    Refund.objects.filter(id=refund_id).update(tries=refund.tries)
    return refund


def _call(refund: Refund) -> RefundResult:
    client = gateway.client_for(_account_of(refund))
    if refund.state == Refund.State.PROCESSING:
        faults.point("payments.refund_query.before_call")
        found = client.query_refund(refund.out_refund_no)
        faults.point("payments.refund_query.after_call")
        if found is not None:
            return found
    faults.point("payments.refund.before_call")
    result = client.refund(refund.request_body.encode())
    faults.point("payments.refund.after_call")
    return result


def _waits(refund: Refund) -> bool:
    """Whether shares of the payment must come back first; the refund waits in sight, under its number."""
    shared = refund.attempt is not None and refund.attempt.split_terms_id is not None
    if not shared or refund.state != Refund.State.CREATED:
        return False
    found = split_hooks.hold_of(refund.id)
    if found is None:
        return False
    Refund.objects.filter(id=refund.id, state=Refund.State.CREATED).update(
        next_try_at=now() + timedelta(seconds=found.seconds),
        last_error=f"{split_hooks.TAKING_BACK}: {found.words}"[:300],
        # Nothing was sent yet.
        tries=refund.tries - 1,
    )
    return True


def wake(refund_id: int) -> None:
    """A refund that waited for shares to come back looks again now."""
    waiting = Refund.objects.filter(id=refund_id, last_error__startswith=split_hooks.TAKING_BACK)
    waiting.filter(state=Refund.State.CREATED).update(next_try_at=now())


def _account_of(refund: Refund) -> int | None:
    """The account the money came to, whatever the store uses today."""
    return refund.attempt.account_id if refund.attempt is not None else None


def _unknown(refund: Refund, error: AppError) -> bool:
    """No clear word: the work may be done. The same call is made again later."""
    log.warning("no clear word about refund %s: %s", refund.out_refund_no, error)
    Refund.objects.filter(id=refund.id, state__in=refunds.ON_THE_WAY).update(
        next_try_at=rules.refund_retry_at(refund.tries, now()), last_error=str(error)[:300]
    )
    # One account's broken keys are no reason to let the others' refunds wait.
    return not isinstance(error, (GatewayUnavailable, GatewayThrottled))


def _refused(refund: Refund, error: GatewayRefused) -> bool:
    """A clear no. Want of money heals by itself; anything else waits for a person, unless the refund exists after all."""
    log.error("refund %s refused: %s", refund.out_refund_no, error)
    troubles.doubt(_account_of(refund), error)
    if error.provider_code != NOT_ENOUGH:
        try:
            known = gateway.client_for(_account_of(refund)).query_refund(refund.out_refund_no)
        except AppError as second:
            return _unknown(refund, second)
        if known is not None:
            apply_refund_result(known, refund, account_id=_account_of(refund))
            return True
    retrying(lambda: _note_trouble(refund.id, refund.order_id, error.provider_code, error.provider_message))
    return True


def _note_trouble(refund_id: int, order_id: int, code: str, words: str) -> None:
    orders.lock_order(order_id)
    refund = Refund.objects.select_for_update().get(id=refund_id)
    if refund.state not in refunds.ON_THE_WAY:
        return
    waits = code == NOT_ENOUGH
    refund.last_error = f"{code}: {words}"[:300]
    refund.state = refund.state if waits else Refund.State.ABNORMAL
    refund.next_try_at = now() + timedelta(seconds=rules.TROUBLE_SECONDS) if waits else None
    refund.save(update_fields=["last_error", "state", "next_try_at"])
    _tell_trouble(refund, code)


def _tell_trouble(refund: Refund, code: str) -> None:
    """Tell of each bad end; want of money, which is tried again all day long, once a day."""
    mark = now().astimezone(CHINA).date().isoformat() if code == NOT_ENOUGH else str(refund.tries)
    outbox.emit(
        "refund.trouble",
        {**refunds.event_payload(refund), "problem": code},
        store_id=refund.store_id,
        key=f"refund_trouble:{refund.id}:{code}:{mark}",
    )


def apply_refund_result(
    result: RefundResult, asked: Refund | None = None, *, account_id: int | None = None
) -> RefundApplied:
    """Book what the provider says of a refund (answer, query or notice). Repeats change nothing; what does not agree is never booked.

    `asked`: the refund the call was about, when there was one. `account_id`: the merchant account whose keys vouch for it.
    """
    refund = Refund.objects.select_related("attempt").filter(out_refund_no=result.out_refund_no).first()
    problem = "unknown_refund" if refund is None else _problem(result, refund, asked, account_id)
    if refund is None or problem:
        security.warning("a refund result does not match: %s (%s)", problem, result.out_refund_no)
        if asked is not None:
            _unknown(asked, gateway.unavailable())
        return RefundApplied("unmatched", problem)
    found = refund
    return retrying(lambda: _book(found.order_id, found.id, result))


def _problem(result: RefundResult, refund: Refund, asked: Refund | None, account_id: int | None) -> str:
    attempt = refund.attempt
    checks = (
        ("refund_differs", asked is None or asked.id == refund.id),
        ("refund_offline", attempt is not None),
        ("foreign_mchid", attempt is None or attempt.account_id == account_id),
        ("amount_differs", result.refund_fen in (None, refund.amount_fen)),
        ("total_differs", attempt is None or result.total_fen in (None, attempt.amount_fen)),
        ("mchid_differs", attempt is None or result.mchid in ("", attempt.mchid)),
        ("mchid_differs", attempt is None or result.sub_mchid in ("", attempt.sub_mchid)),
        ("currency_differs", result.currency in ("", rules.CURRENCY)),
        ("out_trade_no_differs", attempt is None or result.out_trade_no in ("", attempt.out_trade_no)),
    )
    return next((problem for problem, fits in checks if not fits), "")


def _book(order_id: int, refund_id: int, result: RefundResult) -> RefundApplied:
    orders.lock_order(order_id)
    refund = Refund.objects.select_for_update().get(id=refund_id)
    if refund.state == Refund.State.SUCCEEDED:
        return RefundApplied("repeated")
    refund.provider_refund_id = result.refund_id
    refund.save(update_fields=["provider_refund_id"])
    if result.state is RefundState.SUCCESS:
        refunds.finish(refund, result.success_time or now(), PROVIDER)
    elif result.state in (RefundState.ABNORMAL, RefundState.CLOSED):
        _failed(refund, result)
    else:
        if result.state is RefundState.UNKNOWN:
            log.warning("unknown refund state %s for %s", result.state_text, refund.out_refund_no)
        just_sent = refund.state != Refund.State.PROCESSING
        refund.state = Refund.State.PROCESSING
        refund.next_try_at = rules.refund_ask_at(1 if just_sent else refund.tries, now())
        refund.last_error = ""
        refund.save(update_fields=["state", "next_try_at", "last_error"])
    return RefundApplied("applied")


def _failed(refund: Refund, result: RefundResult) -> None:
    abnormal = result.state is RefundState.ABNORMAL
    refund.state = Refund.State.ABNORMAL if abnormal else Refund.State.CLOSED
    refund.next_try_at = None
    refund.last_error = result.state_text[:300]
    refund.save(update_fields=["state", "next_try_at", "last_error"])
    _tell_trouble(refund, result.state_text)

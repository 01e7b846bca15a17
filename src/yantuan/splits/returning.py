"""Taking shares back before a refund: its own rows and numbers, and the refund waits in sight until they are back."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db.models import Q, Sum

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechatpay import ReturnResult, ReturnState, ShareReturn, ShareTrouble, share_trouble
from yantuan.kernel import faults
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.kernel.ids import new_id
from yantuan.orders import actions as orders
from yantuan.payments import refund_work
from yantuan.payments.closing import each
from yantuan.payments.models import Refund
from yantuan.payments.rules import base32
from yantuan.payments.split_hooks import Wait
from yantuan.splits import gateway, rules, work
from yantuan.splits.models import Split, SplitPart, SplitParty, SplitReturn
from yantuan.splits.states import FAILURES, LOST, RETURN

log = logging.getLogger("yantuan.splits")
security = logging.getLogger("yantuan.security")

GOING = ("created", "processing")
SOON = 10.0
"""Seconds until a refund that waits for work under way looks again."""
LONG = 3600.0
"""Seconds where a person must decide; the desk wakes it at once."""


def before_refund(refund_id: int) -> Wait | None:
    """Take back what a refund needs of its order's shares; None when it may go. Must be called outside a transaction."""
    split = Split.objects.filter(attempt__refunds=refund_id).first()
    if split is not None and split.state == "sharing":
        work.push(split.id)
        split.refresh_from_db()
    if split is None or split.state not in ("sharing", "done"):
        return None
    if split.state == "sharing":
        return Wait(SOON, "分账正在处理，处理完先收回分账，再自动退款")
    retrying(lambda: _write(refund_id, split.id))
    for row_id in list(SplitReturn.objects.filter(_due(), refund_id=refund_id).values_list("id", flat=True)):
        push(row_id)
    return _standing(refund_id)


def _standing(refund_id: int) -> Wait | None:
    if SplitReturn.objects.filter(refund_id=refund_id, state__in=GOING).exists():
        return Wait(SOON, "正在收回分账，收回后自动退款")
    stuck = [row for row in _last_of(refund_id) if row.state == "failed"]
    if not stuck:
        return None
    why = FAILURES.get(stuck[0].failure, stuck[0].failure)
    times = [_again_at(row) for row in stuck]
    if None in times:
        return Wait(LONG, f"收回分账失败（{why}），等平台处理后自动退款")
    soonest = min(at for at in times if at is not None)
    return Wait(max(1.0, (soonest - now()).total_seconds()), f"收回分账失败（{why}），系统会再收回一次")


def _last_of(refund_id: int) -> list[SplitReturn]:
    """The newest try of each part."""
    rows = SplitReturn.objects.filter(refund_id=refund_id).order_by("created_at", "id")
    return list({row.part_id: row for row in rows}.values())


def _again_at(row: SplitReturn) -> datetime | None:
    same = SplitReturn.objects.filter(refund_id=row.refund_id, part_id=row.part_id, state__in=LOST)
    return rules.return_again_at(row.failure, same.count(), row.done_at or row.created_at)


def _write(refund_id: int, split_id: int) -> None:
    refund = Refund.objects.get(id=refund_id)
    orders.lock_order(refund.order_id)
    split = Split.objects.select_for_update(of=("self",)).get(id=split_id)
    before = _last_of(refund_id)
    if not before:
        _write_first(refund, split)
    for row in before:
        again = _again_at(row) if row.state == "failed" else None
        if again is not None and again <= now():
            write_again(row)


def _write_first(refund: Refund, split: Split) -> None:
    parts = list(
        SplitPart.objects.filter(
            split=split, result=SplitPart.Result.SUCCESS, party__kind=SplitParty.Kind.MERCHANT
        ).order_by("id")
    )
    if not parts:
        return
    shared = [part.amount_fen for part in parts]
    net = [part.amount_fen - _gone(part) for part in parts]
    back = rules.to_take_back(net, shared, split.base_fen, _refunded_since(refund, split))
    for part, fen in zip(parts, back, strict=True):
        if fen:
            _new(refund, part, fen)


def _gone(part: SplitPart) -> int:
    rows = SplitReturn.objects.filter(part=part).exclude(state__in=LOST)
    return int(rows.aggregate(fen=Sum("amount_fen"))["fen"] or 0)


def _refunded_since(refund: Refund, split: Split) -> int:
    """Fen given back of what was shared, up to this refund: of refunds before the split its base knows already."""
    older = Q(created_at__lt=refund.created_at) | Q(created_at=refund.created_at, id__lte=refund.id)
    all_of = Refund.objects.filter(older, attempt_id=split.attempt_id).aggregate(fen=Sum("amount_fen"))["fen"]
    return int(all_of or 0) - (split.attempt.paid_fen - split.base_fen)


def _new(refund: Refund, part: SplitPart, fen: int) -> SplitReturn:
    row_id, moment = new_id(), now()
    failure = _too_late(part, moment)
    return SplitReturn.objects.create(
        id=row_id,
        refund=refund,
        part=part,
        store_id=refund.store_id,
        out_return_no="B" + base32(row_id),
        amount_fen=fen,
        state="waived" if failure else "created",
        failure=failure,
        next_try_at=None if failure else moment,
        created_at=moment,
        done_at=moment if failure else None,
    )


def _too_late(part: SplitPart, moment: datetime) -> str:
    """Why WeChat Pay would take nothing back any more: the buyer doesn't wait for what can't come."""
    if part.finished_at is not None and moment > part.finished_at + rules.RETURN_DAYS:
        return "TOO_LATE"
    return "TOO_OFTEN" if SplitReturn.objects.filter(part=part).count() >= rules.MAX_RETURNS else ""


def write_again(row: SplitReturn) -> SplitReturn:
    """Another try for a failed return, under a new number; in the caller's transaction, the order locked."""
    row.state = RETURN.next(row.state, "again")
    row.save(update_fields=["state"])
    return _new(row.refund, row.part, row.amount_fen)


def _due() -> Q:
    return Q(state__in=GOING, next_try_at__lte=now(), refund__order__store__halted_at=None)


def push_due() -> int:
    """Go on with every return that is due, and wake the refunds that waited for them; answers how many."""
    rows = SplitReturn.objects.filter(_due()).order_by("next_try_at")
    return each(_push_and_wake, list(rows.values_list("id", flat=True)[: work.BATCH]))


def _push_and_wake(return_id: int) -> bool:
    heard = push(return_id)
    row = SplitReturn.objects.get(id=return_id)
    if row.state not in GOING:
        refund_work.wake(row.refund_id)
    return heard


def push(return_id: int) -> bool:
    """Ask for a share back, or ask about it; safe to run twice and in parallel. Must be called outside a transaction."""
    row = _leased(return_id)
    if row is None:
        return True
    try:
        result = _call(row)
    except GatewayThrottled as error:
        return _unknown(row, error)
    except GatewayRefused as error:
        return _refused(row, error)
    except AppError as error:
        return _unknown(row, error)
    book(row.id, result)
    return True


def ask(return_id: int) -> None:
    """Ask about a return under way and book what is said, due or not. Must be called outside a transaction."""
    row = SplitReturn.objects.select_related("part__split__attempt", "part__party").get(id=return_id)
    found = gateway.sharing_of(_account(row)).query_return(row.out_return_no, row.part.split.out_order_no)
    if found is not None:
        book(row.id, found)
        refund_work.wake(row.refund_id)


def _leased(return_id: int) -> SplitReturn | None:
    moment = now()
    if not SplitReturn.objects.filter(_due(), id=return_id).update(next_try_at=moment + rules.LEASE):
        return None
    row = SplitReturn.objects.select_related("part__split__attempt", "part__party").get(id=return_id)
    row.tries = min(row.tries + 1, rules.MAX_TRIES)
    SplitReturn.objects.filter(id=return_id).update(tries=row.tries)
    return row


def _account(row: SplitReturn) -> int:
    return int(row.part.split.attempt.account_id or 0)


def _call(row: SplitReturn) -> ReturnResult:
    client = gateway.sharing_of(_account(row))
    number = row.part.split.out_order_no
    if row.state == "processing":
        found = client.query_return(row.out_return_no, number)
        if found is not None:
            return found
    faults.point("splits.return.before_call")
    told = client.take_back(
        ShareReturn(row.out_return_no, number, row.part.party.number, row.amount_fen, "退款收回分账")
    )
    faults.point("splits.return.after_call")
    return told


def _unknown(row: SplitReturn, error: AppError) -> bool:
    log.warning("no clear word about return %s: %s", row.out_return_no, error)
    SplitReturn.objects.filter(id=row.id, state__in=GOING).update(
        next_try_at=rules.ask_at(row.tries, now()), last_error=str(error)[:300]
    )
    return not isinstance(error, (GatewayUnavailable, GatewayThrottled))


def _refused(row: SplitReturn, error: GatewayRefused) -> bool:
    """A clear no is the end of this number, unless the return exists after all."""
    log.error("return %s refused: %s", row.out_return_no, error)
    known = None
    try:
        known = gateway.sharing_of(_account(row)).query_return(row.out_return_no, row.part.split.out_order_no)
    except GatewayRefused as second:
        if isinstance(second, GatewayThrottled):
            return _unknown(row, second)
        # Neither taking back nor asking is allowed: the first no stands.
    except AppError as second:
        return _unknown(row, second)
    if known is not None:
        book(row.id, known)
        return True
    lacking = share_trouble(error) is ShareTrouble.NOT_ENOUGH
    failure = "BALANCE_NOT_ENOUGH" if lacking else error.provider_code
    words = f"{error.provider_code}: {error.provider_message}"
    retrying(lambda: _end(row.id, "fail", failure, words))
    return True


def book(return_id: int, result: ReturnResult) -> None:
    """Book what the platform says of a return; repeats change nothing, what does not agree is never booked."""
    row = SplitReturn.objects.select_related("part__party").get(id=return_id)
    same = (result.out_return_no, result.return_mchid, result.amount_fen) == (
        row.out_return_no, row.part.party.number, row.amount_fen,
    )  # fmt: skip
    if not same:
        security.warning("a return does not match: %s", row.out_return_no)
        SplitReturn.objects.filter(id=return_id, state__in=GOING).update(
            next_try_at=rules.ask_at(row.tries, now()), last_error="return_differs"
        )
    elif result.state is ReturnState.SUCCESS:
        retrying(lambda: _end(return_id, "succeed"))
    elif result.state is ReturnState.FAILED:
        retrying(lambda: _end(return_id, "fail", result.failure.value, result.state_text))
    else:
        SplitReturn.objects.filter(id=return_id, state__in=GOING).update(
            state="processing", next_try_at=rules.ask_at(row.tries, now()), last_error=""
        )


def _end(return_id: int, event: str, failure: str = "", words: str = "") -> None:
    orders.lock_order(SplitReturn.objects.values_list("refund__order_id", flat=True).get(id=return_id))
    row = SplitReturn.objects.select_for_update(of=("self",)).get(id=return_id)
    if row.state not in GOING:
        return
    row.state, row.done_at, row.next_try_at = RETURN.next(row.state, event), now(), None
    row.failure, row.last_error = failure[:40], words[:300]
    row.save(update_fields=["state", "done_at", "next_try_at", "failure", "last_error"])

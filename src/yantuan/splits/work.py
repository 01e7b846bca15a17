"""Talking to WeChat Pay about frozen money: always the same number and parts, as often as it takes."""

from __future__ import annotations

import logging
from datetime import timedelta

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.wechatpay import (
    PartResult,
    ReceiverType,
    ShareOrder,
    SharePart,
    ShareResult,
    ShareState,
    Unfreeze,
    share_trouble,
)
from yantuan.kernel import faults
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError
from yantuan.orders import actions as orders
from yantuan.payments.closing import each
from yantuan.splits import gateway, names, planning, rules
from yantuan.splits.models import Split, SplitPart
from yantuan.splits.states import BUSY, SPLIT

log = logging.getLogger("yantuan.splits")
security = logging.getLogger("yantuan.security")

BATCH = 50
_RESULTS = {
    PartResult.SUCCESS: SplitPart.Result.SUCCESS,
    PartResult.CLOSED: SplitPart.Result.CLOSED,
}


def push_due() -> int:
    """Go on with everything that is due; answers how many. Halted stores wait, due as they are."""
    due = Split.objects.filter(state__in=BUSY, next_try_at__lte=now(), order__store__halted_at=None)
    return each(push, list(due.order_by("next_try_at").values_list("id", flat=True)[:BATCH]))


def push(split_id: int) -> bool:
    """Decide, share, set free or ask, as the row says; safe to run twice and in parallel. Must be called outside a
    transaction. False when the provider stays silent."""
    split = _leased(split_id)
    if split is None:
        return True
    try:
        if split.state == "planned":
            split = _decided(split)
        if split.state == "sharing":
            _share(split)
        elif split.state == "freeing":
            _free(split)
    except GatewayThrottled as error:
        return _unknown(split, error)
    except GatewayRefused as error:
        return _refused(split, error)
    except AppError as error:
        return _unknown(split, error)
    return True


def _leased(split_id: int) -> Split | None:
    """Take a due row for a while: a crash frees it when the lease ends."""
    moment = now()
    due = Split.objects.filter(
        id=split_id, state__in=BUSY, next_try_at__lte=moment, order__store__halted_at=None
    )
    if not due.update(next_try_at=moment + rules.LEASE):
        return None
    split = Split.objects.select_related("attempt").get(id=split_id)
    split.tries = min(split.tries + 1, rules.MAX_TRIES)
    Split.objects.filter(id=split_id).update(tries=split.tries)
    return split


def _decided(split: Split) -> Split:
    ceiling = None
    if planning.look(split).do == "share":
        try:
            ceiling = gateway.sharing_of(_account(split)).unsplit_fen(split.transaction_id)
        except GatewayThrottled:
            raise
        except GatewayRefused as error:
            # The share itself will be refused too, and then a person sees why.
            log.warning("what is left of %s is not told: %s", split.out_order_no, error)
    return planning.decide(split.id, ceiling)


def _account(split: Split) -> int:
    account_id = split.attempt.account_id
    if account_id is None:
        raise RuntimeError(f"split {split.id} has no account of its own")
    return account_id


def _share(split: Split) -> None:
    client = gateway.sharing_of(_account(split))
    found = client.query_share(split.out_order_no, split.transaction_id) if split.provider_order_id else None
    if found is None:
        faults.point("splits.share.before_call")
        found = client.share(_order(split))
        faults.point("splits.share.after_call")
    book_share(split.id, found)


def _order(split: Split) -> ShareOrder:
    parts = SplitPart.objects.filter(split=split).select_related("party").order_by("id")
    return ShareOrder(
        out_order_no=split.out_order_no,
        transaction_id=split.transaction_id,
        parts=tuple(
            SharePart(
                ReceiverType(part.party.kind),
                part.party.number,
                part.amount_fen,
                "技术服务费",
                names.open_name(part.party.name_sealed),
            )
            for part in parts
        ),
        unfreeze_rest=True,
    )


def book_share(split_id: int, result: ShareResult) -> None:
    """Book what the platform says of a share; repeats change nothing, what does not agree is never booked."""
    retrying(lambda: _book_share(split_id, result))


def _book_share(split_id: int, result: ShareResult) -> None:
    split = locked(split_id)
    if split.state != "sharing":
        return
    parts = list(SplitPart.objects.filter(split=split).select_related("party"))
    problem = _mismatch(split, parts, result)
    if problem:
        security.warning("a share does not match: %s (%s)", problem, split.out_order_no)
        split.last_error, split.next_try_at = problem, rules.ask_at(split.tries, now())
        split.save(update_fields=["last_error", "next_try_at"])
        return
    for part in parts:
        _keep_part(part, result)
    split.provider_order_id, split.last_error, split.problem = result.order_id[:64], "", ""
    over = result.state is ShareState.FINISHED and all(p.result != "pending" for p in parts)
    if over:
        shared = any(p.result == SplitPart.Result.SUCCESS for p in parts)
        split.state = SPLIT.next(split.state, "finish" if shared else "nobody")
        split.why = "" if shared else "closed"
        split.done_at, split.next_try_at = now(), None
    else:
        split.next_try_at = rules.ask_at(split.tries, now())
    split.save(
        update_fields=["state", "why", "done_at", "next_try_at", "provider_order_id", "last_error", "problem"]
    )


def _mismatch(split: Split, parts: list[SplitPart], result: ShareResult) -> str:
    if (result.out_order_no, result.transaction_id) != (split.out_order_no, split.transaction_id):
        return "number_differs"
    told = [result.part(ReceiverType(p.party.kind), p.party.number) for p in parts]
    if any(found is None for found in told):
        return "receiver_missing"
    same = all(found and found.amount_fen == p.amount_fen for found, p in zip(told, parts, strict=True))
    return "" if same else "amount_differs"


def _keep_part(part: SplitPart, result: ShareResult) -> None:
    told = result.part(ReceiverType(part.party.kind), part.party.number)
    after = _RESULTS.get(told.result) if told is not None else None
    if told is None or after is None or part.result != SplitPart.Result.PENDING:
        return
    part.result, part.detail_id = after, told.detail_id[:64]
    part.failure = "" if after == SplitPart.Result.SUCCESS else told.failure.value[:40]
    part.finished_at = told.finish_time or now()
    part.save(update_fields=["result", "detail_id", "failure", "finished_at"])


def _free(split: Split) -> None:
    client = gateway.sharing_of(_account(split))
    found = client.query_share(split.unfreeze_no, split.transaction_id) if split.tries > 1 else None
    if found is None:
        faults.point("splits.free.before_call")
        found = client.unfreeze(Unfreeze(split.unfreeze_no, split.transaction_id, "解冻货款"))
        faults.point("splits.free.after_call")
    if found.state is ShareState.FINISHED:
        _freed(split.id)
    else:
        _wait(split, rules.ask_at(split.tries, now()) - now())


def give_up_due() -> int:
    """Set free what was refused days ago and nobody looked at: the merchant's money doesn't wait for the partner's fee."""
    due = Split.objects.filter(state="trouble", next_try_at__lte=now(), order__store__halted_at=None)
    return each(_give_up, list(due.order_by("next_try_at").values_list("id", flat=True)[:BATCH]))


def _give_up(split_id: int) -> bool:
    def work() -> None:
        split = locked(split_id)
        if split.state == "trouble":
            planning.set_free(split, "given_up")

    retrying(work)
    return True


def _freed(split_id: int, why: str = "") -> None:
    def work() -> None:
        split = locked(split_id)
        if split.state != "freeing":
            return
        split.state, split.done_at, split.next_try_at = SPLIT.next(split.state, "freed"), now(), None
        split.why, split.last_error = why or split.why, ""
        split.save(update_fields=["state", "done_at", "next_try_at", "why", "last_error"])

    retrying(work)


def locked(split_id: int) -> Split:
    """The row, its order locked before it."""
    orders.lock_order(Split.objects.values_list("order_id", flat=True).get(id=split_id))
    return Split.objects.select_for_update(of=("self",)).get(id=split_id)


def _wait(split: Split, wait: timedelta, words: str = "") -> None:
    Split.objects.filter(id=split.id, state__in=BUSY).update(next_try_at=now() + wait, last_error=words[:300])


def _unknown(split: Split, error: AppError) -> bool:
    """No clear word: the work may be done. The same call is made again later."""
    log.warning("no clear word about split %s: %s", split.out_order_no, error)
    _wait(split, rules.ask_at(split.tries, now()) - now(), str(error))
    return not isinstance(error, (GatewayUnavailable, GatewayThrottled))


def _refused(split: Split, error: GatewayRefused) -> bool:
    """A clear no, unless the request exists after all."""
    log.error("split %s refused: %s", split.out_order_no, error)
    try:
        if split.state == "sharing":
            known = gateway.sharing_of(_account(split)).query_share(split.out_order_no, split.transaction_id)
            if known is not None:
                book_share(split.id, known)
                return True
        elif split.state == "freeing" and _nothing_frozen(split):
            _freed(split.id, "lapsed" if now() >= split.paid_at + rules.LATEST else "")
            return True
    except GatewayRefused as second:
        if isinstance(second, GatewayThrottled):
            return _unknown(split, second)
        # Neither sharing nor asking is allowed: the first no stands.
    except AppError as second:
        return _unknown(split, second)
    retrying(lambda: _note_trouble(split.id, error))
    return True


def _nothing_frozen(split: Split) -> bool:
    return gateway.sharing_of(_account(split)).unsplit_fen(split.transaction_id) == 0


def _note_trouble(split_id: int, error: GatewayRefused) -> None:
    split = locked(split_id)
    moment, problem = now(), str(share_trouble(error))
    split.last_error = f"{error.provider_code}: {error.provider_message}"[:300]
    split.problem = problem
    if split.state == "sharing":
        young = split.decided_at is not None and moment < split.decided_at + rules.NOT_ENOUGH_PATIENCE
        if problem == "not_enough" and young:
            split.next_try_at = moment + rules.NOT_ENOUGH_WAIT
        else:
            split.state = SPLIT.next(split.state, "refuse")
            split.trouble_at, split.next_try_at = moment, moment + rules.TROUBLE_PATIENCE
    elif split.state == "freeing":
        split.next_try_at = moment + rules.FREE_AGAIN
    split.save(update_fields=["last_error", "problem", "state", "trouble_at", "next_try_at"])

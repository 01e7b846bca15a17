"""What the operator decides at the desk about shares and returns that went wrong. Each is audited."""

from __future__ import annotations

from django.db import transaction

from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.orders import actions as orders
from yantuan.payments import refund_work
from yantuan.splits import planning, returning, work
from yantuan.splits.models import Split, SplitPart, SplitReturn
from yantuan.splits.states import RETURN, SPLIT


def share_again(split_id: int, reason: str, operator_id: int) -> Split:
    """Decide about a refused split once more; what is still right is counted anew. Raises Conflict `split_not_troubled`."""
    with transaction.atomic():
        split = work.locked(split_id)
        if split.state != "trouble":
            raise _not_troubled()
        SplitPart.objects.filter(split=split).delete()
        split.state, split.amount_fen = SPLIT.next(split.state, "retry"), 0
        split.problem, split.tries, split.next_try_at, split.trouble_at = "", 0, now(), None
        split.save(update_fields=["state", "amount_fen", "problem", "tries", "next_try_at", "trouble_at"])
        _note("split.retry", split, reason, operator_id)
    work.push(split_id)
    split.refresh_from_db()
    return split


def give_up(split_id: int, reason: str, operator_id: int) -> Split:
    """Share nothing of this payment and set its money free. Raises Conflict `split_not_troubled` once it was shared."""
    with transaction.atomic():
        split = work.locked(split_id)
        if split.state not in ("planned", "trouble"):
            raise _not_troubled()
        planning.set_free(split, "given_up")
        _note("split.give_up", split, reason, operator_id)
    work.push(split_id)
    split.refresh_from_db()
    return split


def _not_troubled() -> Conflict:
    return Conflict(
        "split_not_troubled", "这笔分账现在不能这样处理，请刷新", "This split can't be changed like this now."
    )


def take_back_again(return_id: int, reason: str, operator_id: int) -> SplitReturn:
    """Ask for a failed return once more, under a new number. Raises Conflict `split_return_not_failed`."""
    with transaction.atomic():
        row = _failed(return_id)
        fresh = returning.write_again(row)
        _note_return("split.return_again", row, reason, operator_id)
    returning.push(fresh.id)
    refund_work.wake(row.refund_id)
    fresh.refresh_from_db()
    return fresh


def waive(return_id: int, reason: str, operator_id: int) -> SplitReturn:
    """Let the refund go without this part: WeChat Pay then pays it out of the merchant's own balance.

    Raises Conflict `split_return_not_failed`.
    """
    with transaction.atomic():
        row = _failed(return_id)
        row.state, row.reason, row.decided_by = RETURN.next(row.state, "waive"), reason, operator_id
        row.save(update_fields=["state", "reason", "decided_by"])
        _note_return("split.return_waive", row, reason, operator_id)
    refund_work.wake(row.refund_id)
    return row


def _failed(return_id: int) -> SplitReturn:
    order_id = SplitReturn.objects.values_list("refund__order_id", flat=True).get(id=return_id)
    orders.lock_order(order_id)
    row = SplitReturn.objects.select_for_update(of=("self",)).get(id=return_id)
    if row.state != "failed":
        raise Conflict(
            "split_return_not_failed", "这笔收回现在不需要处理，请刷新", "This return needs no decision now."
        )
    return row


def _note(action: str, split: Split, reason: str, operator_id: int) -> None:
    audit.record(
        Actor("operator", operator_id), action, "split", split.id, store_id=split.store_id, reason=reason,
        number=split.out_order_no, problem=split.problem,
    )  # fmt: skip


def _note_return(action: str, row: SplitReturn, reason: str, operator_id: int) -> None:
    audit.record(
        Actor("operator", operator_id), action, "split_return", row.id, store_id=row.store_id, reason=reason,
        number=row.out_return_no, amount_fen=row.amount_fen, failure=row.failure,
    )  # fmt: skip

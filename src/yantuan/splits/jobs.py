"""Work after commits and on the clock: frozen money is shared or set free in time, shares come back before refunds."""

from __future__ import annotations

from typing import Any

from yantuan.kernel import outbox, schedule
from yantuan.kernel.clock import now
from yantuan.payments import split_hooks
from yantuan.splits import parties, planning, returning, terms, work
from yantuan.splits.models import Split


@outbox.on(split_hooks.TO_SPLIT)
def plan_split(payload: dict[str, Any]) -> None:
    """Money came that stays frozen."""
    planning.plan(int(payload["attempt_id"]))


@outbox.on(terms.AGREED)
def add_receivers(payload: dict[str, Any]) -> None:
    """A leader has agreed."""
    parties.add_all(int(payload["terms_id"]))


@outbox.on("refund.succeeded")
def look_after_refund(payload: dict[str, Any]) -> None:
    """A payment given back in full has nothing left to share."""
    waiting = Split.objects.filter(attempt__refunds=int(payload["refund_id"]), state="planned")
    waiting.filter(next_try_at__gt=now()).update(next_try_at=now())


@schedule.every(5)
def push_splits() -> int:
    """Share, set free and ask."""
    return work.push_due()


@schedule.every(5)
def push_returns() -> int:
    """Take shares back."""
    return returning.push_due()


@schedule.every(60)
def add_due_receivers() -> int:
    """Make receivers known that WeChat Pay did not answer about."""
    return parties.add_due()


@schedule.every(3600)
def sweep() -> int:
    """Find payments whose event was lost, set free what was refused and forgotten, take receivers off nobody needs."""
    for attempt_id in planning.unplanned():
        planning.plan(attempt_id)
    work.give_up_due()
    return parties.forget_unused()

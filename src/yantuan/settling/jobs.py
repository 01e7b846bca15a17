"""Work after commits and on the clock: sales form, close and settle."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from yantuan.kernel.clock import now
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every
from yantuan.settling import actions, carrying, parts, placing
from yantuan.settling.models import Settlement

__all__ = ["parts", "placing"]
STUCK = timedelta(minutes=10)


@on("order.paid")
def note_paid(payload: dict[str, Any]) -> None:
    """The sale may form with it, or has been judged before it came."""
    actions.note_paid(int(payload["order_id"]))


@on(actions.SLICE_TOPIC)
def carry_on(payload: dict[str, Any]) -> None:
    """The next refunds of a judged sale."""
    carrying.carry_on(int(payload["group_buy_id"]))


@every(10)
def judge_closed_sales() -> int:
    """Sales that closed since."""
    return actions.judge_due()


@every(600)
def resume_settling() -> int:
    """Refunds still due long after their sale was judged: their event was lost or given up."""
    due = Settlement.objects.filter(state=Settlement.State.DUE, created_at__lt=now() - STUCK)
    sales = set(due.values_list("group_buy_id", flat=True)[:1000])
    for group_buy_id in sales:
        carrying.carry_on(group_buy_id)
    return len(sales)

"""What refunds change about cases, and the timers of silence."""

from __future__ import annotations

from typing import Any

from yantuan.aftersales import actions
from yantuan.kernel.db import retrying
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every


@every(60)
def decide_silent_cases() -> int:
    """Cases whose time has come."""
    return actions.decide_silent()


@on("refund.succeeded")
def refund_of_case_done(payload: dict[str, Any]) -> None:
    """The case whose money is back ends; a refund on another way may leave a case nothing to ask for."""
    aftersale_id, order_id = payload.get("aftersale_id"), int(payload["order_id"])
    if aftersale_id:
        retrying(lambda: actions.refund_done(int(aftersale_id)))
    else:
        retrying(lambda: actions.close_emptied(order_id))

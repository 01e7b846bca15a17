"""What follows a claim by itself, what refunds change about cases, and the timers of silence."""

from __future__ import annotations

from typing import Any

from yantuan.aftersales import actions, allowance
from yantuan.kernel.db import retrying
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every


@every(60)
def decide_silent_cases() -> int:
    """Cases whose time has come."""
    return actions.decide_silent()


@on("aftersale.changed")
def settle_within_allowance(payload: dict[str, Any]) -> None:
    """A new claim that its leader allows is paid back at once."""
    if payload["event"] == "open":
        allowance.settle(int(payload["aftersale_id"]))


@on("refund.succeeded")
def refund_of_case_done(payload: dict[str, Any]) -> None:
    """The case whose money is back ends; a refund on another way may leave a case nothing to ask for."""
    aftersale_id, order_id = payload.get("aftersale_id"), int(payload["order_id"])
    if aftersale_id:
        retrying(lambda: actions.refund_done(int(aftersale_id)))
    else:
        retrying(lambda: actions.close_emptied(order_id))

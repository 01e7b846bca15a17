"""Fulfilment's timed work, and what refunds change about deliveries."""

from __future__ import annotations

from typing import Any

from yantuan.fulfilment import actions
from yantuan.kernel.db import retrying
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every


@every(60)
def receive_due_orders() -> int:
    """Receive orders whose time has come."""
    return actions.receive_due()


@on("refund.created")
def pieces_given_back(payload: dict[str, Any]) -> None:
    """A part-shipped order whose missing pieces were refunded has nothing more to come."""
    retrying(lambda: actions.settle_delivery(int(payload["order_id"])))

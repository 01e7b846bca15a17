"""Fulfilment's timed work, and what refunds change about deliveries."""

from __future__ import annotations

from typing import Any

from yantuan.fulfilment import actions
from yantuan.fulfilment.imports import actions as imports
from yantuan.fulfilment.imports import booking, undoing
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


@on(imports.TOPICS["reading"])
def read_import(payload: dict[str, Any]) -> None:
    """A sheet of tracking numbers was sent."""
    imports.read(int(payload["import_id"]))


@on(imports.TOPICS["booking"])
def book_import(payload: dict[str, Any]) -> None:
    """Its leader has agreed to it."""
    booking.book(int(payload["import_id"]))


@on(imports.TOPICS["undoing"])
def undo_import(payload: dict[str, Any]) -> None:
    """Its leader wants it back."""
    undoing.take_back(int(payload["import_id"]))


@every(300)
def tidy_imports() -> int:
    """Previews nobody confirmed, sheets whose worker died, files nobody reads."""
    return imports.tidy()

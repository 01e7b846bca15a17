"""Work after commits: buyers are told slice by slice."""

from __future__ import annotations

from typing import Any

from yantuan.hosts import actions, reminding
from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every


@on(actions.TELL_TOPIC)
def tell_waiting(payload: dict[str, Any]) -> None:
    """The goods are there: the next buyers who wait for them."""
    actions.tell_slice(int(payload["arrival_id"]), int(payload["after"]))


@on(actions.SHELF_TOPIC)
def tell_shelf(payload: dict[str, Any]) -> None:
    """Goods of the shelf are there: the buyers whose orders they complete."""
    actions.tell_shelf(int(payload["arrival_id"]), [int(one) for one in payload["order_ids"]])


@on(reminding.REMIND_TOPIC)
def remind_waiting(payload: dict[str, Any]) -> None:
    """The next buyers who have not come."""
    reminding.remind_slice(int(payload["arrival_id"]), int(payload["number"]), int(payload["after"]))


@every(600)
def remind_uncollected() -> int:
    """Points whose buyers are reminded by the rule of their sale."""
    return reminding.remind_due()

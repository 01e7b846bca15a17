"""Work after commits: buyers are told slice by slice."""

from __future__ import annotations

from typing import Any

from yantuan.hosts import actions
from yantuan.kernel.outbox import on


@on(actions.TELL_TOPIC)
def tell_waiting(payload: dict[str, Any]) -> None:
    """The goods are there: the next buyers who wait for them."""
    actions.tell_slice(int(payload["arrival_id"]), int(payload["after"]))

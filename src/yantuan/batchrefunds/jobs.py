"""Work after commits: batches go on slice by slice."""

from __future__ import annotations

from typing import Any

from yantuan.batchrefunds import actions
from yantuan.kernel.outbox import on


@on(actions.SLICE_TOPIC)
def carry_on(payload: dict[str, Any]) -> None:
    """The next slice of a batch."""
    actions.carry_on(int(payload["batch_id"]))

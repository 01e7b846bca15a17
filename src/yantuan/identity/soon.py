"""Try an outbox event right after its commit, so that a person waiting for it does not wait for the worker."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.db import connections, transaction

from yantuan.kernel import outbox
from yantuan.kernel.models import OutboxEvent

_log = logging.getLogger(__name__)
_pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="soon")


def emit_soon(topic: str, payload: dict[str, Any]) -> None:
    """As `outbox.emit`, and additionally tried at once. If this process dies in between, the worker does it."""
    rows = outbox.events_for(topic, payload)
    OutboxEvent.objects.bulk_create(rows)
    ids = [row.id for row in rows]
    transaction.on_commit(lambda: run_soon(ids))


def run_soon(event_ids: Sequence[int]) -> list[Future[bool]]:
    """Run events in the pool; failures are recorded by the outbox and retried by the worker."""
    return [_pool.submit(_run, event_id) for event_id in event_ids]


def _run(event_id: int) -> bool:
    try:
        return outbox.run(event_id)
    except Exception:
        _log.exception("an early try of outbox event %s failed; the worker will repeat it", event_id)
        return False
    finally:
        connections.close_all()

"""Write work in the commit; do it afterwards, at least once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from yantuan.kernel import faults
from yantuan.kernel.clock import now
from yantuan.kernel.logs import words_of
from yantuan.kernel.models import OutboxEvent

Handler = Callable[[dict[str, Any]], None]
_handlers: dict[str, list[Handler]] = {}

MAX_ATTEMPTS = 12
LEASE_SECONDS = 120
CLOCKS_APART = timedelta(minutes=1)
"""What the clocks of two machines may differ by; more is mended."""
PULLED_AT_ONCE = 1000

logger = logging.getLogger(__name__)


class Later(Exception):
    """Raised by a handler that must be asked again; carries the seconds to wait. Does not count as a failure."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


def on(topic: str) -> Callable[[Handler], Handler]:
    """Register a handler for `topic`. Several handlers of one topic each get a row of their own (see `emit`)."""

    def register(handler: Handler) -> Handler:
        if handler not in _handlers.setdefault(topic, []):
            _handlers[topic].append(handler)
        return handler

    return register


def handlers() -> dict[str, list[Handler]]:
    """Every topic with those who hear of it."""
    return {topic: list(listening) for topic, listening in _handlers.items()}


def handler_name(handler: Handler) -> str:
    return f"{handler.__module__}.{handler.__qualname__}"


def events_for(
    topic: str,
    payload: dict[str, Any],
    *,
    store_id: int | None = None,
    key: str | None = None,
    delay: float = 0,
    moment: datetime | None = None,
) -> list[OutboxEvent]:
    """Unsaved outbox rows, one per handler of the topic, so that one failing handler never repeats its neighbours."""
    at = moment or now()
    return [
        OutboxEvent(
            topic=topic,
            key=f"{key}:{handler_name(h)}"[-120:] if key else None,
            payload={**payload, "_handler": handler_name(h)},
            store_id=store_id,
            available_at=at + timedelta(seconds=delay),
            created_at=at,
        )
        for h in _handlers.get(topic, ())
    ]


def emit(
    topic: str,
    payload: dict[str, Any],
    *,
    store_id: int | None = None,
    key: str | None = None,
    delay: float = 0,
) -> None:
    """Write the event inside the open transaction (required). The same `key` twice is written once."""
    if not connection.in_atomic_block:
        raise RuntimeError("an outbox event must be written inside a transaction")
    rows = events_for(topic, payload, store_id=store_id, key=key, delay=delay)
    OutboxEvent.objects.bulk_create(rows, ignore_conflicts=key is not None)


def claim_due(limit: int = 100, seconds: int = LEASE_SECONDS) -> list[int]:
    """Take events whose time has come, oldest first, for `seconds`: a crash frees them when the lease ends."""
    moment = now()
    with transaction.atomic():
        rows = OutboxEvent.objects.filter(state="pending", available_at__lte=moment).order_by(
            "available_at", "id"
        )
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        ids = list(rows.values_list("id", flat=True)[:limit])
        if ids:
            OutboxEvent.objects.filter(id__in=ids).update(available_at=moment + timedelta(seconds=seconds))
    return ids


def pull_back() -> int:
    """Give events written by a process whose clock is ahead the time they should have; answers how many.

    Such an event was made in what is still the future here, and would wait until then. It becomes one made now, with the delay
    that was meant. Should this be the clock that is behind, its own work is done by its own time all the same.
    """
    moment, pulled = now(), 0
    ahead = OutboxEvent.objects.filter(
        state="pending", available_at__gt=moment + CLOCKS_APART, created_at__gt=moment + CLOCKS_APART
    )
    for event in ahead.order_by("available_at")[:PULLED_AT_ONCE]:
        meant = max(timedelta(0), event.available_at - event.created_at)
        same = OutboxEvent.objects.filter(id=event.id, state="pending", available_at=event.available_at)
        pulled += same.update(created_at=moment, available_at=moment + meant)
    if pulled:
        logger.warning("%d events were written by a clock that is ahead of this one; done now", pulled)
    return pulled


def claim(event_id: int, seconds: int = LEASE_SECONDS) -> bool:
    """Take one due event; False if another worker has it or it is done."""
    moment = now()
    due = OutboxEvent.objects.filter(id=event_id, state="pending", available_at__lte=moment)
    return bool(due.update(available_at=moment + timedelta(seconds=seconds)))


def perform(event_id: int) -> bool:
    """Do one claimed event. Failure is recorded with growing delay; after MAX_ATTEMPTS the event is dead and visible."""
    rows = OutboxEvent.objects.filter(id=event_id, state="pending")
    event = rows.first()
    if event is None:
        return False
    wanted = event.payload.get("_handler")
    handler = next((h for h in _handlers.get(event.topic, ()) if handler_name(h) == wanted), None)
    if handler is None:
        rows.update(state="dead", last_error="no handler of this name any more")
        return False
    try:
        faults.point("outbox.before_handler")
        handler({k: v for k, v in event.payload.items() if k != "_handler"})
        faults.point("outbox.after_handler")
    except Later as later:
        rows.update(available_at=now() + timedelta(seconds=later.seconds))
        return False
    except Exception as error:
        logger.warning("outbox %s %s failed: %s", event.topic, event_id, type(error).__name__)
        _record_failure(event, error)
        return False
    rows.update(state="done", done_at=now())
    return True


def run(event_id: int) -> bool:
    """Claim and do one event in this thread."""
    return claim(event_id) and perform(event_id)


def _record_failure(event: OutboxEvent, error: Exception) -> None:
    attempts = event.attempts + 1
    OutboxEvent.objects.filter(id=event.id, state="pending").update(
        attempts=attempts,
        last_error=words_of(error)[:2000],
        state="dead" if attempts >= MAX_ATTEMPTS else "pending",
        available_at=now() + timedelta(seconds=min(3600, 2**attempts)),
    )


def drain(limit: int = 1000) -> int:
    """Do everything due now in this thread until nothing is left; for tests and scripts. Returns how many were done."""
    done = 0
    while done < limit:
        ids = claim_due(50)
        finished = sum(perform(event_id) for event_id in ids)
        done += finished
        if not ids or not finished:
            break
    return done

"""The one task type of the job library: do claimed outbox events."""

from __future__ import annotations

from django_tasks import task

from yantuan.kernel import outbox


@task()
def perform_events(event_ids: list[int]) -> int:
    """Do the events in order; each failure is recorded on its own event and never stops the next. Returns how many were done."""
    return sum(outbox.perform(event_id) for event_id in event_ids)

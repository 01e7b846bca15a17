"""House-keeping of the kernel's own rows."""

from __future__ import annotations

from datetime import timedelta

from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.models import IdempotencyRecord, OutboxEvent, RateCount
from yantuan.kernel.schedule import every

KEEP_DONE_DAYS = 7
KEEP_IDEMPOTENCY_DAYS = 30
LOST_AFTER = timedelta(minutes=5)
"""A task under way for longer was left by a worker that died; well beyond the lease of an event."""


@every(3600)
def prune() -> None:
    """Drop finished events and tasks after a week, idempotency records after thirty days, rate counters after two."""
    moment = now()
    done_before = moment - timedelta(days=KEEP_DONE_DAYS)
    OutboxEvent.objects.filter(state="done", done_at__lt=done_before).delete()
    DBTaskResult.objects.finished().filter(finished_at__lt=done_before).delete()
    IdempotencyRecord.objects.filter(created_at__lt=moment - timedelta(days=KEEP_IDEMPOTENCY_DAYS)).delete()
    RateCount.objects.filter(window__lt=int(moment.timestamp()) - 2 * 86_400).delete()


@every(10)
def pull_back_events() -> int:
    """Events of a process whose clock is ahead need not wait until then."""
    return outbox.pull_back()


@every(60)
def give_up_lost_tasks() -> None:
    """End tasks whose worker died in them: the job library never does. Their events were free again when the lease ended."""
    moment = now()
    lost = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING, started_at__lt=moment - LOST_AFTER)
    lost.update(status=TaskResultStatus.FAILED, finished_at=moment, traceback="the worker died in this task")

"""A task whose worker died in it does not stay under way for ever."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from yantuan.kernel.clock import frozen, now
from yantuan.kernel.jobs import LOST_AFTER, give_up_lost_tasks, prune
from yantuan.kernel.tasks import perform_events

pytestmark = pytest.mark.django_db(transaction=True)


def _task(status: TaskResultStatus) -> DBTaskResult:
    row = DBTaskResult.objects.get(id=perform_events.enqueue([1]).id)
    started = None if status == TaskResultStatus.READY else now()
    DBTaskResult.objects.filter(id=row.id).update(status=status, started_at=started)
    return row


def test_only_what_has_been_under_way_for_too_long_is_given_up() -> None:
    lost, waiting = _task(TaskResultStatus.RUNNING), _task(TaskResultStatus.READY)
    later = now() + LOST_AFTER + timedelta(seconds=1)
    give_up_lost_tasks()
    assert DBTaskResult.objects.get(id=lost.id).status == TaskResultStatus.RUNNING
    with frozen(later):
        fresh = _task(TaskResultStatus.RUNNING)
        give_up_lost_tasks()
    states = dict(DBTaskResult.objects.values_list("id", "status"))
    assert states == {
        lost.id: TaskResultStatus.FAILED,
        waiting.id: TaskResultStatus.READY,
        fresh.id: TaskResultStatus.RUNNING,
    }
    assert DBTaskResult.objects.get(id=lost.id).finished_at == later


def test_what_was_given_up_goes_with_the_finished_tasks() -> None:
    _task(TaskResultStatus.RUNNING)
    with frozen(now() + LOST_AFTER + timedelta(seconds=1)):
        give_up_lost_tasks()
    with frozen(now() + timedelta(days=8)):
        prune()
    assert not DBTaskResult.objects.exists()

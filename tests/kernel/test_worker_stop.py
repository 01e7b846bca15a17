"""A worker told to stop ends within seconds, however much work waits; what it leaves is there for the next one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from yantuan.kernel import outbox, worker
from yantuan.kernel.clock import now
from yantuan.kernel.models import OutboxEvent
from yantuan.kernel.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = 200


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Set when the first of many slow events is being done."""
    first = threading.Event()

    def slow(payload: dict[str, Any]) -> None:
        first.set()
        time.sleep(0.05)

    monkeypatch.setattr(outbox, "_handlers", {"slow": [slow]})
    monkeypatch.setattr(worker, "timed", list)
    with transaction.atomic():
        for n in range(WAITING):
            outbox.emit("slow", {"n": n})
    yield first


def _run(running: Worker, ends: list[bool]) -> None:
    try:
        ends.append(running.run())
    finally:
        connection.close()


def test_a_worker_with_much_to_do_stops_at_once(begun: threading.Event) -> None:
    running, ends = Worker(1), []  # type: ignore[var-annotated]
    thread = threading.Thread(target=_run, args=[running, ends])
    thread.start()
    assert begun.wait(30)
    running.stop()
    thread.join(30)
    assert ends == [True]
    left = OutboxEvent.objects.filter(state="pending").count()
    # The task under way, of ten events, is finished; no other is begun.
    assert WAITING - worker.EVENTS_PER_TASK <= left < WAITING


def test_a_rush_waits_in_the_outbox_and_not_in_the_queue(begun: threading.Event) -> None:
    with transaction.atomic():
        for n in range(worker.TASKS_WAITING * worker.EVENTS_PER_TASK):
            outbox.emit("slow", {"n": n})
    idle = Worker(0)
    for _ in range(5):
        idle._relay()
    assert DBTaskResult.objects.ready().count() == worker.TASKS_WAITING
    leased = OutboxEvent.objects.filter(available_at__gt=now()).count()
    assert leased == worker.TASKS_WAITING * worker.EVENTS_PER_TASK


def test_a_worker_does_not_wait_for_ever_for_a_silent_provider(
    monkeypatch: pytest.MonkeyPatch, begun: threading.Event
) -> None:
    never = threading.Event()
    held = threading.Event()

    def silent(payload: dict[str, Any]) -> None:
        held.set()
        never.wait(30)

    monkeypatch.setattr(outbox, "_handlers", {"slow": [silent]})
    OutboxEvent.objects.update(payload={"_handler": outbox.handler_name(silent)})
    monkeypatch.setattr(worker, "STOP_SECONDS", 0.3)
    running, ends = Worker(1), []  # type: ignore[var-annotated]
    thread = threading.Thread(target=_run, args=[running, ends])
    thread.start()
    assert held.wait(30)
    running.stop()
    thread.join(30)
    assert ends == [False]
    never.set()
    for task_thread in running._task_threads:
        task_thread.join(30)

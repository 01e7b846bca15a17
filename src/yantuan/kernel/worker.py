"""The worker process: relays due outbox events to the job library, runs its tasks, and starts timed work."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import close_old_connections
from django.db.models import Q
from django_tasks_db.management.commands.db_worker import Worker as TaskRunner
from django_tasks_db.models import DBTaskResult

from yantuan.kernel import faults, held, metrics, outbox
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_token
from yantuan.kernel.lean import give_back, settle
from yantuan.kernel.logs import words_of
from yantuan.kernel.models import TimedRun
from yantuan.kernel.schedule import HEARTBEAT, Timed, timed
from yantuan.kernel.tasks import perform_events

logger = logging.getLogger(__name__)

RELAY_SECONDS = 0.15
"""How often due events are looked for."""
SWEEP_SECONDS = 5.0
"""How often task threads look without being woken, for tasks left by a worker that died."""
EVENTS_PER_TASK = 10
TASKS_WAITING = 40
"""Tasks that may wait in the job library's queue: far fewer than are done within a lease."""
STOP_SECONDS = 8.0
"""How long a stopping worker waits for what is under way."""
HEARTBEAT_SECONDS = 10.0
CLOCKS_APART = timedelta(minutes=1)
"""What the clocks of two machines with workers may differ by."""
SELDOM_SECONDS = 600
"""Timed work with at least this much between its runs is the heavy kind: what it used is not kept until the next one."""
HELD_SECONDS = 2.0
"""How often a restored copy's worker looks whether it was released."""


class Worker:
    """Runs until `stop()`. `threads` task threads; timed work has two threads of its own, so slow providers delay no messages."""

    def __init__(self, threads: int = 2) -> None:
        self._stopping = threading.Event()
        self._work_there = threading.Condition()
        self._task_threads = [
            threading.Thread(target=self._run_tasks, name=f"tasks-{n}", daemon=True) for n in range(threads)
        ]
        self._timed_pool = ThreadPoolExecutor(2, thread_name_prefix="timed")
        self._timed_running: set[str] = set()
        self._runners: set[TaskRunner] = set()
        self._next_look: dict[str, datetime] = {}
        self._beat_at = 0.0

    def run(self) -> bool:
        """Block until stopped; a database that is away is waited for. A restored copy only shows that it is alive.

        False when something was still under way at the end: its lease frees it for another worker.
        """
        metrics.start_flushing()
        settle()
        for thread in self._task_threads:
            thread.start()
        while not self._stopping.is_set():
            try:
                close_old_connections()
                self._beat()
                if held.is_held():
                    self._stopping.wait(HELD_SECONDS)
                    continue
                self._relay()
                self._start_timed()
            except Exception:
                logger.exception("relay round failed; next one in a second")
                self._stopping.wait(1)
            self._stopping.wait(RELAY_SECONDS)
        return self._ended()

    def _ended(self) -> bool:
        """Wait a little for what is under way."""
        end = time.monotonic() + STOP_SECONDS
        self._timed_pool.shutdown(wait=False, cancel_futures=True)
        for thread in self._task_threads:
            thread.join(max(0.0, end - time.monotonic()))
        while self._timed_running and time.monotonic() < end:
            time.sleep(0.05)
        return not self._timed_running and not any(t.is_alive() for t in self._task_threads)

    def stop(self) -> None:
        """Finish what is running, start nothing new."""
        self._stopping.set()
        for runner in list(self._runners):
            runner.running = False
        with self._work_there:
            self._work_there.notify_all()

    def _beat(self) -> None:
        if time.monotonic() - self._beat_at >= HEARTBEAT_SECONDS:
            moment = now()
            TimedRun.objects.update_or_create(
                name=HEARTBEAT, defaults={"next_at": moment, "started_at": moment, "finished_at": moment}
            )
            self._beat_at = time.monotonic()

    def _relay(self) -> None:
        while not self._stopping.is_set() and self._has_room() and (ids := outbox.claim_due()):
            faults.point("outbox.claimed")
            for start in range(0, len(ids), EVENTS_PER_TASK):
                perform_events.enqueue(ids[start : start + EVENTS_PER_TASK])
            faults.point("outbox.enqueued")
            with self._work_there:
                self._work_there.notify_all()

    def _has_room(self) -> bool:
        """Whether the job library's queue is short enough for more.

        A rush waits in the outbox, not there: with leases running out in a long queue the same events would be queued
        again and again, and the queue would grow faster than it is worked off.
        """
        return DBTaskResult.objects.ready().count() < TASKS_WAITING

    def _run_tasks(self) -> None:
        while not self._stopping.is_set():
            try:
                if not held.is_held():
                    self._run_batch()
            except Exception:
                logger.exception("task thread failed; going on")
                self._stopping.wait(1)
            with self._work_there:
                if not self._stopping.is_set():
                    self._work_there.wait(SWEEP_SECONDS)

    def _run_batch(self) -> None:
        runner = self._runner()
        self._runners.add(runner)
        try:
            # Between here and `stop` one of the two sees the other.
            if not self._stopping.is_set():
                runner.run()
        finally:
            self._runners.discard(runner)

    def _runner(self) -> TaskRunner:
        """The job library's own runner, told to return when its queue is empty."""
        return TaskRunner(
            queue_names=["default"],
            excluded_queue_names=[],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=new_token(16),
        )

    def _start_timed(self) -> None:
        for job in timed():
            if job.name not in self._timed_running and self._may_start(job):
                self._timed_running.add(job.name)
                self._timed_pool.submit(self._run_timed, job)

    def _may_start(self, job: Timed) -> bool:
        """True for exactly one worker per period: whoever moves `next_at` forward first.

        A plan further ahead than the period was made by a clock that has been set back since; it is due as well.
        """
        moment = now()
        after = moment + timedelta(seconds=job.seconds)
        if moment < self._next_look.get(job.name, moment) <= after + CLOCKS_APART:
            return False
        TimedRun.objects.get_or_create(name=job.name, defaults={"next_at": moment})
        due = TimedRun.objects.filter(
            Q(name=job.name) & (Q(next_at__lte=moment) | Q(next_at__gt=after + CLOCKS_APART))
        )
        won = bool(due.update(next_at=after, started_at=moment))
        planned = TimedRun.objects.filter(name=job.name).values_list("next_at", flat=True).first()
        self._next_look[job.name] = planned or after
        return won

    def _run_timed(self, job: Timed) -> None:
        error = ""
        try:
            close_old_connections()
            faults.point("worker.timed.taken")
            job.work()
        except Exception as failure:
            logger.exception("timed work %s failed", job.name)
            error = words_of(failure)[:2000]
        finally:
            self._timed_running.discard(job.name)
            if job.seconds >= SELDOM_SECONDS:
                give_back()
        TimedRun.objects.filter(name=job.name).update(finished_at=now(), last_error=error)

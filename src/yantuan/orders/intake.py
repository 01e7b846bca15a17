"""Gathers the drafts of one process into batches that clock themselves: what arrived while the last batch was
committing is the next batch. No timer, no waiting when nobody else is there."""

from __future__ import annotations

import logging
import threading
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass

from django.db import close_old_connections, connection

from yantuan.kernel import metrics
from yantuan.kernel.errors import Busy
from yantuan.orders import refusals
from yantuan.orders.drafts import Draft, Outcome, Refused
from yantuan.orders.placing import place_orders

_log = logging.getLogger(__name__)
MAX_BATCH = 128
MAX_WAITING = 2048


@dataclass(frozen=True)
class IntakeFigures:
    """For the health page: how the batches went since the start."""

    batches: int
    drafts: int
    largest: int
    waiting: int


class Intake:
    """One booking thread with a bounded queue."""

    def __init__(self, *, max_batch: int = MAX_BATCH, max_waiting: int = MAX_WAITING) -> None:
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._queue: deque[tuple[Draft, Future[Outcome]]] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._batches = self._drafts = self._largest = 0

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive() and not self._stopping

    def start(self) -> None:
        """Start the booking thread; a second call changes nothing."""
        with self._wake:
            if self._thread is None:
                self._stopping = False
                self._thread = threading.Thread(target=self._run, name="order-intake", daemon=True)
                self._thread.start()

    def stop(self, seconds: float = 20) -> None:
        """Book everything already accepted, then end the thread; later drafts are refused as busy."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
            thread = self._thread
        if thread is not None:
            thread.join(seconds)
        self._thread = None

    def submit(self, draft: Draft) -> Future[Outcome]:
        """Queue a draft; its future is resolved after the commit that holds it. Raises Busy when the queue is full."""
        future: Future[Outcome] = Future()
        with self._wake:
            if self._stopping or self._thread is None or len(self._queue) >= self._max_waiting:
                raise Busy
            self._queue.append((draft, future))
            self._wake.notify()
        return future

    def figures(self) -> IntakeFigures:
        return IntakeFigures(self._batches, self._drafts, self._largest, len(self._queue))

    def _run(self) -> None:
        try:
            while batch := self._next():
                self._place(batch)
        finally:
            connection.close()

    def _next(self) -> list[tuple[Draft, Future[Outcome]]]:
        """The next batch; empty when stopped and drained."""
        with self._wake:
            while not self._queue and not self._stopping:
                self._wake.wait()
            return [self._queue.popleft() for _ in range(min(len(self._queue), self._max_batch))]

    def _place(self, waiting: list[tuple[Draft, Future[Outcome]]]) -> None:
        # Whoever gave up before the batch began is left out; from here on nobody can.
        batch = [(draft, future) for draft, future in waiting if future.set_running_or_notify_cancel()]
        self._batches += 1
        self._drafts += len(batch)
        self._largest = max(self._largest, len(batch))
        metrics.observe("batch_size", len(batch), bounds=metrics.SIZES)
        try:
            close_old_connections()
            outcomes = place_orders([draft for draft, _ in batch])
        except Exception:
            # The thread must outlive anything: whoever waits gets a typed answer that is safe to retry.
            _log.exception("a batch failed")
            outcomes = [Refused(refusals.outcome_unknown()) for _ in batch]
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            metrics.count("orders_decided", outcome.error.code if isinstance(outcome, Refused) else "placed")
            future.set_result(outcome)


intake = Intake()
"""The intake of this process; started by the ASGI lane's lifespan."""


def place(draft: Draft) -> Outcome:
    """Place one draft from ordinary code: through the running intake, or directly where none runs (scripts, tests)."""
    if intake.running:
        return intake.submit(draft).result(timeout=60)
    return place_orders([draft])[0]

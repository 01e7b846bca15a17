"""Gathers the checkouts of one process into batches that clock themselves: what arrived while the last batch was
committing is the next batch. No timer, no waiting when nobody else is there.

Group buys take turns in a batch, and none may fill the queue: a storm at one sale makes its own buyers wait or come
again, and nobody else.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from yantuan.identity.believed import Believed
from yantuan.kernel import metrics
from yantuan.kernel.errors import AppError, Busy, SignInNeeded
from yantuan.orders import refusals
from yantuan.orders.drafts import Draft, Outcome, Refused
from yantuan.orders.placing import place_orders

_log = logging.getLogger(__name__)
MAX_BATCH = 128
MAX_WAITING = 2048
_SALE_SHARE = 0.75
"""How much of the queue one group buy may fill."""
_IDLE_SECONDS = 5.0
"""A connection unused for this long is looked at before it is trusted."""

MakeDraft = Callable[[int], Draft]
"""Person id → draft. Raises AppError for a checkout that is refused before it is looked at."""


@dataclass(frozen=True)
class IntakeFigures:
    """For the health page: how the batches went since the start."""

    batches: int
    drafts: int
    largest: int
    waiting: int


class _Waiting:
    """One checkout in the queue, with whoever waits for its outcome: a thread, or a task of an event loop."""

    __slots__ = ("draft", "future", "make", "task", "token")

    def __init__(
        self,
        draft: Draft | None,
        future: Future[Outcome] | None,
        token: str = "",
        make: MakeDraft | None = None,
        task: asyncio.Future[Outcome] | None = None,
    ) -> None:
        self.draft = draft
        self.future = future
        self.token = token
        self.make = make
        self.task = task

    def still_there(self) -> bool:
        """False when whoever waited gave up; a thread that is still there can't any more."""
        if self.future is not None:
            return self.future.set_running_or_notify_cancel()
        return self.task is not None and not self.task.cancelled()


class Intake:
    """One booking thread with a bounded queue."""

    def __init__(self, *, max_batch: int = MAX_BATCH, max_waiting: int = MAX_WAITING) -> None:
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._max_of_one = max(1, int(max_waiting * _SALE_SHARE))
        self._lines: dict[int, deque[_Waiting]] = {}
        """Who waits, by group buy; the first to be asked next comes first."""
        self._length = 0
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._batches = self._drafts = self._largest = 0
        self._believed = Believed()
        self._used_at = 0.0

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
        self._queue(draft.group_buy_id, _Waiting(draft, future))
        return future

    def enter(self, token: str, group_buy_id: int, make: MakeDraft) -> asyncio.Future[Outcome]:
        """Queue a checkout of whoever `token` stands for; to be called and awaited in an event loop.

        The booking thread asks for all tokens of a batch at once, then makes the drafts. Raises Busy.
        """
        task: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._queue(group_buy_id, _Waiting(None, None, token, make, task))
        return task

    def figures(self) -> IntakeFigures:
        return IntakeFigures(self._batches, self._drafts, self._largest, self._length)

    def _queue(self, group_buy_id: int, one: _Waiting) -> None:
        with self._wake:
            line = self._lines.get(group_buy_id)
            full = self._length >= self._max_waiting or (line is not None and len(line) >= self._max_of_one)
            if full or self._stopping or self._thread is None:
                raise Busy
            if line is None:
                line = self._lines[group_buy_id] = deque()
            line.append(one)
            self._length += 1
            if self._length == 1:
                self._wake.notify()

    def _run(self) -> None:
        try:
            while batch := self._next():
                self._place(batch)
        finally:
            connection.close()

    def _next(self) -> list[_Waiting]:
        """The next batch, group buys taking turns; empty when stopped and drained."""
        with self._wake:
            while not self._length and not self._stopping:
                self._wake.wait()
            batch: list[_Waiting] = []
            while self._lines and len(batch) < self._max_batch:
                # Whoever had a turn goes to the end of the round.
                group_buy_id = next(iter(self._lines))
                line = self._lines.pop(group_buy_id)
                room = self._max_batch - len(batch) if not self._lines else 1
                batch += [line.popleft() for _ in range(min(room, len(line)))]
                if line:
                    self._lines[group_buy_id] = line
            self._length -= len(batch)
            return batch

    def _place(self, waiting: list[_Waiting]) -> None:
        batch = [one for one in waiting if one.still_there()]
        self._batches += 1
        self._drafts += len(batch)
        self._largest = max(self._largest, len(batch))
        metrics.observe("batch_size", len(batch), bounds=metrics.SIZES)
        try:
            outcomes = self._outcomes(batch)
        except Exception:
            # The thread must outlive anything: whoever waits gets a typed answer that is safe to retry.
            _log.exception("a batch failed")
            outcomes = [Refused(refusals.outcome_unknown()) for _ in batch]
        for outcome in outcomes:
            metrics.count("orders_decided", outcome.error.code if isinstance(outcome, Refused) else "placed")
        _answer(batch, outcomes)

    def _outcomes(self, batch: Sequence[_Waiting]) -> list[Outcome]:
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            close_old_connections()
        made = self._drafts_of(batch)
        drafts = [draft for draft in made if not isinstance(draft, AppError)]
        placed = iter(place_orders(drafts))
        self._used_at = time.monotonic()
        return [Refused(one) if isinstance(one, AppError) else next(placed) for one in made]

    def _drafts_of(self, batch: Sequence[_Waiting]) -> list[Draft | AppError]:
        try:
            people = self._people([one.token for one in batch if one.make])
        except DatabaseError:
            _log.exception("the database is not answering")
            return [one.draft or Busy(retry_after=2) for one in batch]
        return [one.draft or _made(one, people) for one in batch]

    def _people(self, tokens: list[str]) -> dict[str, int]:
        """Who the tokens stand for, asked once more on a fresh connection if the first was lost."""
        if not tokens:
            return {}
        try:
            return self._believed.people(tokens)
        except (OperationalError, InterfaceError):
            connection.close()
            return self._believed.people(tokens)


def _made(one: _Waiting, people: dict[str, int]) -> Draft | AppError:
    person_id = people.get(one.token)
    if person_id is None or one.make is None:
        return SignInNeeded()
    try:
        return one.make(person_id)
    except AppError as error:
        return error


def _answer(batch: Iterable[_Waiting], outcomes: Sequence[Outcome]) -> None:
    """Tell everybody; an event loop is woken once for all its tasks."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Outcome], Outcome]]] = {}
    for one, outcome in zip(batch, outcomes, strict=True):
        if one.task is not None:
            by_loop.setdefault(one.task.get_loop(), []).append((one.task, outcome))
        elif one.future is not None:
            one.future.set_result(outcome)
    for loop, told in by_loop.items():
        try:
            loop.call_soon_threadsafe(_tell, told)
        except RuntimeError:
            _log.warning("an event loop ended before its %d checkouts were answered", len(told))


def _tell(told: Iterable[tuple[asyncio.Future[Outcome], Outcome]]) -> None:
    for task, outcome in told:
        if not task.done():
            task.set_result(outcome)


intake = Intake()
"""The intake of this process; started by the ASGI lane's lifespan."""


def place(draft: Draft) -> Outcome:
    """Place one draft from ordinary code: through the running intake, or directly where none runs (scripts, tests)."""
    if intake.running:
        return intake.submit(draft).result(timeout=60)
    return place_orders([draft])[0]

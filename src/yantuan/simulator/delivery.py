"""Posting notices to the merchant, again and again until it says 200 or 204."""

import asyncio
import time
from dataclasses import dataclass

import httpx

from yantuan.simulator import due, notices
from yantuan.simulator.database import Row
from yantuan.simulator.world import World

# Seconds between deliveries when the merchant does not accept: 15 times within 24 h 4 min.
RETRY_SECONDS = (
    15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, 10800, 10800, 10800, 21600, 21600,
)  # fmt: skip
ANSWER_SECONDS = 5.0
ACCEPTED = (200, 204)
PARALLEL_DELIVERIES = 16
IDLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one delivery met: `status` is None when no answer came."""

    status: int | None
    milliseconds: int
    answer: str

    @property
    def accepted(self) -> bool:
        return self.status in ACCEPTED


class Courier:
    """Delivers what is due in the background, and single notices on demand."""

    def __init__(self, world: World, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._world = world
        # Proxies of the environment are ignored: notices go straight to the merchant.
        # Every notice has its own connection, as from WeChat's many machines.
        self._client = httpx.AsyncClient(
            timeout=ANSWER_SECONDS,
            follow_redirects=False,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
            transport=transport,
        )
        self._running: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()

    async def close(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._client.aclose()

    async def run(self) -> None:
        """Settle what is due and send notices whenever they are due; runs until cancelled."""
        world = self._world
        while True:
            world.wake.clear()
            due.settle(world)
            if world.settings.notice_mode == "auto":
                self._start_due()
            try:
                await asyncio.wait_for(world.wake.wait(), self._pause())
            except TimeoutError:
                continue

    def _start_due(self) -> None:
        ready = self._world.db.rows(
            "SELECT id FROM notices WHERE state = 'waiting' AND next_at <= ? ORDER BY next_at LIMIT 100",
            self._world.clock.now(),
        )
        for row in ready:
            if row["id"] not in self._in_hand and len(self._running) < PARALLEL_DELIVERIES:
                self._in_hand.add(row["id"])
                self._world.db.run(
                    "UPDATE notices SET next_at = ? WHERE id = ?",
                    self._world.clock.now() + 2 * ANSWER_SECONDS,
                    row["id"],
                )
                task = asyncio.create_task(self._deliver_in_background(row["id"]))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _deliver_in_background(self, notice_id: str) -> None:
        try:
            await self.deliver(notice_id)
        finally:
            self._in_hand.discard(notice_id)
            self._world.wake.set()

    def _pause(self) -> float:
        """Seconds until something is due, at most half a second so that a moved clock is noticed."""
        questions = [
            "SELECT min(due_at) FROM refunds WHERE status = 'PROCESSING'",
            "SELECT min(due_at) FROM share_orders WHERE state = 'PROCESSING'",
        ]
        if self._world.settings.notice_mode == "auto" and len(self._running) < PARALLEL_DELIVERIES:
            questions.append("SELECT min(next_at) FROM notices WHERE state = 'waiting'")
        rows = [self._world.db.row(question) for question in questions]
        now = self._world.clock.now()
        waits = [float(row[0]) - now for row in rows if row is not None and row[0] is not None]
        return min([IDLE_SECONDS, *(max(wait, 0.01) for wait in waits)])

    async def deliver(self, notice_id: str) -> list[Attempt]:
        """Deliver a notice now, with its flaws, and plan the next time when it was not accepted."""
        notice = notices.get(self._world, notice_id)
        flaws = notices.flaws_of(notice)
        copies = 2 if "notice_parallel" in flaws else 1
        attempts = list(await asyncio.gather(*(self._post(notice) for _ in range(copies))))
        if "notice_duplicate" in flaws:
            attempts.append(await self._post(notice))
        self._record(notice, attempts)
        return attempts

    async def _post(self, notice: Row) -> Attempt:
        rendered = notices.render(self._world, notice)
        return await self.post(rendered.url, rendered.body, rendered.headers)

    async def post(self, url: str, body: str, headers: dict[str, str]) -> Attempt:
        """One delivery of anything to the merchant."""
        started = time.monotonic()
        try:
            response = await self._client.post(url, content=body.encode(), headers=headers)
        except httpx.HTTPError as error:
            return Attempt(None, _since(started), f"{type(error).__name__}: {error}"[:300])
        return Attempt(response.status_code, _since(started), response.text[:300])

    def _record(self, notice: Row, attempts: list[Attempt]) -> None:
        world = self._world
        now = world.clock.now()
        accepted = any(attempt.accepted for attempt in attempts)
        done = notice["attempts"] + 1
        state, next_at = "accepted", None
        if not accepted:
            state, next_at = self._plan(notice, done, now)
        with world.db.transaction():
            if world.db.row("SELECT 1 FROM notices WHERE id = ?", notice["id"]) is None:
                return
            for attempt in attempts:
                world.db.insert(
                    "deliveries",
                    notice_id=notice["id"],
                    at=now,
                    status=attempt.status,
                    milliseconds=attempt.milliseconds,
                    answer=attempt.answer,
                )
            world.db.run(
                "UPDATE notices SET attempts = ?, next_at = ?, state = CASE state WHEN 'accepted' THEN state"
                " ELSE ? END WHERE id = ?",
                done,
                next_at,
                state,
                notice["id"],
            )

    def _plan(self, notice: Row, done: int, now: float) -> tuple[str, float | None]:
        if notice["state"] in ("held", "suppressed"):
            return notice["state"], None
        if done > len(RETRY_SECONDS):
            return "given_up", None
        return "waiting", now + RETRY_SECONDS[done - 1] / self._world.settings.time_factor


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)

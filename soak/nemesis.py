"""Bringing faults about and taking them back. Every method is one kind of `soak.kinds`; it returns when the fault is over."""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg

from soak.kinds import KINDS
from soak.parts import Part
from soak.storms import junk_flood, rush, slow_clients
from soak.system import System
from soak.upkeep import Upkeep
from yantuan.kernel import faults

SIMULATED = {
    "answer_system_error": {}, "answer_system_error_before": {}, "answer_garbage": {}, "answer_unsigned": {},
    "answer_bad_signature": {}, "rate_limited": {}, "notice_duplicate": {}, "notice_parallel": {},
    "notice_none": {}, "notice_delayed": {"seconds": 20}, "notice_bad_signature": {}, "notice_wrong_amount": {},
    "paid_before_close": {}, "refund_slow": {"seconds": 15},
}  # fmt: skip
"""Kinds the simulator brings about itself, with what is told to it."""
MESSAGES = ("wecom_limited", "smtp_refused", "sms_down", "wechat_busy")
WEB_POINTS = [
    p
    for p in faults.POINTS
    if p.startswith(
        (
            "orders.book",
            "payments.prepay",
            "payments.notice",
            "payments.apply",
            "payments.refund.before_commit",
        )
    )
]
WORKER_POINTS = [
    p for p in faults.POINTS
    if p.startswith(("outbox.", "notices.", "payments.refund.", "payments.close", "payments.expire", "worker."))
    and p != "payments.refund.before_commit"
]  # fmt: skip


class Nemesis(Upkeep):
    """`seconds` is how long a lasting fault lasts. Problems it sees itself go to `found`."""

    def __init__(self, system: System, seed: int) -> None:
        super().__init__(system, seed)
        missing = [kind.name for kind in KINDS if not hasattr(self, kind.name) and kind.name not in SIMULATED]
        assert not missing, missing

    def bring(self, names: list[str], more: Iterator[str] | None = None) -> None:
        """These faults at one time, from begin to end, and those of `more` in turn while the first is not over.

        `names` grows by what came of `more`. Raises what one of them could not do, after all have ended.
        """
        with ThreadPoolExecutor(len(names) + 1) as pool:
            begun = [pool.submit(self._one, name) for name in names]
            wait(begun[1:])
            while more and not begun[0].done() and (name := next(more, None)) is not None:
                names.append(name)
                begun.append(pool.submit(self._one, name))
                wait(begun[-1:])
        for one in begun:
            one.result()

    def _one(self, name: str) -> None:
        if name in SIMULATED:
            self._simulated(name)
        else:
            getattr(self, name)()

    # Processes

    def web_killed(self) -> None:
        self._a_web().kill()
        self._sleep()

    def web_child_killed(self) -> None:
        self._a_web().kill_child()
        self._sleep()

    def web_paused(self) -> None:
        with stopped([self._a_web()]):
            time.sleep(min(4, self.seconds))

    def worker_paused(self) -> None:
        with stopped(self.system.workers):
            self._sleep()

    def worker_killed(self) -> None:
        for part in self.system.workers:
            part.kill()
        self._sleep()

    def rolling_restart(self) -> None:
        """Each part ends on its own within ten seconds; the next waits until the last one serves again."""
        for part in [*self.system.webs, self.system.workers[0]]:
            took = part.stop(20)
            if took > 10:
                self.found.append(f"{part.name} took {took:.1f} s to end after SIGTERM")
            part.start()
            self.system.wait_ready(60)
        self.notes["rolling_restart"] = "ended cleanly"

    def crash_web(self) -> None:
        self._crash(self._a_web(), self.random.choice(WEB_POINTS))

    def crash_worker(self) -> None:
        self._crash(self.random.choice(self.system.workers), self.random.choice(WORKER_POINTS))

    def _crash(self, part: Part, point: str) -> None:
        """Start with the point armed, let it die there as often as it does, then start it in peace."""
        part.stop()
        part.extra = {"YANTUAN_FAULT": f"{point}:{self.random.randint(1, 20)}", "YANTUAN_TEST_FAULTS": "1"}
        part.start()
        self.system.wait_ready(60)
        self._sleep()
        part.held = True
        part.extra = {}
        part.kill()
        part.start()
        self.notes.setdefault("points", "")
        self.notes["points"] += f" {point}"

    def all_killed(self) -> None:
        for part in [*self.system.webs, *self.system.workers]:
            part.signal(signal.SIGKILL)
        if self.system.pg:
            self.system.pg.kill_all()
            self.system.pg.start()
        for part in [*self.system.webs, *self.system.workers]:
            part.kill()
        self._sleep()

    def memory_squeezed(self) -> None:
        """No more address space than now and a little; then a fresh worker."""
        part = self.system.workers[0]
        for process in part.family():
            most = process.memory_info().vms + 4 * 2**20
            process.rlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
        self._sleep()
        part.kill()

    # Database

    @property
    def pg(self) -> Any:
        return self.system.pg

    @property
    def db(self) -> Any:
        return self.system.db

    def pg_backend_killed(self) -> None:
        self.pg.kill_backend()
        self._sleep()

    def pg_killed(self) -> None:
        self.pg.kill_all()
        time.sleep(1)
        self.pg.start()

    def pg_restarted(self) -> None:
        self.pg.restart()

    def pg_paused(self) -> None:
        self.pg.pause(min(4, self.seconds))

    def pg_terminated(self) -> None:
        for _ in range(max(2, int(self.seconds / 2))):
            with suppress(psycopg.OperationalError):
                self.pg.terminate_all()
            time.sleep(1.5)

    def pg_full(self) -> None:
        with ExitStack() as strangers:
            for _ in range(100):
                try:
                    connection = psycopg.connect(self.pg.url)
                except psycopg.OperationalError:
                    break
                strangers.callback(connection.close)
            self.pg_terminated_others(strangers)
            self._sleep()

    def pg_terminated_others(self, strangers: ExitStack) -> None:
        """The product's own connections are reset, and strangers take the places before it comes back."""
        self.db.reset_all()
        for _ in range(100):
            try:
                connection = psycopg.connect(self.pg.url)
            except psycopg.OperationalError:
                return
            strangers.callback(connection.close)

    def pg_row_locked(self) -> None:
        pool = int(self.system.world["shops"][0]["offers"][0]["pool"])
        with psycopg.connect(self.pg.url) as connection:
            connection.execute("SELECT 1 FROM catalog_stockpool WHERE id = %s FOR UPDATE", [pool])
            self._sleep()
            connection.rollback()

    def db_slow(self) -> None:
        self.db.slow(20)
        self._sleep()
        self.db.heal()

    def db_jitter(self) -> None:
        self.db.slow(30, 30)
        self._sleep()
        self.db.heal()

    def db_reset(self) -> None:
        _repeat(self.db.reset_all, self.seconds)

    def db_refused(self) -> None:
        self.db.refuse()
        self._sleep()
        self.db.heal()

    def db_black_hole(self) -> None:
        self.db.black_hole()
        self._sleep()
        self.db.heal()

    def db_cut(self) -> None:
        self.db.cut_after(30_000)
        self._sleep()
        self.db.heal()

    def commit_lost(self) -> None:
        before = self.db.counted.replies_lost
        self.db.lose_commit_replies(60)
        self._sleep()
        self.db.heal()
        self.notes["commit_lost"] = f"{self.db.counted.replies_lost - before} answers to COMMIT lost"

    # Provider

    def psp_away(self) -> None:
        part = self.system.simulator
        assert part is not None
        part.held = True
        part.kill()
        self._sleep()
        part.start()
        self.system.wait_for(f"{self.system.sim}/_sim/config")

    def psp_slow(self) -> None:
        self._link(self.system.psp.slow, 2500)

    def psp_reset(self) -> None:
        _repeat(self.system.psp.reset_all, self.seconds)

    def psp_black_hole(self) -> None:
        self._link(self.system.psp.black_hole)

    def psp_cut(self) -> None:
        self._link(self.system.psp.cut_after, 700)

    def _link(self, fault: Callable[..., None], *values: float) -> None:
        fault(*values)
        self._sleep()
        self.system.psp.heal()

    def _simulated(self, kind: str) -> None:
        self.system.simulate("faults", {"kind": kind, "times": None, **SIMULATED[kind]})
        self._sleep()
        self.system.simulate(f"faults?kind={kind}", method="DELETE")

    def messages_down(self) -> None:
        for kind in MESSAGES:
            self.system.simulate("faults", {"kind": kind, "times": None})
        self._sleep()
        for kind in MESSAGES:
            self.system.simulate(f"faults?kind={kind}", method="DELETE")

    def provider_clock(self) -> None:
        for offset in (120, -120):
            self.system.simulate("clock", {"offset_seconds": offset})
            time.sleep(self.seconds / 2)
        self.system.simulate("clock", {"offset_seconds": 0})

    # Clients

    def front_slow(self) -> None:
        self.system.front.slow(200)
        self._sleep()
        self.system.front.heal()

    def front_reset(self) -> None:
        _repeat(self.system.front.reset_all, self.seconds)

    def front_black_hole(self) -> None:
        self.system.front.black_hole()
        self._sleep()
        self.system.front.heal()
        self.system.front.reset_all()

    def front_cut(self) -> None:
        self.system.front.cut_after(2500)
        self._sleep()
        self.system.front.heal()

    def slow_clients(self) -> None:
        slow_clients(self.system.front.port, 300, self.seconds)

    def junk_flood(self) -> None:
        self.notes["junk_flood"] = junk_flood(self.system.front.port, self.seconds, self.found)

    def rush(self) -> None:
        self.notes["rush"] = rush(self.system, 300, self.found)


@contextmanager
def stopped(parts: list[Part]) -> Iterator[None]:
    """These parts stand still inside the block."""
    for part in parts:
        part.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for part in parts:
            part.signal(signal.SIGCONT)


def _repeat(work: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        work()
        time.sleep(0.7)

"""One soak from start to report: baseline, one window per fault kind in the order of the seed, quiet, checks."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from soak.actors import Buyer, Town
from soak.checkers import Checkers
from soak.desk import Operator
from soak.drill import Archive, restored
from soak.facts import Facts
from soak.history import History
from soak.kinds import KINDS, LONG, Kind, companions, named, windows
from soak.leaks import growth, holdings, secrets_of, spoken, tracebacks
from soak.nemesis import Nemesis
from soak.others import Attacker, LeaderActor
from soak.system import System
from yantuan.kernel.clock import CHINA

BASELINE_SECONDS = 15.0
QUIET_SECONDS = 90.0
"""How long what is under way may take to come to its end."""
SHRINK_SECONDS = 20.0
"""What is still under way after that may go on while it has become less within this time, up to three times as long."""
END_SECONDS = 80.0
"""What is kept of the whole time for quiet and checks; they take that long when all is well."""
FAULT_SECONDS = (3.0, 8.0)
"""Least and most that a lasting fault lasts; between them as the time allows."""
LONG_PARTS = 3
"""How many times the time of another window one takes whose kind takes long by itself."""
WAITING_WELL = 150
"""Events that may wait in the outbox before people press less often."""
SLOWEST_SECONDS = 8.0
"""The longest they then pause, about."""
EVENTS_WAITING = "SELECT count(*) FROM kernel_outboxevent WHERE state = 'pending'"
PEACE_SECONDS = 1.5
"""Least peace after a fault."""
READY_SECONDS = 15.0
"""Longest an instance may take to serve again after a fault is over; on a machine so busy that the first start of the run
took more than half of this, twice that start."""
HURRY_AFTER = 15.0
"""Seconds of quiet after which leases and pauses end early, as if minutes had passed."""


@dataclass
class Window:
    """One fault (or two at once) and the peace after it, in seconds since the start of the history."""

    kinds: list[str]
    began: float
    healed: float = 0
    ended: float = 0
    ready_s: float = 0
    asked: int = 0
    answered: int = 0
    recovered_per_s: float = 0
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return " + ".join(self.kinds)


@dataclass
class Outcome:
    """All that the report tells."""

    seed: int
    database: str
    think: float = 0
    """About how long people paused, in seconds."""
    began_at: str = ""
    seconds: float = 0
    baseline: dict[str, float] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    violations: dict[str, list[str]] = field(default_factory=dict)

    @property
    def reached(self) -> set[str]:
        """Kinds brought about."""
        return {kind for window in self.windows for kind in window.kinds}

    @property
    def clean(self) -> bool:
        return not any(self.violations.values())


class Soak:
    """`seconds` is the whole budget, `only` the kinds wanted (all when empty)."""

    def __init__(
        self, *, postgres: bool, seed: int, seconds: float, only: Sequence[str], keep: Path, think: float
    ) -> None:
        self.think = think
        self.postgres, self.seed, self.seconds, self.keep = postgres, seed, seconds, keep
        self.plan: list[tuple[Kind, ...]] = (
            named(only) if only else windows([k for k in KINDS if postgres or k.sqlite], seed)
        )
        self.outcome = Outcome(seed, "PostgreSQL" if postgres else "SQLite", think)
        self.spans: list[tuple[datetime, datetime]] = []
        self.backlog, self.lowest = 0, (0, 0.0)
        self.archive: Archive | None = None

    def run(self) -> Outcome:
        """Everything; the instance is removed afterwards, the history kept beside the report when something was found."""
        self.began = time.monotonic()
        self.outcome.began_at = datetime.now(UTC).isoformat(timespec="seconds")
        count = 2 if self.postgres else 1
        with System(postgres=self.postgres, webs=count, workers=count, seed=self.seed) as self.system:
            say("starting")
            self.system.start(shops=3, offers=20, buyers=600)
            self.history = History(self.keep / "history.jsonl")
            self.facts = (
                Facts(url=self.system.pg.url)
                if self.system.pg
                else Facts(file=self.system.data / "yantuan.sqlite3")
            )
            self._act()
            self._quiet()
            self._judge()
            self.history.finish()
            if not self.outcome.clean:
                (self.keep / "logs.txt").write_text(self.system.log_ends(4000))
        self.outcome.seconds = round(time.monotonic() - self.began, 1)
        return self.outcome

    # Load and faults

    def _act(self) -> None:
        app, cashier = ("127.0.0.1", self.system.front.port), ("127.0.0.1", self.system.sim_port)
        self.town = Town(app, cashier, self.system.world, self.history, self.seed, self.think)
        thread = threading.Thread(target=lambda: asyncio.run(self._people()), name="people")
        thread.start()
        pacer = threading.Thread(target=self._pace, name="pacer", daemon=True)
        pacer.start()
        try:
            self._baseline()
            self._windows()
        finally:
            self.town.stopping = True
            thread.join(60)
            pacer.join(30)

    def _pace(self) -> None:
        """People press less often while work waits: a machine too slow for this many shall be broken, not buried."""
        most = 0
        while not self.town.stopping:
            # A database that is away at the moment has nothing to tell.
            with suppress(psycopg.Error, sqlite3.Error):
                waiting = int(self.facts.one(EVENTS_WAITING))
                most = max(most, waiting)
                self.town.think = min(SLOWEST_SECONDS, self.think * max(1.0, waiting / WAITING_WELL) ** 2)
            time.sleep(1)
        self.outcome.figures["events_waiting_at_most"] = most

    async def _people(self) -> None:
        buyers, shops = self.system.world["buyers"], self.system.world["shops"]
        groups = [buyers[n::17] for n in range(17)]
        everybody = [
            *(Buyer(self.town, f"buyer{n}", group) for n, group in enumerate(groups)),
            *(LeaderActor(self.town, f"leader{n}", shops[n % len(shops)]) for n in range(4)),
            *(Attacker(self.town, f"attacker{n}", "") for n in range(2)),
            Operator(self.town, "operator"),
        ]
        await asyncio.gather(*(actor.live() for actor in everybody))

    def _baseline(self) -> None:
        say("baseline")
        time.sleep(BASELINE_SECONDS)
        now = self.history.now
        self.outcome.baseline = {
            "answers_per_s": round(self.history.rate(now - BASELINE_SECONDS + 4, now), 1),
            "place_p50_ms": self.history.quantile("place", 0.5),
            "place_p99_ms": self.history.quantile("place", 0.99),
        }
        self.holding = holdings(self.system.parts)
        self.connections = self.system.pg.connections() if self.system.pg else 0

    def _windows(self) -> None:
        end = self.began + self.seconds - END_SECONDS
        nemesis = Nemesis(self.system, self.seed)
        while self.plan:
            if time.monotonic() > end:
                self.outcome.not_reached = sorted(kind.name for rest in self.plan for kind in rest)
                break
            # What takes long by itself has its time kept from the start, or the last of the plan would pay for it.
            parts = sum(LONG_PARTS if window[0].name in LONG else 1 for window in self.plan)
            share = (end - time.monotonic()) / parts
            kinds = self.plan.pop(0)
            shortest, longest = FAULT_SECONDS
            nemesis.seconds = min(longest, max(shortest, share * 0.45))
            peace = max(PEACE_SECONDS, min(share - nemesis.seconds, share * 0.35))
            self._window([kind.name for kind in kinds], nemesis, peace)
        self.outcome.notes = nemesis.notes
        self.outcome.violations["nemesis"] = nemesis.found
        if nemesis.archive is not None:
            file, *moments = nemesis.archive
            self.archive = Archive(file, *(moment - self.history.began for moment in moments))

    def _window(self, kinds: list[str], nemesis: Nemesis, peace: float) -> None:
        window = Window(kinds, self.history.now)
        began = datetime.now(UTC)
        try:
            nemesis.bring(kinds, companions(self.plan) if len(kinds) > 1 else None)
        except Exception as error:
            window.problems.append(
                f"{window.name} could not be brought about: {type(error).__name__}: {error}"[:300]
            )
        window.healed = self.history.now
        try:
            window.ready_s = round(self.system.wait_ready(60), 1)
        except RuntimeError:
            window.ready_s = 60.0
        calm = self.history.now
        time.sleep(peace)
        window.ended = self.history.now
        # What was under way when the fault ended may still be told of it.
        self.spans.append((began, datetime.now(UTC)))
        calls = self.history.between(window.began, window.healed)
        window.asked, window.answered = len(calls), sum(1 for c in calls if c.result != "unknown")
        window.recovered_per_s = round(self.history.rate(calm, window.ended), 1)
        self.outcome.windows.append(window)
        say(
            f"{window.name}: {window.answered}/{window.asked} answered, ready after {window.ready_s} s,"
            f" then {window.recovered_per_s}/s"
        )

    # The end

    def _quiet(self) -> None:
        """Nobody acts any more; everything under way comes to its end."""
        say("quiet")
        self.system.simulate("faults", method="DELETE")
        drill = threading.Thread(target=self._drill, name="drill")
        drill.start()
        began = time.monotonic()
        hurry_at = began + HURRY_AFTER
        while self._still_working(began):
            if time.monotonic() > hurry_at:
                # Seldom: a lease ended too early only makes the same work be taken twice.
                self.facts.hurry()
                hurry_at += HURRY_AFTER
            say(f"{self.backlog} things under way")
            time.sleep(3)
        self.outcome.figures["quiet_after_s"] = round(time.monotonic() - began, 1)
        drill.join()

    def _drill(self) -> None:
        """Put the archive of the run's middle back, beside the instance that still works."""
        self.outcome.violations["restore"] = []
        if self.archive is None:
            return
        try:
            found, note = restored(self.system, self.history, self.archive)
        except Exception as error:
            found, note = [f"the drill itself failed: {type(error).__name__}: {error}"[:600]], ""
        self.outcome.violations["restore"] = found
        self.outcome.notes["restore"] = note

    def _still_working(self, began: float) -> bool:
        """Whether something is under way, and there is still time; a backlog that shrinks is given more of it."""
        now, self.backlog = time.monotonic(), self._busy()
        if self.backlog < self.lowest[0] or now - began < 1:
            self.lowest = (self.backlog, now)
        shrinks = now - self.lowest[1] < SHRINK_SECONDS and now - began < 3 * QUIET_SECONDS
        return self.backlog > 0 and (now - began < QUIET_SECONDS or shrinks)

    def _busy(self) -> int:
        looks = (
            EVENTS_WAITING,
            "SELECT count(*) FROM payments_paymentattempt WHERE state IN ('created', 'prepaid')",
            "SELECT count(*) FROM payments_refund WHERE state IN ('created', 'processing')",
            "SELECT count(*) FROM orders_order WHERE payment = 'unpaid'",
            "SELECT count(*) FROM notices_delivery WHERE state = 'waiting'",
        )
        return sum(int(self.facts.one(sql)) for sql in looks)

    def _judge(self) -> None:
        say("judging")
        found = self.outcome.violations
        book = self.system.simulate("book", method="GET")
        found |= Checkers(self.history, self.facts, self.system.world, book).all()
        found["slips"] = [f"{text}, {count} times" for text, count in self.town.slips.items()]
        found["bill"] = self._bill()
        found["doctor"] = self._doctor()
        found["growth"] = growth(self.holding, holdings(self.system.parts))
        if self.system.pg and (now := self.system.pg.connections()) > self.connections + 5:
            found["growth"].append(f"{now} database connections, before {self.connections}")
        logs = self.system.folder / "log"
        found["spoken"] = spoken(logs, secrets_of(self.system.environment, self.system.world))
        found["tracebacks"] = tracebacks(logs, self.spans)
        found["faults"] = [p for w in self.outcome.windows for p in w.problems]
        found["recovery"] = [
            f"{w.name}: ready after {w.ready_s} s, then {w.recovered_per_s} answers/s"
            for w in self.outcome.windows
            if w.ready_s > max(READY_SECONDS, 2 * self.system.cold_start_s) or not w.recovered_per_s
        ]
        self._figures(book)

    def _bill(self) -> list[str]:
        """The comparison of the morning after, over every Beijing day the run touched."""
        first = datetime.fromisoformat(self.outcome.began_at).astimezone(CHINA).date()
        days = sorted({first, datetime.now(CHINA).date()})
        # The bill's address is the simulator's own, and one on another host than the provider's is refused.
        straight = {"YANTUAN_WECHATPAY_BASE_URL": self.system.sim}
        try:
            told = json.loads(self.system.python("soak.bill", *(day.isoformat() for day in days), **straight))
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            return [f"could not be compared: {error}"[-600:]]
        self.outcome.figures["bill_rows"] = told["rows"]
        return list(told["differences"])

    def _doctor(self) -> list[str]:
        try:
            checked = self.system.command("check", "--json")
        except subprocess.TimeoutExpired as error:
            return [f"could not be asked: {error}"]
        return [] if checked.returncode == 0 else [checked.stdout[-4000:] + checked.stderr[-500:]]

    def _figures(self, book: dict[str, Any]) -> None:
        totals = book["totals"]
        messages = self.facts.rows(
            "SELECT channel, state, count(*) AS n, max(tries) AS tries FROM notices_delivery GROUP BY channel, state"
            " ORDER BY channel, state"
        )
        self.outcome.figures |= {
            "calls": len(self.history.calls),
            "results": self.history.counts(),
            "orders": self.facts.one("SELECT count(*) FROM orders_order"),
            "events": self.facts.one("SELECT count(*) FROM kernel_outboxevent WHERE state = 'done'"),
            "paid_orders": totals["paid_orders"],
            "paid_fen": totals["paid"],
            "refunded_fen": totals["refunded"],
            "refunds": self.facts.one("SELECT count(*) FROM payments_refund WHERE state = 'succeeded'"),
            "extra_payments_given_back": self.facts.one(
                "SELECT count(*) FROM payments_paymentattempt WHERE extra"
            ),
            "notices": self.facts.one("SELECT coalesce(sum(seen), 0) FROM payments_providernotice"),
            "deliveries": {f"{m['channel']} {m['state']}": int(m["n"]) for m in messages},
            "most_tries": {f"{m['channel']} {m['state']}": int(m["tries"]) for m in messages},
            "place_p50_ms": self.history.quantile("place", 0.5),
            "place_p99_ms": self.history.quantile("place", 0.99),
            "restarts": self.system.supervisor.restarts,
            "cold_start_s": self.system.cold_start_s,
        }


def say(text: str) -> None:
    """One line of progress."""
    print(f"{datetime.now():%H:%M:%S} {text}", flush=True)  # noqa: T201, DTZ005


def write_json(outcome: Outcome, file: Path) -> None:
    """The whole outcome, for programs."""
    file.write_text(json.dumps(asdict(outcome), ensure_ascii=False, indent=1, default=str) + "\n")

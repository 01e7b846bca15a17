"""What every rule of the machine uses: the story's clock, its rows, its model, and the comparison after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from machine.model import Model, Order, Refusal
from machine.provider import Provider
from machine.shop import Shop, open_shop
from machine.sync import Sync
from yantuan.aftersales import deciding
from yantuan.fulfilment import receiving
from yantuan.kernel import clock, outbox
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import OutboxEvent
from yantuan.payments import closing, gateway, inbox, refund_work
from yantuan.reports.checks import run_checks
from yantuan.reports.rules import RULES

T = TypeVar("T")
START = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
WHICH = st.integers(0, 999)
TIMED = ("ST5", "N1", "P2", "P3", "P5", "R1")
"""Rules about work that stands still: true when the worker has caught up, as it has at the end of each story."""
APART = ("D2",)
"""Durability and disk of the instance: the test server runs without fsync."""
TIMELESS = [name for name in RULES if name not in (*TIMED, *APART)]
CHECK_EVERY = 8
JOBS: tuple[Callable[[], int], ...] = (
    lambda: closing.watch_due(),
    lambda: closing.expire_due(),
    lambda: refund_work.push_due(),
    lambda: inbox.handle_left_over(),
    lambda: receiving.receive_due(),
    lambda: deciding.decide_silent(),
)
"""Timed work of the trade, looked up late so that a fault planted in a module is met."""
NOTHING_YET = "no such thing yet"


class Base(RuleBasedStateMachine):
    """One shop in a transaction that is rolled back at the end, at a time of its own."""

    provider: ClassVar[Provider]
    reached: ClassVar[Counter[str]] = Counter()
    """What the stories told so far came to, for the line printed at the end of a run."""

    def __init__(self) -> None:
        super().__init__()
        self.moment, self.skew, self.steps, self.serial = START, timedelta(0), 0, 0
        self._wall = clock._source
        self._block = transaction.atomic()
        # As with the transaction a test case wraps around itself: remote calls are allowed in this one, in no other.
        self._block._from_testcase = True  # type: ignore[attr-defined]
        self._block.__enter__()
        clock._source = lambda: self.moment + self.skew
        self.provider.begin(self.moment)
        self.troubled = False
        self.shop: Shop
        self.model: Model
        self.finished = False

    def open(self, hot: int) -> None:
        self.shop, self.model = open_shop(self.provider, hot)

    @property
    def now(self) -> datetime:
        """What the product takes for the present."""
        return self.moment + self.skew

    @property
    def calm(self) -> bool:
        """Nothing is wrong at the provider's side, so that outcomes are determined."""
        return self.provider.mood == "fine" and not self.troubled and abs(self.skew) < timedelta(seconds=250)

    def number(self) -> int:
        self.serial += 1
        return self.serial

    def tick(self, seconds: float = 1) -> None:
        self.moment += timedelta(seconds=seconds)
        self.provider.clock.moment = self.moment

    def pick(self, rows: Sequence[T], number: int) -> T:
        return rows[number % len(rows)]

    def order(self, number: int, fits: Callable[[Order], bool]) -> Order:
        """Mostly an order the step is meant for, one time in five any."""
        every = list(self.model.orders.values())
        good = [order for order in every if fits(order)]
        return self.pick(good if good and number % 5 else every, number // 5)

    def code(self, work: Callable[[], Any]) -> str:
        """The refusal's code, or nothing."""
        try:
            work()
        except AppError as error:
            return error.code
        return ""

    def attempt(self, expect: Callable[[], Any], work: Callable[[], Any]) -> bool:
        """Do what the model judges first; the product must judge alike, and everything must be as the model says."""
        self.tick()
        wanted = ""
        try:
            expect()
        except Refusal as refusal:
            wanted = refusal.code
        got = self.code(work)
        assert got == wanted, f"refused with {got!r}, ought to be {wanted!r}"
        self.look()
        return not wanted

    def look(self) -> None:
        """Compare everything."""
        Sync(self.model, self.provider, self.now).run()

    # The worker, one row at a time so that every interleaving is the story's own

    def work(self) -> None:
        for job in JOBS:
            for _ in range(80):
                if not job():
                    break
                self.look()
        self.events()

    def events(self, limit: int = 400) -> None:
        for _ in range(limit):
            due = outbox.claim_due(1)
            if not due:
                return
            topic = OutboxEvent.objects.values_list("topic", flat=True).get(id=due[0])
            outbox.perform(due[0])
            if topic.startswith("refund."):
                self.look()

    def checks(self, rules: Sequence[str]) -> None:
        """`yantuan check` on our rows."""
        report = run_checks(rules)
        found = [f"{v.rule}: {v.found} ({v.expected})" for v in report.violations]
        assert not found and not report.unchecked, (found, report.unchecked)

    def tally(self) -> None:
        """Count what this story came to."""
        model, count = self.model, self.reached
        count["stories"] += 1
        count["orders"] += len(model.orders)
        count["payments"] += sum(trade.booked for trade in model.trades.values())
        count.update(f"refund {refund.cause}" for refund in model.refunds)
        count.update(f"case {case.state}" for case in model.cases.values())
        count.update(f"goods {order.delivery}" for order in model.orders.values())

    def close_story(self) -> None:
        gateway.reset()
        clock._source = self._wall
        transaction.set_rollback(True)
        self._block.__exit__(None, None, None)

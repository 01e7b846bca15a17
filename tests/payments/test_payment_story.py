"""Any story of orders, payments, refunds, cancelling and running out, told by chance: after every step the books add up, and
in the end the provider's book and ours agree to the fen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from fakepay import FakeProvider
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from payworld import World, lines_of, make_world

from yantuan.kernel import clock
from yantuan.kernel.config import Config
from yantuan.kernel.errors import AppError
from yantuan.orders.models import Order
from yantuan.payments import apply, closing, gateway, refund_work
from yantuan.payments.actions import (
    PayWish,
    Wish,
    cancel,
    confirm_offline_refund,
    confirm_proof,
    pay,
    refresh,
    refund_as_leader,
    reject_proof,
    retry_refund,
    send_proof,
)
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader

CHECKED = ("M1", "L4", "L5", "ST1", "ST2", "ST3", "ST4", "O1", "O2", "O4", "P1", "P4", "R1")
which = st.integers(0, 10**6)


class Story(RuleBasedStateMachine):
    """Steps anybody may take at any moment; refusals are fine, broken books are not."""

    def __init__(self) -> None:
        super().__init__()
        self.rollback = transaction.atomic()
        self.rollback.__enter__()
        self.moment = datetime(2026, 11, 22, 4, 0, tzinfo=clock.CHINA)
        self.wall = clock._source
        clock._source = lambda: self.moment
        self.shop: World = make_world(units=6, offers=2, price_fen=1999, freight_fen=700, limit=4)
        self.people = [self.shop.buyer() for _ in range(2)]
        depth = len(connection.savepoint_ids) + len(connection.atomic_blocks)
        self.provider = FakeProvider(depth=depth)
        gateway.reset(self.provider)  # type: ignore[arg-type]

    def teardown(self) -> None:
        try:
            self._all_ends_well()
        finally:
            gateway.reset()
            clock._source = self.wall
            transaction.set_rollback(True)
            self.rollback.__exit__(None, None, None)

    def attempt(self, work: Callable[[], Any]) -> None:
        with suppress(AppError):
            work()

    def pick(self, rows: Any, number: int) -> Any:
        found = list(rows.order_by("id"))
        return found[number % len(found)] if found else None

    @initialize()
    def two_buyers_are_at_the_cashier(self) -> None:
        for who in (0, 1):
            self.buy(who, (1, 1), "native", "nothing")

    @rule(who=st.integers(0, 1), units=st.tuples(st.integers(1, 3), st.integers(1, 2)), offline=st.booleans())
    def place(self, who: int, units: tuple[int, int], offline: bool) -> None:
        self.placed(who, units, "offline" if offline else "wechatpay")

    def placed(self, who: int, units: tuple[int, int], method: str) -> Order | None:
        try:
            return self.shop.order(self.people[who], *units, method=method)
        except AssertionError as refused:
            assert "Refused" in str(refused)
            return None

    @rule(
        who=st.integers(0, 1), units=st.tuples(st.integers(1, 3), st.integers(1, 2)),
        channel=st.sampled_from(["native", "h5"]), then=st.sampled_from(["nothing", "cashier", "return"]),
    )  # fmt: skip
    def buy(self, who: int, units: tuple[int, int], channel: Any, then: str) -> None:
        order = self.placed(who, units, "wechatpay")
        if order is None:
            return
        self.attempt(lambda: pay(order.person, order.id, PayWish(channel, "/", "10.0.0.1")))
        attempt = PaymentAttempt.objects.filter(order=order).first()
        if attempt is not None and then != "nothing":
            self.provider.pay(attempt.out_trade_no)
        if then == "return":
            self.attempt(lambda: refresh(order.person, order.id))

    @precondition(lambda self: Order.objects.exists())
    @rule(number=which, channel=st.sampled_from(["native", "h5"]))
    def press_pay(self, number: int, channel: Any) -> None:
        order = self.pick(Order.objects, number)
        self.attempt(lambda: pay(order.person, order.id, PayWish(channel, "/", "10.0.0.1")))

    @precondition(lambda self: PaymentAttempt.objects.exists())
    @rule(number=which)
    def pay_in_the_cashier(self, number: int) -> None:
        self.provider.pay(self.pick(PaymentAttempt.objects, number).out_trade_no)

    @precondition(lambda self: any(o["state"] == "CLOSED" for o in self.provider.orders.values()))
    @rule(number=which)
    def money_comes_for_a_closed_number(self, number: int) -> None:
        """Against the provider's promise: what was closed is paid all the same."""
        closed = sorted(n for n, o in self.provider.orders.items() if o["state"] == "CLOSED")
        chosen = closed[number % len(closed)]
        self.provider.orders[chosen].update(state="NOTPAY", expire=clock.now() + timedelta(days=1))
        self.provider.pay(chosen)
        apply.apply_transaction(self.provider.shown(chosen), "notice")

    @precondition(lambda self: any("at" in o for o in self.provider.orders.values()))
    @rule(number=which, times=st.integers(1, 2))
    def a_notice_comes(self, number: int, times: int) -> None:
        paid = sorted(n for n, o in self.provider.orders.items() if "at" in o)
        for _ in range(times):
            apply.apply_transaction(self.provider.shown(paid[number % len(paid)]), "notice")

    @precondition(lambda self: Order.objects.exists())
    @rule(number=which)
    def come_back(self, number: int) -> None:
        order = self.pick(Order.objects, number)
        self.attempt(lambda: refresh(order.person, order.id))

    @precondition(lambda self: Order.objects.exists())
    @rule(number=which)
    def cancel(self, number: int) -> None:
        order = self.pick(Order.objects, number)
        self.attempt(lambda: cancel(order.person, order.id, "不要了"))

    @precondition(lambda self: Order.objects.exists())
    @rule(
        number=which, whole=st.booleans(), units=st.integers(1, 3), amount=st.none() | st.integers(0, 4000),
        freight=st.booleans(), restock=st.booleans(),
    )  # fmt: skip
    def refund(
        self, number: int, whole: bool, units: int, amount: int | None, freight: bool, restock: bool
    ) -> None:
        order = self.pick(Order.objects, number)
        wishes = [] if whole else [Wish(lines_of(order)[number % 2].id, units, amount)]
        self.attempt(
            lambda: refund_as_leader(
                self.shop.leader_person,
                order.id,
                wishes,
                include_freight=freight,
                reason="缺货",
                restock=restock,
            )
        )

    @precondition(lambda self: Order.objects.filter(payment_method="offline").exists())
    @rule(number=which, answer=st.sampled_from(["confirm", "reject", "wait"]))
    def prove(self, number: int, answer: str) -> None:
        order = self.pick(Order.objects.filter(payment_method="offline"), number)
        self.attempt(lambda: send_proof(order.person, order.id, None, ""))
        proof = OfflineProof.objects.filter(order=order).order_by("-id").first()
        if proof is not None and answer != "wait":
            leader = self.shop.leader_person
            decide = {
                "confirm": lambda: confirm_proof(leader, proof.id),
                "reject": lambda: reject_proof(leader, proof.id, "没到"),
            }
            self.attempt(decide[answer])

    @precondition(lambda self: Refund.objects.exists())
    @rule(number=which)
    def leader_looks_after_a_refund(self, number: int) -> None:
        refund = self.pick(Refund.objects, number)
        leader = self.shop.leader_person
        self.attempt(lambda: retry_refund(leader, refund.id))
        self.attempt(lambda: confirm_offline_refund(leader, refund.id))

    @rule(
        mood=st.sampled_from(["fine", "fine", "silent", "forgetful"]),
        fails=st.sampled_from(["", "", "ABNORMAL", "CLOSED"]),
    )
    def the_provider_changes_mood(self, mood: Any, fails: str) -> None:
        self.provider.mood, self.provider.next_refund_fails = mood, fails

    @rule(seconds=st.sampled_from([3, 40, 400, 1000]))
    def time_passes_and_the_worker_works(self, seconds: int) -> None:
        self.moment += timedelta(seconds=seconds)
        self.work()

    def work(self) -> None:
        closing.watch_due()
        closing.expire_due()
        refund_work.push_due()

    @invariant()
    def the_books_add_up(self) -> None:
        reader = Reader(clock.now())
        assert {r: found for r in CHECKED if (found := RULES[r].check(reader))} == {}

    def _all_ends_well(self) -> None:
        self.provider.mood, self.provider.next_refund_fails = "fine", ""
        for _ in range(2):
            for refund in Refund.objects.exclude(state="succeeded"):
                self.attempt(lambda one=refund: retry_refund(self.shop.leader_person, one.id))  # type: ignore[misc]
            for _ in range(Refund.objects.count() + 4):
                self.moment += timedelta(seconds=1000)
                self.work()
        self.the_books_add_up()
        assert not PaymentAttempt.objects.filter(state__in=["created", "prepaid"]).exists()
        assert not Refund.objects.exclude(state="succeeded").filter(attempt__isnull=False).exists()
        online = Order.objects.filter(payment_method="wechatpay")
        assert {o.payment for o in online} <= {"paid", "partly_refunded", "refunded", "closed"}
        assert sum(o.paid_fen - o.refunded_fen for o in online) == self.provider.kept()
        assert all(o.paid_fen == o.refunded_fen for o in online if o.payment == "closed")


def test_any_story_ends_with_both_books_agreeing(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))
    monkeypatch.setattr("yantuan.payments.gateway.settings", lambda cfg: None)
    monkeypatch.setattr("yantuan.kernel.ratelimit.hit", lambda *args, **kwargs: None)
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

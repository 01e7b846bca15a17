"""A payment written while its account is withdrawn: either it was there first and is found, or it is never written."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections
from merchantworld import several_leaders
from payworld import Simulator, World, make_world, start_pay

from yantuan.kernel.db import vendor
from yantuan.kernel.errors import AppError, Conflict
from yantuan.merchants import actions, routing
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import attempts, jobs
from yantuan.payments.models import PaymentAttempt

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marked(transactional_db: None, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> World:
    """A store of the operator's own where several leaders sell."""
    if vendor() != "postgresql":
        pytest.skip("SQLite lets one writer in at a time")
    several_leaders(monkeypatch)
    world = make_world()
    actions.mark_own(world.store.id, "平台自营", 1)
    return world


def _paused(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """The payment stops after it was written, its transaction still open."""
    written, go_on, real = threading.Event(), threading.Event(), attempts._create

    def create(*args: Any) -> PaymentAttempt:
        made = real(*args)
        written.set()
        assert go_on.wait(20)
        return made

    monkeypatch.setattr(attempts, "_create", create)
    return written, go_on


def _thread(work: Any, failures: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


def _until(true: Any) -> None:
    for _ in range(400):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never came")


def _race(world: World, monkeypatch: pytest.MonkeyPatch, *, waits: bool) -> list[BaseException]:
    order, failures = world.order(), []
    written, go_on = _paused(monkeypatch)
    paying = _thread(lambda: start_pay(order), failures)
    assert written.wait(20)
    taking = _thread(lambda: actions.unmark_own(world.store.id, "不再自营", 1), failures)
    if waits:
        _until(_waits_for_a_lock)
        assert MerchantAccount.objects.get().retired_at is None
    else:
        taking.join(20)
    go_on.set()
    paying.join(20)
    taking.join(20)
    return failures


def test_a_withdrawal_waits_for_the_payment_and_then_ends_it(
    marked: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _race(marked, monkeypatch, waits=True) == []
    attempt = PaymentAttempt.objects.get()
    assert (attempt.account_id, attempt.state) == (None, "prepaid")
    jobs.close_stray_payments({"store_id": str(marked.store.id)})
    attempt.refresh_from_db()
    assert attempt.state == "closed" and sim.book(attempt.out_trade_no)["state"] == "CLOSED"
    with pytest.raises(Conflict):
        start_pay(attempt.order)
    assert PaymentAttempt.objects.count() == 1


def test_control_without_the_hold_the_withdrawal_overtakes_the_payment(
    marked: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "_hold", lambda account_id: None)
    assert _race(marked, monkeypatch, waits=False) == []
    assert MerchantAccount.objects.get().retired_at is not None
    # The payment was committed after its account had gone: what the hold is there to prevent.
    assert PaymentAttempt.objects.get().account_id is None
    jobs.close_stray_payments({"store_id": str(marked.store.id)})


def test_a_payment_after_the_withdrawal_is_never_written(marked: World, sim: Simulator) -> None:
    order = marked.order()
    actions.unmark_own(marked.store.id, "不再自营", 1)
    with pytest.raises(AppError) as refused:
        start_pay(order)
    assert refused.value.code == "wechatpay_not_offered" and not PaymentAttempt.objects.exists()

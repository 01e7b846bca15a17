"""The operator's desk for what bill, rows and orders don't agree on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from payworld import Simulator, World, fresh, start_pay

from console_login import signed_in_operator
from yantuan.console import waits
from yantuan.kernel import clock
from yantuan.kernel.clock import CHINA
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.kernel.models import AuditEntry
from yantuan.orders.models import Order
from yantuan.payments import actions as payments
from yantuan.payments import differences, reconcile
from yantuan.payments.models import BillDifference, PaymentAttempt

LIST = "admin:payments_billdifference_changelist"


@pytest.fixture
def desk(db: None, settings: Any) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return signed_in_operator()[0]


@pytest.fixture
def today(sim: Simulator) -> date:
    sim.call("POST", "/config", {"bills_at_once": True})
    return clock.now().astimezone(CHINA).date()


@pytest.fixture
def attempt(world: World, sim: Simulator, today: date) -> PaymentAttempt:
    """A payment whose transaction id isn't the bill's, found by the comparison."""
    order = world.order(world.buyer(sim))
    _, made = start_pay(order)
    sim.pay(made.out_trade_no)
    payments.refresh(order.person, order.id)
    made.refresh_from_db()
    _wrong(made)
    assert reconcile.reconcile(today) == 1
    return made


def _wrong(attempt: PaymentAttempt) -> None:
    PaymentAttempt.objects.filter(id=attempt.id).update(transaction_id="4200000000000000000000000000")


def _right(attempt: PaymentAttempt) -> None:
    PaymentAttempt.objects.filter(id=attempt.id).update(transaction_id=attempt.transaction_id)


def _page(row: BillDifference, what: str) -> str:
    return reverse(f"admin:payments_billdifference_{what}", args=[row.id])


def test_the_list_says_what_differs_and_can_be_narrowed(
    desk: Client, attempt: PaymentAttempt, today: date
) -> None:
    text = desk.get(reverse(LIST)).content.decode()
    assert attempt.out_trade_no in text and "微信支付单号和我们记的不同" in text and "平台" in text
    for query, there in (
        (f"day={today}", True), ("day=2020-01-01", False), ("account=operator", True), ("account=5", False),
        ("state=open", True), ("state=settled", False), (f"q={attempt.order_id}", True), ("day=x", True),
    ):  # fmt: skip
        shown = desk.get(f"{reverse(LIST)}?{query}").content.decode()
        assert (attempt.out_trade_no in shown) is there, query
    row = BillDifference.objects.get()
    page = desk.get(_page(row, "change")).content.decode()
    assert "商户订单号" in page and "out_trade_no" in page
    assert waits.bill_differences() == 1
    _right(attempt)


def test_asking_again_closes_what_agrees_now(desk: Client, attempt: PaymentAttempt) -> None:
    row = BillDifference.objects.get()
    for state in ("open", "gone"):
        if state == "gone":
            _right(attempt)
        assert desk.get(_page(row, "ask_again")).status_code == 200
        assert desk.post(_page(row, "ask_again")).status_code == 302
        row.refresh_from_db()
        assert row.state == state
    asked = AuditEntry.objects.filter(action="bill_difference.ask").order_by("seq")
    assert [entry.data["state"] for entry in asked] == ["open", "gone"]
    # What agrees is not asked about again; should it differ once more, it opens.
    assert desk.get(_page(row, "settle")).status_code == 403
    _wrong(attempt)
    assert reconcile.reconcile(row.day) == 1
    row.refresh_from_db()
    assert row.state == "open"
    _right(attempt)


def test_settling_needs_words_and_lasts(desk: Client, attempt: PaymentAttempt) -> None:
    row = BillDifference.objects.get()
    assert "原因" in desk.post(_page(row, "settle"), {"reason": ""}).content.decode()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("open", "")
    assert desk.post(_page(row, "settle"), {"reason": "已在商户平台核对，单号补录"}).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.reason, row.decided_by is not None) == (
        "settled",
        "已在商户平台核对，单号补录",
        True,
    )
    assert AuditEntry.objects.get(action="bill_difference.settle").reason == row.reason
    with pytest.raises(Conflict):
        differences.settle(row.id, "又一次", 1)
    with pytest.raises(NotFound):
        differences.settle(1, "没有的", 1)
    reconcile.reconcile(row.day)
    row.refresh_from_db()
    assert row.state == "settled" and waits.bill_differences() == 0
    _right(attempt)


def test_an_order_that_does_not_know_of_its_payment_is_found(
    world: World, sim: Simulator, today: date
) -> None:
    order = world.order(world.buyer(sim))
    _, made = start_pay(order)
    sim.pay(made.out_trade_no)
    payments.refresh(order.person, order.id)
    Order.objects.filter(id=order.id).update(payment="closed")
    assert reconcile.reconcile(today) == 1
    row = BillDifference.objects.get()
    assert (row.problem, row.order_id, row.store_id) == ("order_not_paid", order.id, world.store.id)
    Order.objects.filter(id=order.id).update(payment="paid")
    assert reconcile.reconcile(today) == 0 and fresh(order).payment == "paid"


def test_an_empty_desk_says_so(desk: Client, sim: Simulator) -> None:
    assert desk.get(reverse(LIST)).status_code == 200
    assert "账单、支付单和订单都对得上" in desk.get(reverse("admin:index")).content.decode()

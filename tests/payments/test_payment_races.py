"""Many things at the same instant, on PostgreSQL, where they really overlap. Each guard has a control that shows what it guards against."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connections
from payworld import Simulator, World, counts, fresh, lines_of, make_world, post_notice, run_out, start_pay

from yantuan.kernel.db import vendor
from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import actions as orders
from yantuan.orders.models import Order, OrderEvent
from yantuan.payments import actions, closing, refund_work
from yantuan.payments.actions import Wish, cancel, pay, refresh, refund_as_leader
from yantuan.payments.models import PaymentAttempt, ProviderNotice, Refund
from yantuan.payments.paying import PayWish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _only_where_threads_overlap(transactional_db: None) -> Iterator[None]:
    if vendor() != "postgresql":
        pytest.skip("SQLite's in-memory test database has one connection")
    yield


@pytest.fixture
def shop(sim: Simulator) -> World:
    return make_world()


def together(*works: Callable[[], Any]) -> list[Any]:
    """Start all at one instant; answers each result or the exception it ended with."""
    gate, results = threading.Barrier(len(works)), [None] * len(works)

    def run(position: int, work: Callable[[], Any]) -> None:
        gate.wait(60)
        try:
            results[position] = work()
        except Exception as error:
            results[position] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def _paid(shop: World, sim: Simulator, *quantities: int) -> tuple[Order, PaymentAttempt]:
    order = shop.order(None, *quantities)
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    refresh(order.person, order.id)
    return order, attempt


def test_the_same_notice_many_times_at_once(shop: World, sim: Simulator) -> None:
    """PAY-02."""
    order = shop.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    rendered = sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])
    assert together(*[lambda: post_notice(rendered)] * 24) == [204] * 24
    row = ProviderNotice.objects.get()
    assert (row.seen, row.outcome) == (24, "applied") or row.outcome == "repeated"
    assert OrderEvent.objects.filter(order=order, event="pay").count() == 1
    assert fresh(order).paid_fen == order.total_fen
    assert counts(shop.offers[0]) == (9, 0, 1) and not Refund.objects.exists()


def test_pressing_pay_in_many_tabs_makes_one_attempt(shop: World, sim: Simulator) -> None:
    order = shop.order()
    answers = together(*[lambda: pay(order.person, order.id, PayWish("native"))] * 4)
    assert [a.kind for a in answers] == ["qr"] * 4
    assert PaymentAttempt.objects.filter(order=order).count() == 1


def _full(shop: World, order: Order) -> Callable[[], Refund]:
    return lambda: refund_as_leader(
        shop.leader_person, order.id, [], include_freight=True, reason="缺货", restock=True
    )


def _part(shop: World, order: Order, amount: int) -> Callable[[], Refund]:
    wish = Wish(lines_of(order)[0].id, 1, amount)
    return lambda: refund_as_leader(
        shop.leader_person, order.id, [wish], include_freight=False, reason="补偿", restock=False
    )


def test_many_full_refunds_at_once_are_one(shop: World, sim: Simulator) -> None:
    """REF-02."""
    order, attempt = _paid(shop, sim, 2)
    results = together(*[_full(shop, order)] * 16)
    assert sum(isinstance(r, Refund) for r in results) == 1
    assert {r.code for r in results if isinstance(r, Conflict)} == {"nothing_to_refund"}
    refund = Refund.objects.get()
    together(*[lambda: refund_work.push(refund.id)] * 4)
    with sim.later(10):
        together(*[refund_work.push_due] * 4)
    assert sim.book(attempt.out_trade_no)["refunded"] == order.total_fen == fresh(order).refunded_fen
    assert fresh(order).payment == "refunded" and counts(shop.offers[0]) == (10, 0, 0)


def test_three_parts_of_forty_percent_are_at_most_two(shop: World, sim: Simulator) -> None:
    """REF-03."""
    order, _ = _paid(shop, sim)
    results = together(*[_part(shop, order, 1596)] * 3)
    assert sum(isinstance(r, Refund) for r in results) == 2
    assert [r.code for r in results if isinstance(r, AppError)] == ["refund_exceeds_paid"]


def test_control_without_the_order_lock_refunds_overlap(
    shop: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same three parts with the lock taken away: all see the same money left, and only the database's CHECK stops them."""
    order, _ = _paid(shop, sim)
    meet = threading.Barrier(3)
    left_of_lines = actions.left_of_lines

    def unlocked(order_id: int) -> Order:
        return Order.objects.get(id=order_id)

    def read_together(lines: Any) -> Any:
        found = left_of_lines(lines)
        meet.wait(60)
        return found

    monkeypatch.setattr(actions, "lock_order", unlocked)
    monkeypatch.setattr(orders, "lock_order", unlocked)
    monkeypatch.setattr(actions, "left_of_lines", read_together)
    results = together(*[_part(shop, order, 1596)] * 3)
    assert sum(isinstance(r, IntegrityError) for r in results) == 1
    assert not any(isinstance(r, AppError) for r in results)


@pytest.mark.parametrize("turn", range(6))
def test_cancel_expiry_and_success_at_once_end_in_one_legal_way(
    shop: World, sim: Simulator, turn: int
) -> None:
    """STK-07: the buyer pays, cancels, and the hold runs out in the same second."""
    order = shop.order()
    _, attempt = start_pay(order)
    run_out(order)

    def notice() -> object:
        sim.pay(attempt.out_trade_no)
        return post_notice(sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"]))

    works: list[Callable[[], Any]] = [
        notice,
        lambda: cancel(order.person, order.id, ""),
        closing.watch_due,
        closing.expire_due,
    ]
    together(*works[turn % 4 :], *works[: turn % 4])
    PaymentAttempt.objects.filter(next_poll_at__isnull=False).update(next_poll_at="2026-01-01T00:00:00Z")
    closing.watch_due()
    closing.expire_due()
    end, told = fresh(order), sim.book(attempt.out_trade_no)["paid"]
    if told:
        assert (end.payment, end.paid_fen) == ("paid", order.total_fen) or (
            end.payment == "closed" and Refund.objects.get().amount_fen == order.total_fen == end.paid_fen
        )
    else:
        assert (end.payment, end.paid_fen) == ("closed", 0)
    assert counts(shop.offers[0]) == ((9, 0, 1) if end.payment == "paid" else (10, 0, 0))
    assert PaymentAttempt.objects.filter(state__in=["created", "prepaid"]).count() == 0


def test_many_workers_expire_each_order_once(shop: World, sim: Simulator) -> None:
    """STK-06."""
    placed = [shop.order() for _ in range(8)]
    for order in placed:
        run_out(order)
    together(*[closing.expire_due] * 3)
    assert {fresh(order).payment for order in placed} == {"closed"}
    assert OrderEvent.objects.filter(event="close").count() == 8
    assert counts(shop.offers[0]) == (10, 0, 0)


def test_two_paid_attempts_at_once_pay_once_and_give_one_back(shop: World, sim: Simulator) -> None:
    """PAY-11 in parallel."""
    order = shop.order()
    _, first = start_pay(order)
    sim.pay(first.out_trade_no)
    PaymentAttempt.objects.filter(id=first.id).update(state="closed", next_poll_at=None)
    _, second = start_pay(order, "h5")
    sim.pay(second.out_trade_no)
    posts = [sim.rendered(sim.notices(a.out_trade_no)[0]["id"]) for a in (first, second)]
    assert together(*[lambda p=p: post_notice(p) for p in posts * 3]) == [204] * 6  # type: ignore[misc]
    assert fresh(order).payment == "paid" and OrderEvent.objects.filter(event="pay").count() == 1
    assert Refund.objects.get().cause == "extra"
    assert PaymentAttempt.objects.filter(state="succeeded", extra=False).count() == 1
    assert counts(shop.offers[0]) == (9, 0, 1)

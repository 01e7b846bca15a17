"""Trouble on the running product: money at the last moment, notices many times over, a worker killed at work."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stack import Stack
from story.people import Bell, Browser, Simulator, kill, until, worker_of

pytestmark = pytest.mark.stack


def demo_sale(buyer: Browser) -> dict[str, Any]:
    """The demo shop's running sale, as its link shows it."""
    code = buyer.get("/orders")["items"][0]["group_buy_code"]
    page: dict[str, Any] = buyer.get(f"/g/{code}")
    assert page["status"] == "open"
    return page


def waiting_order(buyer: Browser) -> tuple[dict[str, Any], str]:
    """An order about to be paid, and the number of its payment."""
    page = demo_sale(buyer)
    order = buyer.order(page, [page["products"][-1]["offers"][0]])
    buyer.post(f"/orders/{order['id']}/pay", {"channel": "h5"})
    return order, Simulator(buyer.stack).payment_of(order["total_fen"])


def facts(buyer: Browser, leader: Browser, order_id: str) -> str:
    """What everybody sees of an order, as one text."""
    store = leader.get("/leader/stores")[0]["id"]
    both = [buyer.get(f"/orders/{order_id}"), leader.get(f"/leader/orders/{order_id}")]
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    money = leader.get(f"/leader/stores/{store}/statement?first={today - timedelta(days=7)}&last={today}")
    return json.dumps([both, money], sort_keys=True)


def test_money_at_the_moment_of_cancelling(stack: Stack) -> None:
    """The provider takes the money just before the close: the money wins, and a second tap gives it back whole."""
    buyer = Browser(stack).demo("buyer2")
    simulator = Simulator(stack)
    order, number = waiting_order(buyer)
    simulator.call("POST", "/faults", {"kind": "paid_before_close", "out_trade_no": number})
    refused = buyer.post(f"/orders/{order['id']}/cancel", status=409)
    assert refused["code"] == "already_paid"
    assert buyer.get(f"/orders/{order['id']}")["payment"] == "paid"
    buyer.post(f"/orders/{order['id']}/cancel")
    total = order["total_fen"]
    until(lambda: simulator.book()[number]["refunded"] == total, "the whole refund in the book")
    until(lambda: buyer.get(f"/orders/{order['id']}")["payment"] == "refunded", "the order to be refunded")
    again = buyer.post(f"/orders/{order['id']}/cancel")
    assert (again["refunded_fen"], len(again["refunds"])) == (total, 1)


def test_a_notice_many_times_over(stack: Stack) -> None:
    buyer, leader, simulator = Browser(stack).demo("buyer"), Browser(stack).demo("leader"), Simulator(stack)
    order, number = waiting_order(buyer)
    for kind in ("notice_parallel", "notice_signtest"):
        simulator.call("POST", "/faults", {"kind": kind, "out_trade_no": number})
    bell = Bell(leader)
    simulator.pay(number)
    bell.ring(order["id"])
    until(lambda: buyer.get(f"/orders/{order['id']}")["payment"] == "paid", "the payment")
    before = facts(buyer, leader, order["id"])
    notice = simulator.call("GET", f"/notices?out_trade_no={number}")["notices"][0]
    for _ in range(3):
        simulator.call("POST", f"/notices/{notice['id']}/deliver")
    assert facts(buyer, leader, order["id"]) == before
    assert len([e for _, e in bell.events if e["order_id"] == order["id"]]) == 1


def test_a_killed_worker_comes_back(stack: Stack) -> None:
    """Killed while a payment waits for its messages: another one is started and the work is done once."""
    buyer, leader = Browser(stack).demo("buyer"), Browser(stack).demo("leader")
    order, number = waiting_order(buyer)
    first = worker_of(stack)
    bell = Bell(leader)
    kill(first)
    died = time.monotonic()
    Simulator(stack).pay(number)
    until(lambda: buyer.get(f"/orders/{order['id']}")["payment"] == "paid", "the payment")
    rang, _ = bell.ring(order["id"])
    print(f"\nfrom the worker's death to the bell: {rang - died:.1f} s")  # noqa: T201
    assert worker_of(stack) != first
    assert len([e for _, e in bell.events if e["order_id"] == order["id"]]) == 1


def test_a_lost_notice_is_found_by_asking(stack: Stack) -> None:
    buyer, simulator = Browser(stack).demo("buyer2"), Simulator(stack)
    order, number = waiting_order(buyer)
    simulator.call("POST", "/faults", {"kind": "notice_none", "out_trade_no": number})
    simulator.pay(number)
    assert buyer.post(f"/orders/{order['id']}/pay/refresh")["payment"] == "paid"

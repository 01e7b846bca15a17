"""Trouble at the buyer's phone: taps twice, tabs twice, no network, an ended session. One order, one payment, a page that says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from phone import Phone
from playwright.sync_api import expect

from stack import Stack
from story.people import Simulator, until

pytestmark = pytest.mark.browser


def at_checkout(phone: Phone, stack: Stack) -> int:
    """A demo buyer with one piece in the cart, about to order; answers how many orders there are."""
    phone.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "buyer"})
    orders = phone.api("/orders")["items"]
    page = phone.api(f"/g/{orders[0]['group_buy_code']}")
    single = next(p for p in page["products"] if len(p["offers"]) == 1)
    phone.open(f"/g/{page['code']}")
    phone.more(f"step-{single['offers'][0]['id']}")
    phone.tap("checkout")
    phone.see("checkout-total")
    return len(orders)


def count(phone: Phone) -> int:
    return len(phone.api("/orders")["items"])


def test_two_taps_make_one_order(phone: Callable[[], Phone], stack: Stack) -> None:
    one = phone()
    before = at_checkout(one, stack)
    button = one.see("submit-order")
    expect(button).to_be_enabled()
    button.evaluate("button => { button.click(); button.click(); button.click() }")
    one.page.wait_for_url(f"{stack.simulator}/cashier/**")
    assert count(one) == before + 1
    newest = one.api("/orders")["items"][0]
    waiting = [
        o
        for o in Simulator(stack).book().values()
        if o["state"] == "NOTPAY" and o["total"] == newest["total_fen"]
    ]
    assert len(waiting) == 1
    one.page.go_back()
    one.open(f"/buyer/pay-result/index?id={newest['id']}")
    one.page.reload()
    one.see("pay-unpaid")
    one.tap("pay-now")
    one.page.wait_for_url(f"{stack.simulator}/cashier/**")
    one.page.get_by_role("button", name="支付").first.click()
    one.see("pay-paid")
    assert (count(one), one.api(f"/orders/{newest['id']}")["paid_fen"]) == (before + 1, newest["total_fen"])


def test_a_lost_answer_is_asked_for_again(phone: Callable[[], Phone], stack: Stack) -> None:
    """The order is placed, but its answer never comes: the second tap gets the same order."""
    one = phone()
    before = at_checkout(one, stack)
    lost: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().text())
            route.abort()
        else:
            route.continue_()

    one.page.route("**/api/orders", lose)
    one.tap("submit-order")
    until(lambda: lost, "the answer to be lost") if lost else one.page.wait_for_timeout(1500)
    expect(one.see("submit-order")).to_be_enabled()
    one.tap("submit-order")
    one.page.wait_for_url(f"{stack.simulator}/cashier/**")
    assert count(one) == before + 1 and one.api("/orders")["items"][0]["id"] == json.loads(lost[0])["id"]
    one.troubles.clear()


def test_an_ended_session_leads_through_sign_in_and_back(phone: Callable[[], Phone], stack: Stack) -> None:
    one = phone()
    before = at_checkout(one, stack)
    one.context.clear_cookies()
    one.tap("submit-order")
    one.see("page-login")
    one.fill(login_phone="13900000002")
    one.tap("send-code")
    code = until(lambda: Simulator(stack).inbox(channel="sms", phone="13900000002"), "the SMS code")[0][
        "code"
    ]
    one.fill(login_code=code)
    one.at("agree").locator(".yt-check__box").click()
    one.tap("login-submit")
    one.see("page-checkout")
    one.see("checkout-total")
    one.tap("submit-order")
    one.page.wait_for_url(f"{stack.simulator}/cashier/**")
    assert count(one) == before + 1

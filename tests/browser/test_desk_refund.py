"""A refund at the desk by keyboard: a part, a wrong amount told in place, the sum agreed to, and what is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ownsale import order_in, own_sale
from phone import Phone
from playwright.sync_api import Page, expect
from test_desk_wide import let_in, shot
from test_orders_grow import paid_offline
from test_parcels import api, signed_in

from stack import Stack

pytestmark = pytest.mark.browser


def test_a_part_goes_back_by_keyboard(computer: Page, phone: Callable[[], Phone], stack: Stack) -> None:
    sale = own_sale(stack, "退款鲜果团")
    me, desk = api(stack, "buyer"), api(stack, "leader")
    order = order_in(sale, me, 3)
    paid_offline(me, desk, order["id"])
    let_in(computer, signed_in(phone(), stack, "leader"), stack)
    store = desk.get("/leader/stores").json()[0]["id"]
    computer.goto(f"{stack.app}/desk/{store}/orders?sale={sale['id']}")
    expect(computer.get_by_test_id("row")).to_have_count(1)
    keys = computer.keyboard
    keys.press("j")
    keys.press("Enter")
    expect(computer.get_by_test_id("do-refund")).to_be_visible()
    keys.press("r")
    expect(computer.get_by_test_id("refund-left")).to_have_text("¥119.70")
    shot(computer, "refund-1-form")
    # From the choice of whole or part down to the pieces and the amount.
    keys.press("Tab")
    keys.type("1")
    expect(computer.locator("input[name=what][value=part]")).to_be_checked()
    keys.press("Tab")
    keys.type("50")
    computer.get_by_test_id("refund-reason").fill("压坏了一盒")
    keys.press("Enter")
    expect(computer.get_by_test_id("refund-trouble")).to_contain_text("退款超过了")
    shot(computer, "refund-2-wrong")
    amount = computer.get_by_test_id("refund-amount")
    expect(amount).to_have_value("50")
    amount.fill("20.5")
    keys.press("Enter")
    expect(computer.get_by_test_id("refund-total")).to_have_text("¥20.50")
    expect(computer.get_by_test_id("refund-rest")).to_have_text("¥99.20")
    shot(computer, "refund-3-confirm")
    assert desk.get(f"/leader/orders/{order['id']}").json()["refunds"] == []
    keys.press("Enter")
    drawer = computer.locator("[data-drawer]")
    expect(drawer).to_contain_text("压坏了一盒")
    expect(drawer.get_by_test_id("refund-done")).to_be_visible()
    shot(computer, "refund-4-started")
    computer.on("dialog", lambda question: question.accept())
    drawer.get_by_test_id("refund-done").click()
    expect(drawer).to_contain_text("部分退款")
    shot(computer, "refund-5-done")
    [refund] = desk.get(f"/leader/orders/{order['id']}").json()["refunds"]
    assert (refund["amount_fen"], refund["state"]) == (2050, "succeeded")
    keys.press("Escape")
    expect(computer.get_by_test_id("sums")).to_contain_text("¥20.50")

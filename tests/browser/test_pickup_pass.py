"""A buyer lets a friend fetch the order; a gate without a line knows the code, and the buyer reads who came."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def signed(phone: Phone, role: str) -> Phone:
    assert phone.context.request.post(f"{phone.app}/api/demo/sign-in", data={"role": role}).ok
    return phone


def sale_of(stack: Stack, order: dict[str, Any]) -> str:
    """The leader's id of the sale an order is of."""
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    rows = desk.get(f"/leader/stores/{store}/group-buys").json()["items"]
    found: str = next(row["id"] for row in rows if row["code"] == order["group_buy_code"])
    return found


def test_a_friend_fetches_the_order(phone: Callable[[], Phone], stack: Stack) -> None:
    buyer, gate = signed(phone(), "buyer"), signed(phone(), "leader")
    rows = buyer.api("/orders")["items"]
    order = next(row for row in rows if "pickup_code" in row["actions"])
    buyer.open(f"/buyer/pickup-code/index?id={order['id']}")
    buyer.tap("pickup-pass")
    buyer.fill(pass_friend="李阿姨")
    shot(buyer, "pass-1-form")
    buyer.tap("pass-make")
    code = buyer.see("pass-code").inner_text().replace(" ", "")
    assert len(code) == 9
    shot(buyer, "pass-2-code")

    gate.open(f"/leader/gate/index?id={sale_of(stack, order)}")
    gate.see("gate-absent")
    gate.context.set_offline(True)
    gate.fill(gate_text="000000000")
    expect(gate.page.get_by_text("名单里没有")).to_be_visible()
    gate.fill(gate_text=code)
    gate.see("gate-pass", "李*姨 代取")
    shot(gate, "pass-3-gate")
    gate.at(f"gate-{order['number']}").get_by_test_id("gate-hand").click()
    gate.see("gate-sync", "待同步 1")
    gate.context.set_offline(False)
    gate.tap("gate-sync")
    expect(gate.at("gate-sync")).not_to_contain_text("待同步")
    expect(gate.page.locator('[data-testid="gate-troubles"]')).to_have_count(0)

    buyer.open(f"/pages/order/index?id={order['id']}")
    expect(buyer.page.get_by_text("商品已全部领取（李*姨 代取）")).to_be_visible()
    shot(buyer, "pass-4-order")
    assert [row["used"] for row in buyer.api("/pickup-passes")] == [True]

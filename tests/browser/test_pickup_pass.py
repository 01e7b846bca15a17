"""A buyer lets a friend fetch the order; a gate without a line knows the code, and the buyer reads who came."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ownsale import own_sale
from phone import Phone
from playwright.sync_api import expect
from test_orders_grow import paid_offline
from test_parcels import api

from stack import Stack
from yantuan.kernel.ids import new_id

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


def to_fetch(stack: Stack, pieces: int = 1) -> dict[str, Any]:
    """A paid order of the demo buyer, to be fetched at the first pick-up point."""
    desk, me = api(stack, "leader"), api(stack, "buyer")
    sale = own_sale(stack, "代取鲜果团", courier_enabled=False)
    wanted = {
        "group_buy_id": sale["id"],
        "lines": [{"offer_id": sale["offers"][0]["id"], "quantity": pieces}],
        "delivery_method": "pickup",
        "pickup_point_id": sale["pickup_points"][0]["id"],
        "contact": {"name": "陈阿姨", "phone": "13910000000", "room": "101"},
        "payment_method": "offline",
        "expected_total_fen": 3990 * pieces,
    }
    placed = me.post("/orders", json=wanted, headers={"Idempotency-Key": f"pass-{new_id()}"})
    assert placed.status_code == 201, placed.text
    paid_offline(me, desk, placed.json()["id"])
    found: dict[str, Any] = me.get(f"/orders/{placed.json()['id']}").json()
    return found


def test_a_friend_fetches_the_order(phone: Callable[[], Phone], stack: Stack) -> None:
    buyer, gate = signed(phone(), "buyer"), signed(phone(), "leader")
    order = to_fetch(stack)
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

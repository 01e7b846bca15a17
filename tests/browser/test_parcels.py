"""A parcel's way on the phones of leader and buyer: the hint at the number, the timeline, trouble, and the end."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest
from phone import Phone
from playwright.sync_api import expect

from stack import Stack

pytestmark = pytest.mark.browser

NUMBER = "751234500067890"


def signed_in(phone: Phone, stack: Stack, role: str) -> Phone:
    phone.context.request.post(
        f"{stack.app}/api/demo/sign-in",
        data=json.dumps({"role": role}),
        headers={"X-Yantuan-Client": "h5", "Content-Type": "application/json"},
    )
    return phone


def api(stack: Stack, role: str) -> httpx.Client:
    client = httpx.Client(base_url=f"{stack.app}/api", headers={"X-Yantuan-Client": "h5"}, trust_env=False)
    client.post("/demo/sign-in", json={"role": role})
    return client


def ordered(stack: Stack) -> str:
    """The second demo buyer's courier order; its parcel is taken back, so that it waits for shipping."""
    rows = api(stack, "buyer2").get("/orders").json()["items"]
    number: str = next(row["id"] for row in rows if row["delivery_method"] == "courier")
    leader = api(stack, "leader")
    for parcel in leader.get(f"/leader/orders/{number}").json()["parcels"]:
        leader.post(f"/leader/shipments/{parcel['id']}/withdraw")
    return number


def test_the_way_of_a_parcel(phone: Callable[[], Phone], stack: Stack) -> None:
    order = ordered(stack)
    leader = signed_in(phone(), stack, "leader")
    leader.open(f"/pages/order/index?id={order}&as=leader")
    leader.tap("do-ship")
    leader.fill(ship_number=NUMBER)
    # The number is one of 中通's, and chosen for it; another choice is doubted and may stand.
    expect(leader.at("ship-carrier")).to_contain_text("中通")
    leader.tap("ship-carrier")
    leader.tap("ship-carrier-YTO")
    leader.see("ship-doubt", "看起来像中通快递的单号")
    leader.tap("ship-carrier")
    leader.tap("ship-carrier-ZTO")
    expect(leader.page.locator('[data-testid="ship-doubt"]:visible')).to_have_count(0)
    leader.tap("ship-save")
    leader.see("parcels", NUMBER)
    simulator = httpx.Client(base_url=stack.simulator, trust_env=False)
    wait_watched(leader, simulator)
    buyer = signed_in(phone(), stack, "buyer2")
    buyer.open(f"/buyer/tracking/index?id={order}")
    buyer.see("parcel-steps", "还没有物流信息")
    words = [{"status": word} for word in ("picked_up", "in_transit", "delivering", "exception")]
    simulator.post("/_sim/parcels", json={"number": NUMBER, "com": "zhongtong", "steps": words})
    wait_until(buyer, order, "exception")
    buyer.open(f"/buyer/tracking/index?id={order}")
    buyer.see("parcel-state", "运输异常")
    buyer.see("parcel-steps", "改日再派")
    buyer.tap("parcel-all")
    shown = buyer.at("parcel-steps").inner_text()
    assert "138****5678" in shown and "13812345678" not in shown
    leader.open("/leader/orders/index?tab=parcels")
    expect(leader.page.locator(f'[data-testid="order-{order}"]:visible')).to_have_count(1)
    leader.open(f"/pages/order/index?id={order}&as=leader")
    leader.see("parcel-alarm", "运输异常")
    simulator.post("/_sim/parcels", json={"number": NUMBER, "status": "signed"})
    wait_until(buyer, order, "signed")
    buyer.open(f"/buyer/tracking/index?id={order}")
    buyer.see("parcel-state", "已签收")
    buyer.see("tracking-hint", "自动确认收货")


def wait_watched(phone: Phone, simulator: httpx.Client) -> None:
    """The worker has subscribed the parcel."""
    for _ in range(200):
        if any(one["number"] == NUMBER for one in simulator.get("/_sim/parcels").json()["watches"]):
            return
        phone.page.wait_for_timeout(100)
    pytest.fail("the parcel was not subscribed")


def wait_until(phone: Phone, order_id: str, status: str) -> None:
    """The worker has taken the push in."""
    for _ in range(200):
        parcels = phone.api(f"/orders/{order_id}/tracking")["parcels"]
        if [one["status"] for one in parcels] == [status]:
            return
        phone.page.wait_for_timeout(100)
    pytest.fail(f"never {status}")

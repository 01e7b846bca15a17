"""Goods of the shelf come to a point: counted on the phone, who ordered first is told, the rest is the next delivery."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ownsale import order_in
from phone import Phone
from playwright.sync_api import expect
from test_hosts_on_phones import shot, told_of_arrival, wait_until
from test_orders_grow import paid_offline
from test_parcels import api, signed_in

from stack import Stack

pytestmark = pytest.mark.browser


def test_a_delivery_of_the_shelf(phone: Callable[[], Phone], stack: Stack) -> None:
    desk, me = api(stack, "leader"), api(stack, "buyer2")
    store = desk.get("/leader/stores").json()[0]["id"]
    shop = desk.get(f"/leader/stores/{store}").json()
    point = shop["pickup_points"][-1]["id"]
    shelf = desk.get(f"/leader/stores/{store}/shelf").json()
    body = {
        "offers": [{"sku_id": x["sku_id"], "price_fen": x["price_fen"], "stock": 50} for x in shelf["offers"][:1]],
        "title": shelf["title"], "starts_at": shelf["starts_at"], "ends_at": None, "pickup_enabled": True, "pickup_point_ids": [point],
    }  # fmt: skip
    saved = desk.put(f"/leader/group-buys/{shelf['id']}", json=body)
    assert saved.status_code == 200, saved.text
    sale = desk.get(f"/leader/group-buys/{shelf['id']}").json()
    orders = [order_in(sale, me, n) for n in (2, 1)]
    for one in orders:
        paid_offline(me, desk, one["id"])
    before = desk.get(f"/host/points/{point}/sales/{sale['id']}").json()["goods"]
    leader, buyer = signed_in(phone(), stack, "leader"), signed_in(phone(), stack, "buyer2")
    heard = len(told_of_arrival(buyer))
    leader.open(f"/leader/arrival/index?id={sale['id']}&point={point}")
    leader.see("arrival-shelf", "先下单的先有")
    assert [row["due"] for row in before] == [3]
    leader.see("arrival-goods").get_by_test_id("arrival-came").first.get_by_test_id("stepper-less").click()
    shot(leader, "shelf-1-count")
    leader.tap("arrival-save")
    leader.see("arrival-tell", "1")
    shot(leader, "shelf-2-tell")
    leader.tap("arrival-tell")
    leader.confirm()
    leader.see("arrival-told", "已由")
    expect(leader.at("arrival-save")).to_be_visible()
    shot(leader, "shelf-3-next")
    wait_until(lambda: len(told_of_arrival(buyer)) == heard + 1)
    after = desk.get(f"/host/points/{point}/sales/{sale['id']}").json()
    assert [row["due"] for row in after["goods"]] == [1]

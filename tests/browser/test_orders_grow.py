"""An order changes and grows on the phone: sent elsewhere, more added to it, and all of it shipped with one number."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api, signed_in

from stack import Stack
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(900)
        phone.page.screenshot(path=Path(LOOK) / f"grow-{name}.png", full_page=True)


def sale_of(desk: httpx.Client) -> dict[str, Any]:
    """An open sale of two products by courier, with another freight to Xinjiang."""
    store = desk.get("/leader/stores").json()[0]["id"]
    products = desk.get(f"/leader/stores/{store}/products").json()["items"][:2]
    begin = now()
    far = {"regions": ["新疆维吾尔自治区"], "first_fen": 2500}
    body = {
        "title": "加一点鲜果团",
        "offers": [{"sku_id": p["skus"][0]["id"], "price_fen": 3990, "stock": 9} for p in products],
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(days=2)).isoformat(),
        "options": {"money": {"freight": {"rest": {"first_fen": 800}, "rules": [far]}}},
    }
    answer = desk.post(f"/leader/stores/{store}/group-buys", json=body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    answer = desk.post(f"/leader/group-buys/{made['id']}/publish")
    assert answer.status_code == 200, answer.text
    return made


def ordered(buyer: httpx.Client, desk: httpx.Client, sale: dict[str, Any]) -> str:
    """A paid courier order of one piece."""
    where = buyer.get("/me/addresses").json()[0]["id"]
    body = {
        "group_buy_id": sale["id"],
        "lines": [{"offer_id": sale["offers"][0]["id"], "quantity": 1}],
        "delivery_method": "courier",
        "address_id": where,
        "payment_method": "offline",
        "expected_total_fen": 3990 + 800,
    }
    answer = buyer.post("/orders", json=body, headers={"Idempotency-Key": f"grow-{new_id()}"})
    assert answer.status_code == 201, answer.text
    order: str = answer.json()["id"]
    paid_offline(buyer, desk, order)
    return order


def paid_offline(buyer: httpx.Client, desk: httpx.Client, order: str) -> None:
    """The buyer says so, the leader confirms."""
    key = {"Idempotency-Key": f"grow-{new_id()}"}
    sent = buyer.post(f"/orders/{order}/proof", json={"note": "已转"}, headers=key)
    assert sent.status_code == 200, sent.text
    proof = desk.get(f"/leader/orders/{order}").json()["proofs"][0]["id"]
    assert desk.post(f"/leader/proofs/{proof}/confirm").status_code == 200


def test_an_order_goes_elsewhere(phone: Callable[[], Phone], stack: Stack) -> None:
    desk, client = api(stack, "leader"), api(stack, "buyer2")
    sale = sale_of(desk)
    order = ordered(client, desk, sale)
    labels = f"/leader/group-buys/{sale['id']}/picking.pdf?what=labels&size=60x40"
    assert desk.get(labels).status_code == 200
    buyer = signed_in(phone(), stack, "buyer2")
    buyer.open(f"/pages/order/index?id={order}")
    buyer.see("change-address")
    shot(buyer, "1-order")
    buyer.tap("change-address")
    buyer.see("move-save")
    expect(buyer.at("to-name").locator("input").last).not_to_have_value("")
    shot(buyer, "2-form")
    buyer.tap("move-book")
    buyer.see("move-book-sheet")
    shot(buyer, "3-book")
    buyer.page.locator('[data-testid^="move-saved-"]:visible').first.click()
    buyer.fill(addr_paste_text="孙小圣 13722220009 新疆维吾尔自治区乌鲁木齐市天山区人民路15号")
    buyer.tap("addr-paste-read")
    buyer.see("addr-paste-differs-name")
    for part in ("name", "phone", "province", "city", "district", "detail"):
        buyer.tap(f"addr-paste-take-{part}")
    buyer.tap("move-save")
    buyer.see("move-trouble", "运费")
    shot(buyer, "4-freight")
    assert client.get(f"/orders/{order}").json()["address_changes"] == 0
    buyer.page.reload()
    expect(buyer.at("to-room").locator("input").last).not_to_have_value("")
    buyer.fill(to_room="1908")
    buyer.tap("move-save")
    buyer.page.wait_for_url("**/pages/order/index**")
    assert client.get(f"/orders/{order}").json()["place"].endswith("1908室")
    buyer.see("order-place", "1908")
    shot(buyer, "5-changed")
    leader_reads_and_prints(signed_in(phone(), stack, "leader"), desk, sale, order, labels)


def leader_reads_and_prints(
    leader: Phone, desk: httpx.Client, sale: dict[str, Any], order: str, labels: str
) -> None:
    leader.open(f"/pages/order/index?id={order}&as=leader")
    leader.see("address-stale", "标签已导出，地址后来改了")
    shot(leader, "6-leader-order")
    leader.open(f"/leader/picking/index?id={sale['id']}")
    leader.see("picking-stale", "1 个订单导出后改了地址")
    shot(leader, "7-picking")
    assert desk.get(labels).status_code == 200
    leader.open(f"/pages/order/index?id={order}&as=leader")
    leader.see("do-readdress")
    expect(leader.page.locator('[data-testid="address-stale"]:visible')).to_have_count(0)
    leader.tap("do-readdress")
    leader.tap("move-reveal")
    expect(leader.at("to-room").locator("input").last).to_have_value("1908")
    shot(leader, "8-leader-form")
    leader.fill(to_room="2001")
    leader.tap("move-save")
    leader.page.wait_for_url("**/pages/order/index**")
    leader.see("address-stale")


def test_more_goes_into_the_same_parcel(phone: Callable[[], Phone], stack: Stack) -> None:
    desk, client = api(stack, "leader"), api(stack, "buyer2")
    sale = sale_of(desk)
    order = ordered(client, desk, sale)
    buyer = signed_in(phone(), stack, "buyer2")
    buyer.open(f"/pages/order/index?id={order}")
    buyer.tap("add-more")
    buyer.page.wait_for_url("**/pages/g/index**")
    buyer.see("my-parcel", "你已跟团 #1")
    shot(buyer, "9-sale")
    buyer.page.locator('[data-testid="stepper-more"]:visible').first.click()
    buyer.see("cart-count", "1")
    buyer.tap("checkout")
    buyer.see("join-says", "装一个包裹")
    buyer.see("checkout-total", "39.90")
    shot(buyer, "10-checkout")
    buyer.tap("join-switch")
    buyer.see("pick-address")
    buyer.see("checkout-total", "47.90")
    shot(buyer, "11-own-parcel")
    buyer.tap("join-switch")
    buyer.see("checkout-total", "39.90")
    buyer.tap("pay-way-offline")
    buyer.tap("submit-order")
    buyer.page.wait_for_url("**/buyer/pay-result/index**")
    rows = client.get("/orders").json()["items"]
    added = next(row for row in rows if row["group_buy_title"] == sale["title"] and row["id"] != order)
    assert (added["number"], added["total_fen"], added["place"]) == (1, 3990, rows[1]["place"])
    paid_offline(client, desk, added["id"])
    leader = signed_in(phone(), stack, "leader")
    leader.open(f"/pages/order/index?id={order}&as=leader")
    leader.tap("do-ship")
    leader.see("ship-together", "还有 1 个订单")
    leader.fill(ship_number="YT7234512345678")
    shot(leader, "12-ship")
    leader.tap("ship-save")
    leader.see("parcels", "YT7234512345678")
    assert client.get(f"/orders/{added['id']}").json()["delivery"] == "shipped"


def test_a_leader_chooses_the_columns_of_a_sheet(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    leader = signed_in(phone(), stack, "leader")
    leader.open("/leader/export-columns/index")
    leader.see("columns-chosen", "31 列")
    leader.tap("preset-courier")
    leader.see("columns-chosen", "15 列")
    shot(leader, "13-columns")
    leader.tap("column-order_id-remove")
    leader.tap("column-phone-up")
    leader.tap("add-column-tracking")
    shot(leader, "14-columns-changed")
    leader.tap("columns-save")
    leader.page.wait_for_url("**/leader/orders/index**")
    kept = desk.get(f"/leader/stores/{store}/export-columns").json()["chosen"]
    assert kept[:2] == ["phone", "name"] and kept[-1] == "tracking" and "order_id" not in kept

"""A leader pastes a 接龙, orders for who is new, copies the links, and a neighbour pays theirs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from ownsale import own_sale
from phone import Phone
from playwright.sync_api import expect
from test_leader_and_buyer import pay_in_cashier
from test_parcels import api

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def copied(phone: Phone) -> str:
    return str(phone.page.evaluate("navigator.clipboard.readText()"))


def test_from_a_pasted_list_to_a_paid_order(phone: Callable[[], Phone], stack: Stack) -> None:
    sale = own_sale(stack, "接龙代下单团")
    leader = phone()
    leader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    assert leader.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"}).ok
    leader.open(f"/leader/jielong/index?id={sale['id']}")
    leader.fill(
        jielong_text="1. 丁香姐 3-502 A×2（周日拿）\n2. 老白 A1\n3. 犹豫的人 A1-2份\n4. 桂花 5-601 A×1"
    )
    leader.tap("jielong-read")
    expect(leader.page.locator('[data-testid="jielong-new"]:visible')).to_have_count(3)
    leader.see("jielong-go", "替 3 人下单")
    # Only two of them now.
    leader.page.locator('[data-testid="jielong-new"]:visible').filter(has_text="老白").get_by_test_id(
        "jielong-choose"
    ).click()
    leader.see("jielong-go", "替 2 人下单")
    shot(leader, "proxy-1-choose")
    leader.tap("jielong-go")
    leader.see("proxy-wish-0", "周日拿")
    leader.tap("proxy-paid-1")
    shot(leader, "proxy-2-confirm")
    leader.tap("proxy-confirm")
    leader.see("proxy-result", "下好了 2 单")
    shot(leader, "proxy-3-result")
    leader.tap("proxy-copy-all")
    text = copied(leader)
    assert sale["title"] in text and "丁香姐" in text and "桂花" not in text
    [link] = [line for line in text.splitlines() if line.startswith("http")]
    leader.tap("proxy-finish")
    # Read anew, both are on both sides now.
    expect(leader.page.locator('[data-testid="jielong-same"]:visible')).to_have_count(2)
    pay(phone(), stack, link)
    leader.open(f"/leader/proxy/index?id={sale['id']}")
    expect(leader.page.get_by_text("丁香姐").last).to_be_visible()
    expect(leader.page.get_by_test_id("proxy-copy")).to_have_count(0)
    shot(leader, "proxy-5-list")
    rows = api(stack, "leader").get(f"/leader/group-buys/{sale['id']}/proxy-orders").json()
    assert sorted((row["name"], row["payment"]) for row in rows) == [("丁香姐", "paid"), ("桂花", "paid")]


def pay(payer: Phone, stack: Stack, link: str) -> None:
    """Somebody who was sent the link: looks without an account, signs in to pay, and comes back."""
    payer.open(link)
    payer.see("page-proxy-pay", "丁*姐")
    payer.see("proxy-state", "待付款")
    shot(payer, "proxy-4-link")
    assert payer.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "buyer2"}).ok
    payer.open(link)
    payer.tap("pay-now")
    pay_in_cashier(payer, stack)
    payer.see("proxy-all-paid", "都付清了")
    payer.see("proxy-state", "已付款")
    shot(payer, "proxy-4-paid")


def test_by_hand_then_money_and_cancelling(phone: Callable[[], Phone], stack: Stack) -> None:
    sale = own_sale(stack, "登记收款团")
    leader = phone()
    assert leader.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"}).ok
    for name in ("门口大爷", "李奶奶"):
        leader.open(f"/leader/proxy/index?id={sale['id']}")
        leader.tap("proxy-add")
        leader.tap("proxy-next")
        expect(leader.page.get_by_text("请写上称呼")).to_be_visible()
        leader.fill(proxy_name=name, proxy_building="3号楼", proxy_room="101")
        leader.page.locator('[data-testid="stepper-more"]:visible').first.click()
        shot(leader, "proxy-6-form")
        leader.tap("proxy-next")
        leader.tap("proxy-confirm")
        leader.see("proxy-result", "下好了 1 单")
        leader.tap("proxy-finish")
        expect(leader.page.get_by_text(name).last).to_be_visible()
    card = leader.page.locator(".yt-card:visible")
    card.filter(has_text="李奶奶").get_by_test_id("proxy-cancel").click()
    leader.confirm()
    expect(card.filter(has_text="李奶奶")).to_have_count(0)
    shot(leader, "proxy-7-unpaid")
    card.filter(has_text="门口大爷").get_by_test_id("proxy-record").click()
    leader.confirm()
    expect(card.filter(has_text="门口大爷").get_by_text("已支付")).to_be_visible()
    rows = api(stack, "leader").get(f"/leader/group-buys/{sale['id']}/proxy-orders").json()
    found = {row["name"]: row["payment"] for row in rows}
    assert found["门口大爷"] == "paid" and "李奶奶" not in found


def test_the_neighbour_claims_and_the_leader_undoes(phone: Callable[[], Phone], stack: Stack) -> None:
    sale = own_sale(stack, "邻居认领团")
    desk = api(stack, "leader")
    found = desk.get(f"/leader/group-buys/{sale['id']}").json()
    offer = found["offers"][0]
    person = {
        "name": "新搬来的", "lines": [{"offer_id": offer["id"], "quantity": 1}], "expected_total_fen": offer["price_fen"],
    }  # fmt: skip
    body = {"pickup_point_id": found["pickup_points"][0]["id"], "people": [person]}
    path = f"/leader/group-buys/{sale['id']}/proxy-orders"
    [row] = desk.post(path, json=body, headers={"Idempotency-Key": "new-neighbour"}).json()
    neighbour = phone()
    assert neighbour.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "buyer"}).ok
    neighbour.open(row["link"])
    shot(neighbour, "proxy-8-claim")
    neighbour.tap("proxy-claim")
    neighbour.confirm()
    expect(neighbour.page.get_by_text("本人认领了团长代下的订单").last).to_be_visible()
    shot(neighbour, "proxy-8-order")
    leader = phone()
    assert leader.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"}).ok
    leader.open(f"/leader/proxy/index?id={sale['id']}")
    card = leader.page.get_by_test_id(f"proxy-order-{row['order_id']}")
    expect(card.get_by_text("已认领")).to_be_visible()
    shot(leader, "proxy-9-claimed")
    card.get_by_test_id("proxy-undo").click()
    leader.confirm()
    expect(card.get_by_test_id("proxy-copy")).to_be_visible()
    [back] = [one for one in desk.get(path).json() if one["order_id"] == row["order_id"]]
    assert (back["claim_id"], back["number"]) == (None, row["number"])
    assert back["link"] != row["link"]


def test_a_parcel_by_hand_and_a_changed_mind(phone: Callable[[], Phone], stack: Stack) -> None:
    sale = own_sale(stack, "变卦团")
    leader = phone()
    assert leader.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"}).ok
    leader.open(f"/leader/proxy/index?id={sale['id']}")
    leader.tap("proxy-add")
    leader.see("proxy-form")
    leader.page.get_by_text("快递", exact=True).last.click()
    leader.fill(addr_paste_text="赵远方 13900002222 浙江省杭州市西湖区文三路 1 号金星苑 2号楼 3单元 402")
    leader.tap("addr-paste-read")
    expect(leader.at("proxy-name").locator("input")).to_have_value("赵远方")
    leader.page.locator('[data-testid="stepper-more"]:visible').first.click()
    shot(leader, "proxy-10-parcel")
    leader.tap("proxy-next")
    leader.see("proxy-wish-0", "文三路")
    leader.tap("proxy-confirm")
    # The freight comes with the answer, and is agreed to.
    leader.tap("proxy-again")
    leader.tap("proxy-confirm")
    leader.see("proxy-result", "下好了 1 单")
    leader.tap("proxy-finish")
    expect(leader.page.get_by_text("赵远方").last).to_be_visible()

    leader.open(f"/leader/jielong/index?id={sale['id']}")
    leader.fill(jielong_text="1. 变卦的 3-777 A×3")
    for button in ("jielong-read", "jielong-go", "proxy-confirm", "proxy-finish", "jielong-again"):
        leader.tap(button)
    leader.fill(jielong_text="1. 变卦的 3-777 A×1")
    leader.tap("jielong-read")
    leader.see("jielong-changed", "变卦的")
    shot(leader, "proxy-11-changed")
    leader.at("jielong-changed").get_by_test_id("jielong-drop").click()
    leader.confirm()
    leader.see("jielong-new", "变卦的")
    for button in ("jielong-go", "proxy-confirm", "proxy-finish"):
        leader.tap(button)
    leader.see("jielong-same", "变卦的")
    rows = api(stack, "leader").get(f"/leader/group-buys/{sale['id']}/proxy-orders").json()
    assert [row["goods"][-1] for row in rows if row["name"] == "变卦的"] == ["1"]

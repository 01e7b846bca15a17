"""A leader promises reductions, gifts and coupons on the phone; a buyer reads them, takes a coupon and pays what was said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api
from test_sale_limits import shot, signed

from stack import Stack
from yantuan.kernel.clock import now

pytestmark = pytest.mark.browser


def draft(desk: httpx.Client, **more: Any) -> dict[str, Any]:
    """A draft of three products; the third is meant as a gift."""
    store = desk.get("/leader/stores").json()[0]["id"]
    products = desk.get(f"/leader/stores/{store}/products").json()["items"][:3]
    begin = now()
    body = {
        "title": "优惠鲜果团",
        "offers": [
            {"sku_id": p["skus"][0]["id"], "price_fen": fen, "stock": 20}
            for p, fen in zip(products, (6000, 3000, 990), strict=True)
        ],
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(days=2)).isoformat(),
        **more,
    }
    answer = desk.post(f"/leader/stores/{store}/group-buys", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def write_promises(leader: Phone) -> None:
    leader.tap("money-reduction")
    leader.fill(money_reach_0="99", money_minus_0="10")
    leader.tap("money-add-step")
    leader.fill(money_reach_1="199", money_minus_1="5")
    leader.see("money-reduction-error", "档位要从低到高")
    leader.fill(money_minus_1="30")
    leader.tap("money-freight")
    leader.fill(freight_rest_first_fen="12", freight_rest_more_fen="3")
    leader.tap("freight-add")
    leader.fill(freight_0_regions="上海市", freight_0_first_fen="5", freight_0_more_fen="1")
    shot(leader, "money-1-editor")
    leader.tap("money-offer-0")
    leader.fill(money_new_price="49")
    leader.tap("offer-money-done")
    leader.tap("money-offer-2")
    leader.tap("money-gift")
    leader.fill(money_gift_reach="50")
    shot(leader, "money-2-gift")
    leader.tap("offer-money-done")
    leader.see("money-offer-2", "赠品")


def issue_coupon(leader: Phone) -> None:
    leader.open("/leader/coupons/index")
    shot(leader, "money-3-no-coupons")
    leader.tap("coupon-add")
    leader.fill(coupon_minus="8", coupon_threshold="50", coupon_total="100", coupon_budget="400")
    shot(leader, "money-4-coupon-sheet")
    leader.tap("coupon-save")
    expect(leader.page.get_by_text("满 ¥50.00 减 ¥8.00")).to_be_visible()
    shot(leader, "money-5-coupons")


def test_promises_from_the_editor_to_the_order(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    sale = draft(desk)
    leader = signed(phone(), "leader")
    leader.open(f"/leader/group-edit/index?id={sale['id']}")
    leader.tap("group-rules")
    leader.see("money-panel")
    write_promises(leader)
    leader.tap("group-publish")
    expect(leader.page).to_have_url(f"{stack.app}/leader/share/index?id={sale['id']}")
    kept = desk.get(f"/leader/group-buys/{sale['id']}").json()["options"]["money"]
    assert kept["reduction"]["steps"] == [
        {"reach": 9900, "minus_fen": 1000},
        {"reach": 19900, "minus_fen": 3000},
    ]
    assert (kept["gifts"], kept["new_buyers"]) == (True, True)
    assert [rule["regions"] for rule in kept["freight"]["rules"]] == [["上海市"]]
    issue_coupon(leader)

    one = signed(phone(), "buyer")
    one.open(f"/g/{sale['code']}")
    one.see("money-card", "满 ¥99.00 减 ¥10.00，满 ¥199.00 减 ¥30.00")
    one.see("money-card", "满 ¥50.00 送 1 件")
    one.tap("freight-ask")
    one.see("freight-table", "首件 ¥5.00，每多 1 件加 ¥1.00")
    shot(one, "money-6-freight")
    one.page.keyboard.press("Escape")
    one.page.reload()
    one.see("coupons", "满 ¥50.00 减 ¥8.00")
    coupon = one.page.locator('[data-testid^="take-"]:visible').first
    coupon.click()
    expect(one.page.locator('[data-testid^="taken-"]:visible')).to_have_count(1)
    shot(one, "money-7-sale")
    first, second = (offer["id"] for offer in sale["offers"][:2])
    for offer, pieces in ((first, 1), (second, 2)):
        for _ in range(pieces):
            one.at(f"step-{offer}").get_by_test_id("stepper-more").click()
    one.tap("checkout")
    one.see("deduction-reduction", "-¥10.00")
    one.see("deduction-coupon", "优惠券：满 ¥50.00 减 ¥8.00")
    one.see(f"gift-{sale['offers'][2]['id']}", "赠品")
    shot(one, "money-8-checkout")
    one.tap("coupon-")
    expect(one.page.get_by_test_id("deduction-coupon")).to_have_count(0)
    buyer = api(stack, "buyer")
    [card] = buyer.get(f"/g/{sale['code']}/coupons").json()
    one.tap(f"coupon-{card['free'][0]}")
    one.see("deduction-coupon", "-¥8.00")
    one.tap("pay-way-offline")
    one.tap("submit-order")
    one.page.wait_for_url("**/buyer/pay-result/**")
    newest = buyer.get("/orders").json()["items"][0]
    detail = buyer.get(f"/orders/{newest['id']}").json()
    assert [one["fen"] for one in detail["deductions"]] == [1000, 800]
    assert (detail["goods_fen"], detail["discount_fen"], len(detail["lines"])) == (12000, 1800, 3)
    one.open(f"/pages/order/index?id={newest['id']}")
    one.see("order-coupon", "-¥8.00")
    shot(one, "money-9-order")


def test_a_place_not_served_and_a_coupon_by_its_code(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    near = {"regions": ["浙江省"], "first_fen": 500}
    freight = {"by": "piece", "rest": {"refused": True}, "rules": [near]}
    sale = draft(desk, options={"money": {"freight": freight}}, pickup_enabled=False)
    assert desk.post(f"/leader/group-buys/{sale['id']}/publish").is_success
    begin = now()
    coupon = {
        "group_buy_id": sale["id"], "kind": "percent", "percent_off": 10, "cap_fen": 300, "code": "YAN88",
        "starts_at": begin.isoformat(), "ends_at": (begin + timedelta(days=1)).isoformat(),
    }  # fmt: skip
    assert desk.post(f"/leader/stores/{sale['store_id']}/coupons", json=coupon).is_success
    one = signed(phone(), "buyer")
    one.open(f"/g/{sale['code']}")
    one.at(f"step-{sale['offers'][0]['id']}").get_by_test_id("stepper-more").click()
    one.tap("checkout")
    one.see("quote-demand", "上海市浦东新区不在配送范围")
    expect(one.at("submit-order")).to_have_attribute("aria-disabled", "true")
    one.fill(coupon_code="nobody")
    one.tap("coupon-redeem")
    expect(one.page.get_by_text("没有这个口令")).to_be_visible()
    one.fill(coupon_code="yan88")
    one.tap("coupon-redeem")
    one.see("deduction-coupon", "-¥3.00")
    shot(one, "money-10-not-served")

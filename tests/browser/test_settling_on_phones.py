"""Cartons, tiers, a minimum and real weight: set by a leader, chosen at checkout, split at the close, weighed, all on phones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from phone import Phone
from playwright.sync_api import expect
from test_orders_grow import paid_offline
from test_parcels import api
from test_sale_limits import shot, signed

from stack import Stack
from yantuan.kernel.clock import now

pytestmark = pytest.mark.browser


def draft(desk: httpx.Client) -> dict[str, Any]:
    """A draft of three goods without any rule."""
    store = desk.get("/leader/stores").json()[0]["id"]
    products = desk.get(f"/leader/stores/{store}/products").json()["items"][:3]
    begin = now()
    body = {
        "title": "拼箱水果团",
        "offers": [
            {"sku_id": p["skus"][0]["id"], "price_fen": fen, "stock": 50}
            for p, fen in zip(products, (2000, 3000, 4000), strict=True)
        ],
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(days=2)).isoformat(),
    }
    answer = desk.post(f"/leader/stores/{store}/group-buys", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def set_rules(leader: Phone) -> None:
    leader.tap("group-rules")
    leader.see("forming-panel")
    leader.tap("forming-rule")
    leader.fill(forming_reach="1")
    expect(leader.at("forming-panel")).to_contain_text("至少 2")
    leader.fill(forming_reach="2")
    leader.tap("forming-by")
    leader.page.get_by_text("按件数", exact=True).last.click()
    leader.fill(forming_reach="3")
    leader.tap("forming-offer-0")
    leader.tap("forming-carton")
    leader.fill(forming_carton_size="4")
    shot(leader, "settling-1-carton")
    leader.tap("offer-forming-done")
    leader.tap("forming-offer-1")
    leader.tap("forming-tiers")
    leader.fill(forming_reach_0="2", forming_price_0="31")
    leader.see("forming-tiers-error", "比团购价低")
    leader.fill(forming_price_0="25")
    expect(leader.page.get_by_test_id("forming-tiers-error")).to_have_count(0)
    leader.tap("offer-forming-done")
    leader.tap("forming-offer-2")
    leader.tap("forming-weigh")
    leader.fill(forming_grams="1000")
    leader.tap("offer-forming-done")
    leader.see("forming-offer-0", "拼箱 4 件一箱")
    shot(leader, "settling-2-panel")


def test_what_a_sale_settles_from_the_editor_to_the_refund(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    sale = draft(desk)
    leader = signed(phone(), "leader")
    leader.open(f"/leader/group-edit/index?id={sale['id']}")
    set_rules(leader)
    leader.tap("group-publish")
    expect(leader.page).to_have_url(f"{stack.app}/leader/share/index?id={sale['id']}")
    kept = desk.get(f"/leader/group-buys/{sale['id']}").json()
    assert kept["options"]["forming"] == {"rule": {"by": "pieces", "reach": 3}, "settles": True, "weighs": True, "cartons": True}  # fmt: skip
    cartons, tiers, weighed = (offer["id"] for offer in kept["offers"])

    one = signed(phone(), "buyer")
    one.open(f"/g/{sale['code']}")
    one.see("forming-card", "还差 3 件 成团")
    one.see(f"tiers-{tiers}", "再有 2 件，每件 ¥25.00")
    one.see(f"carton-{cartons}", "第 1 箱：0/4")
    shot(one, "settling-3-sale")
    order = buy(one, sale["code"], {cartons: 1, tiers: 2, weighed: 1}, most=cartons)
    detail = desk.get(f"/leader/orders/{order}").json()
    assert {line["offer_id"]: line["quantity"] for line in detail["lines"]} == {
        cartons: 2,
        tiers: 2,
        weighed: 1,
    }
    confirm_payment(stack, desk, order)
    until(one, lambda: desk.get(f"/g/{sale['code']}/forming").json()["state"] == "formed")
    one.open(f"/g/{sale['code']}")
    one.see("forming-state", "已成团")
    # One wanted, two taken at most: no carton of four comes of it.
    one.see(f"carton-{cartons}", "第 1 箱：1/4，有人愿意再多要 1 件")
    shot(one, "settling-5-formed")
    assert desk.post(f"/leader/group-buys/{sale['id']}/close").is_success
    see_settled(leader, desk, sale["id"])
    weigh(leader, sale["id"], detail["number"])
    one.open(f"/g/{sale['code']}")
    one.see(f"tiers-{tiers}", "最终每件 ¥25.00")
    one.tap("carton-rule")
    one.see("carton-split", "想要 1，最多 2，分到 0")
    causes = {r["cause"]: r["amount_fen"] for r in desk.get(f"/leader/orders/{order}").json()["refunds"]}
    assert causes == {"unfilled": 2 * 2000, "tier": 2 * 500, "weight": 800}


def until(phone: Phone, look: Callable[[], bool]) -> None:
    """Wait for the worker."""
    for _ in range(120):
        if look():
            return
        phone.page.wait_for_timeout(250)
    raise AssertionError("waited in vain")


def confirm_payment(stack: Stack, desk: httpx.Client, order: str) -> None:
    """Paid outside: the buyer says so, the leader has it."""
    paid_offline(api(stack, "buyer"), desk, order)


def buy(one: Phone, code: str, picks: dict[str, int], *, most: str) -> str:
    """Put the goods into the cart, say that one more would be taken, order to pay outside; the order's id."""
    for offer, pieces in picks.items():
        for _ in range(pieces):
            one.at(f"step-{offer}").get_by_test_id("stepper-more").click()
    one.tap("checkout")
    one.see("carton-wish", "想要 1 件")
    one.more(f"most-{most}")
    expect(one.at("quote")).to_contain_text("¥140.00")
    shot(one, "settling-4-checkout")
    one.tap("pay-way-offline")
    one.tap("submit-order")
    one.page.wait_for_url("**/buyer/pay-result/**")
    return one.page.url.split("id=")[1].split("&")[0]


def see_settled(leader: Phone, desk: httpx.Client, sale: str) -> None:
    """The worker judges the closed sale; its page says what went back."""
    until(leader, lambda: bool(desk.get(f"/leader/group-buys/{sale}/settling").json()["kinds"]))
    leader.open(f"/leader/settling/index?id={sale}")
    leader.see("settling-have", "满 3 件")
    leader.see("settling-split", "想要 1，最多 2，分到 0")
    leader.see("settling-sum", "¥50.00")
    shot(leader, "settling-6-desk")


def weigh(leader: Phone, sale: str, number: int) -> None:
    leader.open(f"/leader/weighing/index?id={sale}")
    leader.see("weigh-open", "还有 1 份没称")
    leader.fill(**{f"grams_{number}": "800"})
    leader.see(f"weigh-back-{number}", "会退 ¥8.00")
    shot(leader, "settling-7-weigh")
    leader.tap("weigh-save")
    leader.confirm()
    leader.see("weigh-open", "还有 0 份没称")
    leader.see(f"weigh-back-{number}", "¥8.00")

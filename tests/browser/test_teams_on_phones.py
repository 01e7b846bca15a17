"""A leader sells to teams of two; three phones meet at the last seat: one team is formed, one ends and gives its money back."""

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
from story.people import Simulator, until
from yantuan.kernel.clock import now

pytestmark = pytest.mark.browser
ADDRESS = {
    "name": "孙小圣", "phone": "13722220009", "province": "上海市", "city": "上海市", "district": "浦东新区",
    "detail": "梧桐路 9 号", "building": "3栋", "unit": "1单元", "room": "502",
}  # fmt: skip


def draft(desk: httpx.Client) -> dict[str, Any]:
    """Two products, not yet sold to teams."""
    store = desk.get("/leader/stores").json()[0]["id"]
    products = desk.get(f"/leader/stores/{store}/products").json()["items"][:2]
    begin = now()
    body = {
        "title": "两人一起买",
        "offers": [{"sku_id": p["skus"][0]["id"], "price_fen": 3990, "stock": 9} for p in products],
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(days=2)).isoformat(),
        "pickup_enabled": False,
    }
    answer = desk.post(f"/leader/stores/{store}/group-buys", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def set_up(leader: Phone, sale: dict[str, Any]) -> None:
    """The rule in the editor, and what it says to a price that is no gain."""
    leader.open(f"/leader/group-edit/index?id={sale['id']}")
    leader.tap("group-rules")
    leader.tap("teams-on")
    leader.tap("teams-size")
    leader.tap("teams-size-2")
    leader.fill(teams_price_0="39.9")
    leader.see("teams-price-0-error", "拼团价要低于单独买的价格")
    leader.fill(teams_price_0="29.9")
    leader.see("teams-panel", "到时不满，已付的钱自动全额退回")
    shot(leader, "teams-1-editor")
    leader.tap("group-publish")
    expect(leader.page).to_have_url(f"{leader.app}/leader/share/index?id={sale['id']}")


def choose(one: Phone, sale: dict[str, Any]) -> None:
    """One piece of what is sold to teams; the other product is not shown."""
    first, second = sale["offers"]
    expect(one.page.locator(f'[data-testid="product-{second["product_id"]}"]:visible')).to_have_count(0)
    one.see(f"product-{first['product_id']}", "29.90")
    one.more(f"step-{first['id']}")
    one.tap("checkout")
    one.see("team-checkout")


def pay(one: Phone, stack: Stack) -> None:
    one.tap("submit-order")
    one.page.wait_for_url(f"{stack.simulator}/cashier/**")
    one.page.get_by_role("button", name="支付").first.click()
    one.see("pay-paid")


def start_team(one: Phone, stack: Stack, sale: dict[str, Any]) -> str:
    """From the sale's page to the team's, which is shared; answers the team's link."""
    one.open(f"/g/{sale['code']}")
    one.see("team-card", "2 人付款即成团")
    one.see("team-way-alone", "39.90")
    shot(one, "teams-2-sale")
    one.tap("team-way-new")
    choose(one, sale)
    shot(one, "teams-3-checkout")
    pay(one, stack)
    shot(one, "teams-4-paid")
    one.tap("see-team")
    one.see("team-state-forming", "还差 1 人")
    shot(one, "teams-5-team")
    one.tap("team-invite")
    one.see("share-copy")
    shot(one, "teams-6-share")
    return one.page.url.removeprefix(one.app)


def person(stack: Stack, role: str) -> httpx.Client:
    """Somebody with an address."""
    client = api(stack, role)
    assert client.post("/me/addresses", json=ADDRESS).is_success
    return client


def test_three_phones_and_two_seats(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = person(stack, "leader")
    sale = draft(desk)
    leader = signed(phone(), "leader")
    set_up(leader, sale)
    one, two = signed(phone(), "buyer"), signed(phone(), "buyer2")
    person(stack, "buyer2")
    link = start_team(one, stack, sale)

    # Two others open the link and are both at the checkout before either of them pays.
    for other in (two, leader):
        other.open(link)
        other.see("team-state-forming", "还差 1 人")
        other.tap("team-join")
        other.see("team-note", "将加入这个团")
        choose(other, sale)
    shot(two, "teams-7-joining")
    pay(two, stack)
    one.open(link)
    one.see("team-state-formed", "拼团成功")
    shot(one, "teams-8-formed")

    leader.tap("submit-order")
    expect(leader.page.get_by_text("该团已满").last).to_be_visible()
    shot(leader, "teams-9-full")
    leader.confirm()
    leader.see("team-checkout", "新开一个 2 人团")
    pay(leader, stack)
    mine = leader.api("/orders")["items"][0]
    leader.open(f"/pages/order/index?id={mine['id']}")
    leader.see("order-team", "拼团中")
    leader.see("headline", "待成团")
    shot(leader, "teams-10-order")
    leader.open(f"/leader/orders/index?group={sale['id']}")
    leader.see(f"order-{mine['id']}", "待成团")
    expect(leader.page.locator(".yt-card:visible").filter(has_text="待发货")).to_have_count(2)
    shot(leader, "teams-10-list")
    leader.open(f"/leader/teams/index?id={sale['id']}")
    leader.see("page-leader-teams", "拼团中")
    leader.see("page-leader-teams", "已成团")
    shot(leader, "teams-11-leader")

    assert desk.post(f"/leader/group-buys/{sale['id']}/close").is_success
    until(
        lambda: [o for o in Simulator(stack).book().values() if o["refunded"] == mine["total_fen"]],
        "money back",
    )
    until(lambda: leader.api("/orders")["items"][0]["payment"] == "refunded", "the order is refunded")
    leader.tap("see-team") if leader.page.get_by_test_id("see-team").count() else leader.open(
        f"/pages/order/index?id={mine['id']}"
    )
    leader.see("order-team", "未成团")
    shot(leader, "teams-12-over")
    found = desk.get(f"/leader/group-buys/{sale['id']}/teams").json()
    assert (found["forming"], found["formed"], found["over"]) == (0, 1, 1)
    assert [row["refunded_fen"] for row in found["rows"]] == [mine["total_fen"], 0]

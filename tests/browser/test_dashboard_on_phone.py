"""A leader looks at the store's figures: today next to the days before, a bar, the best seller's orders."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from phone import Phone
from playwright.sync_api import expect

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on this page."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def read(phone: Phone, path: str) -> Any:
    answer = phone.context.request.get(f"{phone.app}/api{path}")
    assert answer.ok, answer.text()
    return answer.json()


def test_figures_on_the_phone(phone: Callable[[], Phone], stack: Stack) -> None:
    leader = phone()
    assert leader.context.request.post(f"{leader.app}/api/demo/sign-in", data={"role": "leader"}).ok
    store = read(leader, "/me")["leader"]["store_id"]
    month = read(leader, f"/leader/stores/{store}/dashboard?length=month")
    assert month["sums"]["orders"] > 0, "the demo has sold something"

    leader.open("/pages/home/index")
    leader.tap("tool-trend")
    leader.see("dash-sums")
    shot(leader, "dash-1-week")
    leader.tap("dash-length-month")
    expect(leader.see("dash-orders")).to_contain_text(str(month["sums"]["orders"]))
    expect(leader.see("dash-paid")).to_contain_text(yuan(month["sums"]["paid_fen"]).split(".")[0])
    assert leader.page.locator('[data-testid^="dash-bar-"]:visible').count() == 30
    shot(leader, "dash-2-month")

    # The best bar is told at first; a tap tells another day.
    best = max(month["slots"], key=lambda slot: slot["paid_fen"])
    expect(leader.see("dash-told")).to_contain_text(f"¥{yuan(best['paid_fen'])}")
    leader.tap("dash-bar-0")
    expect(leader.see("dash-told")).to_contain_text(month["slots"][0]["begin"][5:10])

    leader.tap("dash-length-today")
    today = read(leader, f"/leader/stores/{store}/dashboard?length=today")
    expect(leader.see("dash-orders")).to_contain_text(str(today["sums"]["orders"]))
    assert leader.page.locator('[data-testid^="dash-bar-"]:visible').count() == 24
    shot(leader, "dash-3-today")

    leader.tap("dash-length-month")
    title = month["goods"][0]["title"]
    expect(leader.see("dash-goods-0")).to_contain_text(title)
    leader.tap("dash-goods-0")
    box = leader.see("desk-search").locator("input").last
    expect(box).to_have_value(title)
    expect(leader.page.locator(".yt-card:visible").filter(has_text=title).first).to_be_visible()
    shot(leader, "dash-4-orders")


def test_a_store_without_sales_says_what_to_do(phone: Callable[[], Phone], stack: Stack) -> None:
    leader = phone()
    assert leader.context.request.post(f"{leader.app}/api/demo/sign-in", data={"role": "leader"}).ok
    leader.page.route(
        "**/dashboard?**",
        lambda route: route.fulfill(
            status=409, json={"code": "trouble", "message": "出错了", "message_en": "Trouble"}
        ),
    )
    leader.open("/leader/dashboard/index")
    leader.see("error")
    leader.page.unroute("**/dashboard?**")
    leader.page.route("**/dashboard?**", lambda route: route.fulfill(json=nothing(route.fetch().json())))
    leader.tap("error-retry")
    leader.see("dash-empty")
    shot(leader, "dash-5-empty")


def nothing(seen: dict[str, Any]) -> dict[str, Any]:
    """The answer for a store that has sold nothing yet."""
    none = dict.fromkeys(seen["sums"], 0)
    shares = {"opens": 0, "orders": 0, "conversion_bp": None, "others": 0, "rows": []}
    slots = [{**slot, "orders": 0, "paid_fen": 0} for slot in seen["slots"]]
    return {
        **seen,
        "sums": none,
        "before": none,
        "slots": slots,
        "goods": [],
        "shares": shares,
        "reasons": [],
    }

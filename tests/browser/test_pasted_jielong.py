"""A leader pastes a 接龙 on the phone, sees it beside the orders, and copies a clean one written out of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

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


def test_a_pasted_list_on_the_phone(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    rows = desk.get(f"/leader/stores/{store}/group-buys").json()["items"]
    sale = next(row for row in rows if row["orders"] and row["status"] == "open")
    path = f"/leader/group-buys/{sale['id']}/jielong"
    full = desk.get(f"{path}/text", params={"full": "true"}).json()
    assert full["people"] >= 1
    # One line fewer than there are orders, one person nobody knows, one line nobody can be sure of.
    kept = [line for line in full["text"].splitlines() if not line.startswith("1. ")]
    text = "\n".join([*kept, "98. 新来的邻居 9-901 A×2（周日再拿）", "99. 犹豫的人 9-902 A1-2份"])
    before = desk.get(f"/leader/stores/{store}/order-counts").json()

    one = phone()
    assert one.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"}).ok
    one.open(f"/leader/group-edit/index?id={sale['id']}")
    one.tap("group-jielong")
    one.see("jielong-text")
    shot(one, "jielong-1-empty")
    one.fill(jielong_text=text)
    shot(one, "jielong-2-filled")
    one.tap("jielong-read")
    one.see("jielong-totals")
    one.see("jielong-new", "新来的邻居 9-901")
    one.see("jielong-new", "周日再拿")
    one.see("jielong-ask", "犹豫的人")
    one.see("jielong-vanished")
    shot(one, "jielong-3-read")
    expect(one.page.locator('[data-testid="jielong-same"]:visible')).to_have_count(full["people"] - 1)
    assert desk.get(f"/leader/stores/{store}/order-counts").json() == before

    one.page.get_by_text("写一份接龙").last.click()
    one.see("jielong-written", "#接龙")
    masked = one.at("jielong-written").inner_text()
    one.tap("jielong-full")
    expect(one.at("jielong-written")).not_to_have_text(masked)
    shot(one, "jielong-4-written")
    one.see("jielong-copy")

"""A leader invites a helper, who accepts on another phone, works with the rights given, and is out once they are taken away."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from phone import Phone
from playwright.sync_api import expect

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png")


def signed(phone: Phone, role: str) -> Phone:
    assert phone.context.request.post(f"{phone.app}/api/demo/sign-in", data={"role": role}).ok
    return phone


def test_a_helper_from_the_invitation_to_the_end(phone: Callable[[], Phone], stack: Stack) -> None:
    leader, helper = signed(phone(), "leader"), signed(phone(), "buyer2")
    leader.open("/leader/staff/index")
    leader.see("staff-add")
    shot(leader, "staff-1-empty")
    leader.tap("staff-add")
    leader.see("staff-sheet")
    leader.tap("staff-save")
    expect(leader.page.get_by_text("至少选一项")).to_be_visible()
    leader.fill(staff_note="门口小王")
    leader.tap("staff-right-orders")
    leader.tap("staff-right-pickup")
    shot(leader, "staff-2-sheet")
    leader.tap("staff-save")
    link = leader.see("staff-qr").get_attribute("data-text") or ""
    shot(leader, "staff-3-link")

    helper.open(link.removeprefix("http://127.0.0.1:8000"))
    helper.see("join-accept")
    shot(helper, "staff-4-join")
    helper.tap("join-accept")
    helper.see("helper-store", "正在管理")
    shot(helper, "staff-5-board")
    assert [place["rights"] for place in helper.api("/me")["helps"]] == [["orders", "pickup"]]
    expect(helper.page.locator('[data-testid="tool-chart"]:visible')).to_have_count(0)
    helper.tap("tool-qr")
    helper.page.go_back()
    helper.tap("tool-orders")
    expect(helper.page.locator('[data-testid^="order-"]:visible').first).to_be_visible()
    shot(helper, "staff-6-orders")

    leader.open("/leader/staff/index")
    row = leader.page.locator(".staff-row:visible", has_text="门口小王")
    expect(row).to_be_visible()
    shot(leader, "staff-7-list")
    leader.page.get_by_text("操作记录").click()
    expect(leader.page.get_by_text("管理员做过的事会记在这里")).to_be_visible()
    leader.page.locator('[data-testid^="staff-"]:visible').get_by_text("管理员", exact=True).first.click()
    row.click()
    leader.page.get_by_text("停用").last.click()
    leader.confirm()
    expect(leader.page.get_by_text("还没有管理员")).to_be_visible()
    helper.open("/pages/home/index")
    expect(helper.page.locator('[data-testid="helper-store"]:visible')).to_have_count(0)
    assert helper.api("/me")["helps"] == []

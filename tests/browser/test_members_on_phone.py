"""A leader looks at members, tags one, sets levels, blocks one and takes it back, merges two accounts."""

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
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def answer(phone: Phone, text: str) -> None:
    """Fill the system's question and say yes."""
    phone.page.locator(".uni-modal textarea:visible, .uni-modal input:visible").last.fill(text)
    phone.confirm()


def test_members_on_the_phone(phone: Callable[[], Phone], stack: Stack) -> None:
    leader = phone()
    assert leader.context.request.post(f"{leader.app}/api/demo/sign-in", data={"role": "leader"}).ok
    leader.open("/leader/members/index")
    rows = leader.page.locator('[data-testid^="member-"]:visible')
    # Figures are counted by the worker, every few seconds.
    for _ in range(30):
        leader.page.wait_for_timeout(1000)
        if rows.count() >= 3:
            break
        leader.page.reload()
    expect(rows.nth(2)).to_be_visible()
    shot(leader, "members-1-list")
    leader.tap("members-levels")
    leader.tap("level-add")
    leader.fill(level_name_0="老客", level_orders_0="1")
    shot(leader, "members-2-levels")
    leader.tap("level-save")
    expect(leader.page.get_by_text("老客").first).to_be_visible()

    rows.first.click()
    name = leader.see("member-head").locator(".member-head__name").inner_text()
    leader.tap("member-tag")
    answer(leader, "二期")
    expect(leader.page.locator(".member-tag:visible", has_text="二期")).to_be_visible()
    leader.tap("member-block")
    answer(leader, "多次拒收")
    leader.see("member-unblock", "多次拒收")
    shot(leader, "members-3-member")
    leader.tap("member-unblock")
    leader.see("member-block")
    leader.tap("member-merge")
    other = leader.page.locator('[data-testid^="member-"]:visible').nth(1)
    expect(other).to_be_visible()
    shot(leader, "members-4-merge")
    other.click()
    leader.confirm()
    leader.see("member-twin")
    assert name in leader.see("member-head").inner_text()
    leader.tap("member-twin")
    leader.confirm()
    expect(leader.page.locator('[data-testid="member-twin"]:visible')).to_have_count(0)

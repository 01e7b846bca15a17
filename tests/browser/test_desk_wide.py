"""A leader at a computer: let in by the phone, the table by keyboard, acts with outcomes, a view kept, parcels by typed numbers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from phone import PATIENCE_MS, Phone
from playwright.sync_api import Page, expect
from test_parcels import api, signed_in

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(page: Page, name: str) -> None:
    if LOOK:
        page.wait_for_timeout(500)
        page.screenshot(path=Path(LOOK) / f"desk-{name}.png")


def let_in(computer: Page, leader: Phone, stack: Stack) -> None:
    """The code on the computer, typed and agreed to on the phone."""
    computer.goto(f"{stack.app}/desk/")
    code = computer.get_by_test_id("desk-code").inner_text()
    shot(computer, "1-code")
    leader.open("/leader/desk-in/index")
    leader.fill(desk_in_code=code.replace(" ", ""))
    shot(leader.page, "2-typed")
    leader.tap("desk-in-look")
    leader.see("desk-in-device", "Chrome")
    shot(leader.page, "2-phone")
    leader.tap("desk-in-agree")
    leader.see("desk-in-done", "电脑已登录")
    expect(computer.get_by_test_id("row").first).to_be_visible()


def test_a_leader_at_the_computer(computer: Page, phone: Callable[[], Phone], stack: Stack) -> None:
    leader = signed_in(phone(), stack, "leader")
    let_in(computer, leader, stack)
    rows = computer.get_by_test_id("row")
    total = rows.count()
    expect(computer.get_by_test_id("sums")).to_contain_text(f"{total} 单")
    keys = computer.keyboard
    # Down twice, choose both, and a note on each.
    for key in ("j", "x", "j", "x"):
        keys.press(key)
    expect(computer.get_by_test_id("chosen")).to_have_text("2")
    shot(computer, "3-chosen")
    computer.get_by_role("button", name="加备注").click()
    computer.locator("dialog input").fill("周五冷链")
    keys.press("Enter")
    expect(computer.locator("dialog")).to_contain_text("2 单已完成")
    shot(computer, "4-outcome")
    computer.locator("dialog").get_by_role("button", name="好").click()
    # The drawer by keyboard, the note in it changed.
    expect(computer.get_by_test_id("chosen")).to_be_hidden()
    keys.press("j")
    keys.press("Enter")
    note = computer.get_by_test_id("note-text")
    expect(note).to_have_value("周五冷链")
    shot(computer, "5-drawer")
    note.fill("改过")
    computer.get_by_test_id("note-save").click()
    expect(computer.get_by_test_id("note-text")).to_have_value("改过")
    keys.press("Escape")
    found = api(stack, "leader").get(f"/leader/orders/{rows.first.get_attribute('data-row')}").json()
    assert found["private_note"] == "改过"
    noted = computer.locator("tr[data-row]").nth(1).get_attribute("data-row")
    assert api(stack, "leader").get(f"/leader/orders/{noted}").json()["private_note"] == "周五冷链"


def test_filters_views_and_search(computer: Page, phone: Callable[[], Phone], stack: Stack) -> None:
    let_in(computer, signed_in(phone(), stack, "leader"), stack)
    keys = computer.keyboard
    total = computer.get_by_test_id("row").count()
    keys.press("f")
    computer.get_by_label("自提", exact=True).or_(computer.locator("select[name=way]")).last.select_option(
        "pickup"
    )
    shot(computer, "6-filters")
    computer.get_by_test_id("apply").click()
    expect(computer).to_have_url(re.compile("way=pickup"))
    picked = computer.get_by_test_id("row").count()
    assert 0 < picked < total
    keys.press("v")
    computer.get_by_test_id("view-title").fill("自提的")
    computer.get_by_test_id("view-save").click()
    expect(computer.locator("[data-views] summary")).to_contain_text("自提的")
    computer.goto(f"{stack.app}/desk/")
    expect(computer.get_by_test_id("row")).to_have_count(total)
    keys.press("v")
    shot(computer, "7-views")
    computer.get_by_test_id("view").click()
    expect(computer.get_by_test_id("row")).to_have_count(picked)
    keys.press("/")
    keys.type("没有这种东西")
    keys.press("Enter")
    expect(computer.get_by_test_id("empty")).to_contain_text("没有符合条件的订单")
    shot(computer, "8-empty")
    computer.get_by_role("link", name="清除条件").first.click()
    expect(computer.get_by_test_id("row")).to_have_count(total)
    keys.press("?")
    expect(computer.locator("dialog")).to_contain_text("下一单")
    shot(computer, "9-help")


def under_way(desk: httpx.Client, order: str) -> list[str]:
    """Numbers of an order's parcels; those taken back by an earlier test are not among them."""
    found = desk.get(f"/leader/orders/{order}").json()
    return [one["tracking_no"] for one in found["parcels"] if not one["withdrawn"]]


def test_parcels_by_typed_numbers(computer: Page, phone: Callable[[], Phone], stack: Stack) -> None:
    let_in(computer, signed_in(phone(), stack, "leader"), stack)
    desk = api(stack, "leader")
    computer.keyboard.press("g")
    computer.keyboard.press("i")
    fields = computer.get_by_test_id("number")
    expect(fields.first).to_be_visible()
    order = computer.locator("input[name=order]").first.get_attribute("value")
    shot(computer, "10-shipping")
    # A column copied from a sheet fills downwards from where it is pasted.
    fields.first.evaluate(
        """(field) => { const data = new DataTransfer(); data.setData("text", "YT8000000000001\\nx1");
        field.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })) }"""
    )
    expect(fields.first).to_have_value("YT8000000000001")
    computer.locator("[data-numbers] select[name=carrier]").select_option("YTO")
    computer.get_by_test_id("numbers-send").click()
    expect(computer.get_by_test_id("sheet-state")).to_have_text("待确认", timeout=PATIENCE_MS)
    expect(computer.get_by_test_id("tiles")).to_contain_text("1 可以发货")
    shot(computer, "11-preview")
    assert under_way(desk, str(order)) == []
    computer.get_by_test_id("sheet-confirm").click()
    expect(computer.get_by_test_id("sheet-state")).to_have_text("已发货", timeout=PATIENCE_MS)
    shot(computer, "12-booked")
    assert under_way(desk, str(order)) == ["YT8000000000001"]
    computer.on("dialog", lambda question: question.accept())
    computer.get_by_test_id("sheet-undo").click()
    expect(computer.get_by_test_id("sheet-state")).to_have_text("已撤回", timeout=PATIENCE_MS)
    assert desk.get(f"/leader/orders/{order}").json()["delivery"] == "none"

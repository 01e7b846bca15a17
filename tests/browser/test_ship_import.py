"""A leader ships from a sheet on the phone: mistakes shown by kind and row, doubts agreed to, booked, sent again, taken back."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api, signed_in

from stack import Stack

pytestmark = pytest.mark.browser

HEAD = ("订单号", "快递公司", "运单号", "收货人")
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def sheet(*rows: tuple[Any, ...]) -> bytes:
    made = openpyxl.Workbook()
    for row in (HEAD, *rows):
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def choose(phone: Phone, data: bytes, name: str = "十一月发货.xlsx") -> None:
    phone.see("import-choose")
    with phone.page.expect_file_chooser() as chooser:
        phone.tap("import-choose")
    chooser.value.set_files([{"name": name, "mimeType": "application/vnd.ms-excel", "buffer": data}])


def waiting(leader: httpx.Client) -> list[tuple[str, str]]:
    """Orders that wait for a parcel, as the template lists them: number and recipient."""
    store = leader.get("/leader/stores").json()[0]["id"]
    filled = leader.get(f"/leader/stores/{store}/ship-template").content
    rows = list(openpyxl.load_workbook(io.BytesIO(filled)).active.iter_rows(values_only=True))
    name, order = rows[0].index("收货人"), rows[0].index("订单号*")
    return [(row[order], row[name]) for row in rows[1:]]


def delivery(leader: httpx.Client, order: str) -> tuple[str, list[str]]:
    found = leader.get(f"/leader/orders/{order}").json()
    return found["delivery"], [one["tracking_no"] for one in found["parcels"] if not one["withdrawn"]]


def test_a_sheet_from_the_phone(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    orders = waiting(desk)
    assert len(orders) >= 2
    (first, who), (second, _), *_ = orders
    rows = [
        (first, "圆通", "YT7000000000001", who), (second, "圆通", "YT7000000000002", "别人"), ("1234", "圆通", "YT7000000000003", ""),
        (second, "中通", 73100000000000, ""),
    ]  # fmt: skip
    leader = signed_in(phone(), stack, "leader")
    leader.open("/leader/orders/index")
    leader.tap("import-open")
    leader.see("import-choose")
    shot(leader, "1-start")
    data = sheet(*rows)
    choose(leader, data)
    leader.see("import-number-ok", "1")
    leader.see("import-number-confirm", "1")
    leader.see("import-number-error", "2")
    leader.see("import-problem-tracking_digits_lost", "科学计数法")
    shot(leader, "2-preview")
    leader.tap("import-look-name_mismatch")
    leader.see("import-row", "第 3 行")
    shot(leader, "3-rows")
    leader.page.keyboard.press("Escape")
    expect(leader.at("import-confirm")).to_contain_text("1 行")
    leader.tap("import-agree-name_mismatch")
    expect(leader.at("import-confirm")).to_contain_text("2 行")
    leader.tap("import-confirm")
    shot(leader, "4-confirm")
    leader.confirm()
    leader.see("import-title", "处理完了")
    leader.see("import-number-booked", "2")
    shot(leader, "5-booked")
    assert delivery(desk, first) == ("shipped", ["YT7000000000001"])
    assert delivery(desk, second) == ("shipped", ["YT7000000000002"])
    # The same file again changes nothing, and says so.
    leader.tap("import-other")
    earlier = leader.page.locator('[data-testid="import-earlier"]:visible').filter(has_text="十一月发货.xlsx")
    expect(earlier.first).to_be_visible()
    shot(leader, "6-earlier")
    choose(leader, data)
    leader.see("import-again", "传过")
    shot(leader, "7-again")
    leader.tap("import-undo")
    leader.see("import-title")
    leader.page.locator(".uni-modal:visible").wait_for()
    shot(leader, "8-undo")
    leader.confirm()
    leader.see("import-title", "已整批撤回")
    shot(leader, "9-undone")
    assert delivery(desk, first) == ("none", []) and delivery(desk, second) == ("none", [])
    leader.tap("import-other")
    choose(leader, b"\xd0\xcf\x11\xe0" + b"\0" * 100, "旧表.xls")
    leader.see("import-refused", "另存为")
    shot(leader, "10-refused")

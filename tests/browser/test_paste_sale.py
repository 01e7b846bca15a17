"""A leader pastes a supplier's text, adds a picture, fills in what it doesn't say, and has a draft to publish."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from phone import Phone
from PIL import Image
from playwright.sync_api import expect
from test_parcels import api

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""
TEXT = """云南阳光玫瑰葡萄 产地直发
2斤装 39.9元 / 5斤装 89元
每人限购2份
赣南脐橙 10斤 59元 库存30箱
周五晚上10点截单，周六到小区自提
微信 fruit888 咨询"""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (400, 400), (120, 160, 60)).save(out, "JPEG")
    return out.getvalue()


def test_from_a_pasted_text_to_an_open_sale(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    leader = phone()
    assert leader.context.request.post(f"{leader.app}/api/demo/sign-in", data={"role": "leader"}).ok
    leader.open("/leader/groups/index")
    leader.tap("groups-paste")
    leader.tap("paste-read")
    expect(leader.page.get_by_text("先粘贴文字")).to_be_visible()
    leader.fill(paste_text=TEXT)
    shot(leader, "paste-1-text")
    leader.tap("paste-read")
    leader.see("paste-good-1")
    shot(leader, "paste-2-read")
    expect(leader.at("paste-price-0-0").locator("input")).to_have_value("39.90")
    expect(leader.at("paste-price-0-1").locator("input")).to_have_value("89.00")
    leader.tap("paste-make")
    leader.upload("paste-pictures", picture())
    leader.fill(paste_title="周五鲜果团", paste_stock_0_0="40", paste_stock_0_1="20", paste_stock_1_0="30")
    leader.tap("paste-make")
    leader.see("group-status", "草稿")
    shot(leader, "paste-3-draft")
    draft = next(
        row
        for row in desk.get(f"/leader/stores/{store}/group-buys").json()["items"]
        if row["title"] == "周五鲜果团"
    )
    sale = desk.get(f"/leader/group-buys/{draft['id']}").json()
    assert [(o["sku_name"], o["price_fen"], o["available"]) for o in sale["offers"]][:2] == [
        ("2斤装", 3990, 40),
        ("5斤装", 8900, 20),
    ]
    assert "fruit888" not in str(sale["blocks"])
    leader.tap("group-publish")
    expect(leader.page).to_have_url(f"{stack.app}/leader/share/index?id={draft['id']}")
    assert desk.get(f"/leader/group-buys/{draft['id']}").json()["status"] == "open"

    # The same goods again: they are in the library now, so nothing is made twice and nothing more is asked for.
    goods = len(desk.get(f"/leader/stores/{store}/products").json()["items"])
    leader.open("/leader/paste-sale/index")
    leader.fill(paste_text=TEXT)
    leader.tap("paste-read")
    leader.see("paste-good-1")
    expect(leader.page.get_by_text("商品库里已有")).to_have_count(2)
    leader.fill(paste_title="周六鲜果团")
    leader.tap("paste-make")
    leader.see("group-status", "草稿")
    assert len(desk.get(f"/leader/stores/{store}/products").json()["items"]) == goods

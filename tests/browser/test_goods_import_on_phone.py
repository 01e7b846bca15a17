"""A leader takes a supplier's sheet into the library on the phone, mistakes shown by row, and opens a sale with what came of it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.drawing.image import Image as SheetImage
from phone import Phone
from PIL import Image
from playwright.sync_api import expect
from test_parcels import api, signed_in

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def picture() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (400, 400), (120, 160, 60)).save(out, "JPEG")
    return out


def sheet() -> bytes:
    """Good rows, one to be asked about, one that is wrong."""
    book = openpyxl.Workbook()
    page = book.active
    for row in (
        ("果园直供 报价单",), ("品名", "规格", "团购价（元）", "成本价", "库存", "限购"), ("冬枣", "3斤装", 29.9, 18, 60, 3),
        ("冬枣", "5斤装", 45, 30, 40, None), ("软籽石榴", "8个装", "39.9元/箱", 25, None, None), ("橙子", None, "9.999", 5, 10, None),
        ("柚子", None, "面议", None, 10, None),
    ):  # fmt: skip
        page.append(row)
    page.add_image(SheetImage(picture()), "G3")
    book.create_sheet("老价格")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def choose(phone: Phone, data: bytes, name: str = "果园直供报价.xlsx") -> None:
    phone.see("goods-choose")
    with phone.page.expect_file_chooser() as chooser:
        phone.tap("goods-choose")
    chooser.value.set_files([{"name": name, "mimeType": "application/vnd.ms-excel", "buffer": data}])


def test_from_a_sheet_to_an_open_sale(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    before = len(desk.get(f"/leader/stores/{store}/products").json()["items"])
    leader = signed_in(phone(), stack, "leader")
    leader.open("/leader/products/index")
    leader.tap("product-import")
    leader.see("empty", "还没有导入过")
    shot(leader, "goods-1-start")
    data = sheet()
    choose(leader, data)
    leader.see("goods-row-7", "价格看不懂")
    shot(leader, "goods-2-preview")
    expect(leader.at("goods-confirm")).to_contain_text("3 行")
    leader.tap("goods-check-6")
    expect(leader.at("goods-confirm")).to_contain_text("4 行")
    leader.tap("goods-confirm")
    expect(leader.page.get_by_text("有商品没有图片，请选一张").first).to_be_visible()
    shot(leader, "goods-3-lacks")
    leader.upload("goods-picture", picture().getvalue())
    leader.fill(goods_stock="25")
    assert len(desk.get(f"/leader/stores/{store}/products").json()["items"]) == before
    leader.tap("goods-confirm")
    leader.see("goods-state", "导入完成")
    shot(leader, "goods-4-done")
    expect(leader.at("goods-sale-title").locator("input")).to_have_value("果园直供报价")
    leader.tap("goods-sale-ends")
    leader.tap("goods-sale-ends-confirm")
    leader.tap("goods-make-sale")
    leader.see("group-status", "草稿")
    shot(leader, "goods-5-draft")
    rows = desk.get(f"/leader/stores/{store}/group-buys").json()["items"]
    sale = next(row for row in rows if row["title"] == "果园直供报价")
    offers = desk.get(f"/leader/group-buys/{sale['id']}").json()["offers"]
    assert [(o["title"], o["sku_name"], o["price_fen"], o["available"], o["limit_per_person"]) for o in offers] == [
        ("冬枣", "3斤装", 2990, 60, 3), ("冬枣", "5斤装", 4500, 40, 0), ("软籽石榴", "8个装/箱", 3990, 25, 0), ("橙子", "", 1000, 10, 0),
    ]  # fmt: skip

    # The very same sheet again answers what became of it, and nothing is made twice.
    leader.open("/leader/goods-import/index")
    choose(leader, data)
    leader.see("goods-again", "传过")
    leader.see("import-number-made", "4")
    shot(leader, "goods-6-again")
    leader.tap("goods-fresh")
    leader.see("goods-row-3", "商品库里已有")
    shot(leader, "goods-7-fresh")
    assert len(desk.get(f"/leader/stores/{store}/products").json()["items"]) == before + 3

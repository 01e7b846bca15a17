"""A sheet names one of a buyer's two orders and both leave; a doubt about an address changed after its label; a row per order on the phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from phone import PATIENCE_MS, Phone
from playwright.sync_api import Page, expect
from test_desk_wide import let_in
from test_desk_wide import shot as desk_shot
from test_orders_grow import ordered, sale_of
from test_parcels import api, signed_in
from test_ship_import import choose, delivery, sheet, shot

from stack import Stack

pytestmark = pytest.mark.browser
NUMBER = "YT7000000000777"


def test_one_row_sends_both_orders_of_a_buyer(
    phone: Callable[[], Phone], computer: Page, stack: Stack
) -> None:
    desk, client = api(stack, "leader"), api(stack, "buyer2")
    sale = sale_of(desk)
    first, second = ordered(client, desk, sale), ordered(client, desk, sale)
    assert desk.get(f"/leader/group-buys/{sale['id']}/picking.pdf?what=labels&size=60x40").status_code == 200
    there = {
        "name": "孙小圣", "phone": "13722220009", "province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文一路 5 号",
    }  # fmt: skip
    # Both move: they are one parcel.
    assert client.put(f"/orders/{first}/address", json={"recipient": there}).status_code == 200
    leader = signed_in(phone(), stack, "leader")
    leader.open("/leader/ship-import/index")
    choose(leader, sheet((second, "圆通", NUMBER, "孙小圣")), "一个包裹.xlsx")
    leader.see("import-problem-address_stale", "导出后改过地址")
    leader.see("import-problem-together", "同一跟团号的几单一起发")
    shot(leader, "one-parcel-1")
    leader.tap("import-look-together")
    leader.see("import-row", "2 单")
    shot(leader, "one-parcel-2")
    leader.page.keyboard.press("Escape")
    leader.tap("import-agree-address_stale")
    expect(leader.at("import-confirm")).to_contain_text("1 行")
    leader.tap("import-confirm")
    leader.confirm()
    leader.see("import-title", "处理完了")
    assert delivery(desk, first) == delivery(desk, second) == ("shipped", [NUMBER])
    shot(leader, "one-parcel-3")
    row_per_order(leader)
    let_in(computer, leader, stack)
    store = desk.get("/leader/stores").json()[0]["id"]
    batch = desk.get(f"/leader/stores/{store}/ship-imports").json()[0]["id"]
    computer.goto(f"{stack.app}/desk/{store}/shipping/{batch}")
    expect(computer.get_by_test_id("sheet-row").first).to_contain_text("同一跟团号的几单一起发 · 2 单")
    desk_shot(computer, "one-parcel")
    computer.goto(f"{stack.app}/desk/{store}/exports")
    expect(computer.get_by_test_id("export-row").first).to_contain_text("每单一行")
    desk_shot(computer, "exports")


def row_per_order(leader: Phone) -> None:
    """Ask for a sheet with a row per order, and see it written."""
    leader.open("/leader/orders/index")
    leader.tap("export-open")
    leader.see("export-view-lines")
    leader.tap("export-view-orders")
    leader.tap("export-ask")
    leader.page.locator('[data-testid="export-download"]:visible').first.wait_for(timeout=PATIENCE_MS)
    leader.see("export-row", "每单一行")
    shot(leader, "export-sheet")
    leader.open("/leader/export-columns/index")
    leader.see("add-column-profit", "商品毛利")
    shot(leader, "export-columns")

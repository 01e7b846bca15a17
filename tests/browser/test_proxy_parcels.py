"""A pasted 接龙 whose people want parcels: each gets an address before ordering; afterwards the order's own page links, records and ends."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from ownsale import own_sale
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api, signed_in
from test_proxy_orders_on_phone import copied, shot

from stack import Stack

pytestmark = pytest.mark.browser


def place(leader: Phone, index: int, text: str) -> None:
    leader.tap(f"proxy-place-{index}")
    leader.see("proxy-place-sheet")
    leader.fill(addr_paste_text=text)
    leader.tap("addr-paste-read")


def test_parcels_out_of_a_pasted_list(phone: Callable[[], Phone], stack: Stack) -> None:
    sale = own_sale(stack, "接龙寄快递团", pickup_enabled=False, pickup_point_ids=[])
    leader = signed_in(phone(), stack, "leader")
    leader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    leader.open(f"/leader/jielong/index?id={sale['id']}")
    leader.fill(jielong_text="1. 丁香姐 3-502 A×2\n2. 老白 A1")
    leader.tap("jielong-read")
    leader.tap("jielong-go")
    leader.see("proxy-no-point", "请给每个人贴上寄送地址")
    leader.see("proxy-way-1", "还没有寄送地址")
    expect(leader.at("proxy-confirm")).to_have_class(re.compile("yt-btn--off"))
    shot(leader, "proxy-20-missing")
    place(leader, 0, "王芳 13900002222 浙江省杭州市西湖区文三路 1 号金星苑 2号楼 3单元 402")
    expect(leader.at("proxy-place-name").locator("input")).to_have_value("王芳")
    shot(leader, "proxy-21-pasted")
    leader.tap("proxy-place-use")
    leader.see("proxy-wish-0", "文三路")
    # Without a phone the sheet says so.
    place(leader, 1, "浙江省杭州市西湖区文三路 9 号 1号楼 101")
    leader.tap("proxy-place-use")
    expect(leader.page.get_by_text("快递需要收件人手机号")).to_be_visible()
    leader.fill(proxy_place_phone="13900003333")
    leader.tap("proxy-place-use")
    shot(leader, "proxy-22-confirm")
    leader.tap("proxy-confirm")
    # The freight comes with the answer, and is agreed to.
    leader.tap("proxy-again")
    leader.tap("proxy-confirm")
    leader.see("proxy-result", "下好了 2 单")
    leader.tap("proxy-finish")
    expect(leader.page.locator('[data-testid="jielong-same"]:visible')).to_have_count(2)
    desk = api(stack, "leader")
    rows = desk.get(f"/leader/group-buys/{sale['id']}/proxy-orders").json()
    found = {row["name"]: row for row in rows}
    assert set(found) == {"王芳", "老白"}
    on_its_page(leader, found["王芳"], found["老白"])
    payments = [
        desk.get(f"/leader/orders/{found[x]['order_id']}").json()["payment"] for x in ("王芳", "老白")
    ]
    assert payments == ["paid", "closed"]


def on_its_page(leader: Phone, one: dict[str, str], other: dict[str, str]) -> None:
    """The link copied and the money written down on one order's page, the other ended on its own."""
    leader.open(f"/pages/order/index?id={one['order_id']}&as=leader")
    leader.see("proxy-desk")
    shot(leader, "proxy-23-order")
    leader.tap("proxy-copy")
    assert copied(leader) == one["link"]
    leader.tap("proxy-record")
    leader.confirm()
    leader.see("axis-payment", "已支付")
    expect(leader.page.locator('[data-testid="proxy-desk"]:visible')).to_have_count(0)
    leader.open(f"/pages/order/index?id={other['order_id']}&as=leader")
    leader.tap("proxy-cancel")
    leader.confirm()
    leader.see("axis-payment", "已关闭")

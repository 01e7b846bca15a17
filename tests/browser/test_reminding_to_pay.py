"""Unpaid orders of a sale are reminded: many at the desk by keyboard, then on the phone, where each says what became of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ownsale import order_in, own_sale
from phone import Phone
from playwright.sync_api import Page, expect
from test_desk_wide import let_in, shot
from test_orders_grow import paid_offline
from test_parcels import api, signed_in
from test_sale_limits import shot as phone_shot

from stack import Stack

pytestmark = pytest.mark.browser


def asked(stack: Stack, order: str) -> int:
    rows = api(stack, "buyer").get("/messages?role=buyer").json()["items"]
    return sum(1 for row in rows if row["order_id"] == order and "还没有付款" in row["title"])


def test_at_the_desk_and_on_the_phone(computer: Page, phone: Callable[[], Phone], stack: Stack) -> None:
    sale = own_sale(stack, "催付鲜果团")
    me, desk = api(stack, "buyer"), api(stack, "leader")
    first, paid = order_in(sale, me), order_in(sale, me)
    paid_offline(me, desk, paid["id"])
    leader = signed_in(phone(), stack, "leader")
    let_in(computer, leader, stack)
    store = desk.get("/leader/stores").json()[0]["id"]
    computer.goto(f"{stack.app}/desk/{store}/orders?sale={sale['id']}")
    expect(computer.get_by_test_id("row")).to_have_count(2)
    computer.keyboard.press("a")
    computer.get_by_role("button", name="提醒付款").click()
    expect(computer.locator("dialog")).to_contain_text("20 小时内提醒过的不会再打扰")
    shot(computer, "remind-1-ask")
    computer.locator("dialog").get_by_role("button", name="提醒付款").click()
    expect(computer.locator("dialog")).to_contain_text("打开应用才看得到")
    expect(computer.locator("dialog")).to_contain_text("这个订单不用付款了")
    shot(computer, "remind-2-outcomes")
    assert (asked(stack, first["id"]), asked(stack, paid["id"])) == (1, 0)

    later = order_in(sale, me)
    leader.open(f"/leader/orders/index?group={sale['id']}&tab=unpaid")
    leader.see("remind-unpaid", "提醒这 2 单付款")
    phone_shot(leader, "remind-1-list")
    leader.tap("remind-send")
    leader.confirm()
    leader.see("remind-app", "1 单没有订阅微信消息")
    leader.see("remind-reminded_lately", f"#{first['number']}")
    phone_shot(leader, "remind-2-outcomes")
    assert (asked(stack, first["id"]), asked(stack, later["id"])) == (1, 1)
    leader.open(f"/pages/order/index?id={later['id']}&as=leader")
    leader.tap("remind-send")
    leader.see("remind-reminded_lately", "20 小时内提醒过")
    phone_shot(leader, "remind-3-order")
    assert asked(stack, later["id"]) == 1

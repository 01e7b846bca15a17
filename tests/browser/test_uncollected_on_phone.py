"""A leader says what becomes of goods nobody fetches; a buyer reads it before ordering, and the list names who has not come."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api
from test_pickup_pass import sale_of, to_fetch

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""
WORDS = "到货通知后 2 天还没取，会提醒一次；提醒后再过 1 天仍未取，团长可以取回商品，没取的部分全额退款。"


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def signed(phone: Phone, role: str) -> Phone:
    assert phone.context.request.post(f"{phone.app}/api/demo/sign-in", data={"role": role}).ok
    return phone


def test_the_rule_and_the_list(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    sale = sale_of(stack, to_fetch(stack))
    store = desk.get("/leader/stores").json()[0]["id"]
    point = desk.get(f"/leader/stores/{store}").json()["pickup_points"][0]
    leader = signed(phone(), "leader")
    leader.open(f"/leader/group-edit/index?id={sale}")
    leader.see("left-rule", "没有设置")
    leader.tap("left-change")
    leader.tap("left-then")
    leader.tap("left-then-refund")
    shot(leader, "left-1-sheet")
    leader.tap("left-save")
    leader.see("left-rule", WORDS)
    shot(leader, "left-2-rule")

    buyer = signed(phone(), "buyer2")
    buyer.open(f"/pages/g/index?code={desk.get(f'/leader/group-buys/{sale}').json()['code']}")
    buyer.page.mouse.wheel(0, 6000)
    buyer.see("left-note", WORDS)
    shot(buyer, "left-3-buyer")

    leader.tap("left-open")
    expect(leader.page.get_by_text("还没有通知到货")).to_be_visible()
    path = f"/host/points/{point['id']}/sales/{sale}"
    goods = desk.get(path).json()["goods"]
    lines = [{"offer_id": one["offer_id"], "came": one["due"]} for one in goods]
    counted = desk.post(
        f"{path}/count", json={"base": 0, "lines": lines}, headers={"Idempotency-Key": "c"}
    ).json()
    told = {"counts": 1, "people": counted["people"]}
    assert desk.post(f"{path}/tell", json=told, headers={"Idempotency-Key": "t"}).status_code == 200
    leader.open(f"/leader/uncollected/index?id={sale}")
    card = leader.see(f"left-{point['name']}", "通知到货已 0 天")
    assert f"#{counted['hearers'][0]['number']}" in card.inner_text()
    shot(leader, "left-4-list")
    leader.tap("left-remind")
    leader.confirm()
    expect(leader.page.get_by_text("刚通知过大家，过 20 小时再提醒")).to_be_visible()

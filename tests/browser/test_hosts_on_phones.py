"""A leader invites a host, who counts what came, tells the buyers once, and hands out at their own point."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from phone import Phone
from playwright.sync_api import expect
from test_gate_offline import gate_list
from test_parcels import api
from test_pickup_pass import sale_of, to_fetch

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def signed(phone: Phone, role: str) -> Phone:
    assert phone.context.request.post(f"{phone.app}/api/demo/sign-in", data={"role": role}).ok
    return phone


def invited(leader: Phone, point: str) -> str:
    """The link of an invitation the leader has just made for the point."""
    leader.open("/leader/pickup-points/index")
    leader.tap("points-hosts")
    card = leader.see(f"hosts-{point}")
    shot(leader, "hosts-1-points")
    card.get_by_test_id("host-add").click()
    leader.fill(host_note="东门老周")
    leader.tap("host-make")
    link: str = leader.see("host-qr").get_attribute("data-text") or ""
    shot(leader, "hosts-2-link")
    return link


def told_of_arrival(phone: Phone) -> list[str]:
    rows = phone.api("/messages?role=buyer")["items"]
    return [row["title"] for row in rows if "已到自提点" in row["title"]]


def wait_until(true: Callable[[], bool]) -> None:
    """The worker tells within seconds."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def count_and_tell(host: Phone) -> None:
    goods = host.see("arrival-goods")
    goods.get_by_test_id("arrival-came").first.get_by_test_id("stepper-less").click()
    expect(goods.get_by_test_id("arrival-off").first).to_have_text("少 1")
    host.fill(arrival_note="少一件，已和供货商说")
    shot(host, "hosts-5-count")
    host.tap("arrival-save")
    host.see("arrival-history", "少 1")
    shot(host, "hosts-6-tell")
    host.tap("arrival-tell")
    host.confirm()
    host.see("arrival-told", "已由")


def test_a_host_from_the_invitation_to_the_hand_out(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    sale = sale_of(stack, to_fetch(stack, pieces=2))
    found = gate_list(desk, sale)
    [order] = found["orders"]
    point = found["points"][order["p"]]
    leader, host = signed(phone(), "leader"), signed(phone(), "buyer2")
    host.open(invited(leader, point["name"]).removeprefix("http://127.0.0.1:8000"))
    host.see("host-accept")
    shot(host, "hosts-3-join")
    host.tap("host-accept")
    host.see("host-point", point["name"])
    shot(host, "hosts-4-board")
    host.page.locator('[data-testid="host-sale"]:visible', has_text=found["title"]).first.click()
    count_and_tell(host)
    buyer = signed(phone(), "buyer")
    wait_until(lambda: len(told_of_arrival(buyer)) == 1)
    path = f"/host/points/{point['id']}/sales/{sale}"
    again = {"counts": 1, "people": host.api(path)["people"]}
    answer = desk.post(f"{path}/tell", json=again, headers={"Idempotency-Key": "again"})
    assert (answer.status_code, answer.json()["told_by"]) == (200, host.api("/me")["person"]["nickname"])
    assert len(told_of_arrival(buyer)) == 1

    leader.open(f"/leader/arrival/index?point={point['id']}&id={sale}")
    leader.tap("arrival-short")
    leader.see("short-who", "后跟团的先缺")
    shot(leader, "hosts-7-short")
    leader.tap("short-start")
    leader.confirm()
    leader.see("short-progress", "已全部发起")
    shot(leader, "hosts-8-refunded")

    host.tap("arrival-gate")
    host.see("gate-absent")
    # A host is told no rooms.
    assert set(host.page.locator(".gate-card__room").all_inner_texts()) == {""}
    host.fill(gate_text=f"#{order['n']}")
    host.at(f"gate-{order['n']}").get_by_test_id("gate-hand").click()
    host.tap("gate-sync")
    expect(host.at("gate-sync")).not_to_contain_text("待同步")
    shot(host, "hosts-9-gate")
    after = desk.post(f"/leader/group-buys/{sale}/gate-list").json()["orders"]
    assert next(one for one in after if one["id"] == order["id"])["s"] == "picked"

    host.open("/pages/home/index")
    host.see(f"hosted-{point['name']}")
    shot(host, "hosts-10-home")
    leader.open("/leader/hosts/index")
    leader.page.locator('[data-testid^="host-revoke-"]:visible').first.click()
    leader.confirm()
    expect(leader.page.locator('[data-testid^="host-revoke-"]:visible')).to_have_count(0)
    assert host.api("/me")["points"] == []
    host.open(f"/leader/arrival/index?point={point['id']}&id={sale}")
    expect(host.page.locator('[data-testid="arrival-goods"]:visible')).to_have_count(0)

"""Two gates without a line hand out overlapping people; back on line each is told what became of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def gate_list(desk: Any, sale: str) -> Any:
    return desk.post(f"/leader/group-buys/{sale}/gate-list").json()


def waiting_sale(desk: Any) -> tuple[str, Any]:
    """A sale with an order that waits to be fetched."""
    store = desk.get("/leader/stores").json()[0]["id"]
    for row in desk.get(f"/leader/stores/{store}/group-buys").json()["items"]:
        found = gate_list(desk, row["id"])
        if [one for one in found["orders"] if one["s"] == "waiting"]:
            return row["id"], found
    raise AssertionError("the demo has no order to be fetched")


def hand(phone: Phone, text: str, number: int) -> None:
    phone.fill(gate_text=text)
    phone.see(f"gate-{number}")
    phone.at(f"gate-{number}").get_by_test_id("gate-hand").click()


def test_two_gates_without_a_line(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    sale, found = waiting_sale(desk)
    order = next(one for one in found["orders"] if one["s"] == "waiting")
    pieces = sum(line["q"] for line in order["l"])
    gates = [phone(), phone()]
    for one in gates:
        assert one.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"}).ok
        one.open(f"/leader/gate/index?id={sale}")
        one.see("gate-absent")
        one.page.wait_for_function("async () => (await (await caches.open('yt-gate-1')).keys()).length > 5")
    shot(gates[0], "gate-1-list")
    for one in gates:
        one.context.set_offline(True)
    # What the phone kept opens the page as well.
    gates[1].page.reload()
    gates[1].see("gate-absent")
    gates[0].fill(gate_text=order["i"].lower())
    shot(gates[0], "gate-2-found")
    hand(gates[0], f"#{order['n']}", order["n"])
    hand(gates[1], order["t"], order["n"])
    for one in gates:
        one.see("gate-sync", "待同步 1")
    gates[0].tap("gate-sync")
    gates[0].see("gate-sync", "待同步 1")
    before = next(one for one in gate_list(desk, sale)["orders"] if one["id"] == order["id"])
    assert [line["d"] for line in before["l"]] == [line["d"] for line in order["l"]]

    for one in gates:
        one.context.set_offline(False)
        one.tap("gate-sync")
        expect(one.at("gate-sync")).not_to_contain_text("待同步")
    expect(gates[0].page.locator('[data-testid="gate-troubles"]')).to_have_count(0)
    gates[1].see("gate-troubles", f"#{order['n']} 已由")
    shot(gates[1], "gate-3-clash")
    after = next(one for one in gate_list(desk, sale)["orders"] if one["id"] == order["id"])
    assert (after["s"], sum(line["d"] for line in after["l"])) == ("picked", pieces)

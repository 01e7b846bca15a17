"""A leader opens a past sale once more in two taps, told what could not be carried along."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from phone import Phone
from test_parcels import api

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png")


def test_two_taps_open_a_past_sale_again(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    rows = desk.get(f"/leader/stores/{store}/group-buys?status=open").json()["items"]
    source = next(row for row in rows if row["kind"] == "dated" and row["offers"] > 1)
    # A past sale of our own, with one product that is archived since.
    made = desk.post(f"/leader/group-buys/{source['id']}/copy").json()
    assert desk.post(f"/leader/group-buys/{made['id']}/publish").status_code == 200
    assert desk.post(f"/leader/group-buys/{made['id']}/close").status_code == 200
    gone = made["offers"][0]
    assert desk.post(f"/leader/products/{gone['product_id']}/archive").status_code == 200
    carried = [o["sku_id"] for o in made["offers"] if o["product_id"] != gone["product_id"]]

    one = phone()
    assert one.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "leader"}).ok
    one.open("/leader/groups/index")
    one.see(f"group-{made['id']}-again")
    shot(one, "again-1-list")
    one.tap(f"group-{made['id']}-again")
    one.see("again-left", gone["title"])
    one.see("again-window")
    shot(one, "again-2-sheet")
    one.tap("again-publish")
    one.page.wait_for_url("**/leader/share/index**")
    shot(one, "again-3-share")
    desk.post(f"/leader/products/{gone['product_id']}/restore")

    listed = desk.get(f"/leader/stores/{store}/group-buys?status=open").json()["items"]
    new = {row["id"] for row in listed} - {row["id"] for row in rows}
    assert len(new) == 1
    opened = desk.get(f"/leader/group-buys/{new.pop()}").json()
    assert (opened["title"], [o["sku_id"] for o in opened["offers"]]) == (made["title"], carried)

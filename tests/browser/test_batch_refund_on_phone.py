"""A leader gives a share of one product back to everybody who bought it: preview, agreement, progress to the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

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


def test_a_spoiled_batch_on_the_phone(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    rows = desk.get(f"/leader/stores/{store}/group-buys").json()["items"]
    sale = next(row for row in rows if row["orders"] and row["status"] == "open")
    offer = desk.get(f"/leader/group-buys/{sale['id']}").json()["offers"][0]
    leader = phone()
    assert leader.context.request.post(f"{leader.app}/api/demo/sign-in", data={"role": "leader"}).ok
    leader.open(f"/leader/group-edit/index?id={sale['id']}")
    leader.tap("group-batch")
    leader.tap("batch-look")
    expect(leader.page.get_by_text("至少选一种商品")).to_be_visible()
    leader.tap(f"batch-offer-{offer['sku_id']}")
    leader.tap("batch-percent")
    leader.tap("batch-percent-10")
    shot(leader, "batch-1-form")
    leader.tap("batch-look")
    seen = leader.see("batch-preview").inner_text()
    assert "共 ¥" in seen
    leader.tap("batch-start")
    expect(leader.page.get_by_text("写一句原因，买家会看到")).to_be_visible()
    leader.fill(batch_reason="葡萄有坏果，退 10%")
    shot(leader, "batch-2-preview")
    leader.tap("batch-start")
    leader.confirm()
    leader.see("batch-progress", "已全部发起")
    shot(leader, "batch-3-done")
    [made] = desk.get(f"/leader/group-buys/{sale['id']}/batch-refunds").json()
    assert (made["state"], made["percent"], made["reason"]) == ("done", 10, "葡萄有坏果，退 10%")
    assert made["started"] == made["orders"] and made["started_fen"] == made["total_fen"] > 0

"""A leader opens a sale for tagged members only; a stranger is told so and the store does not show it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from phone import Phone
from playwright.sync_api import expect
from test_parcels import api, signed_in

from stack import Stack

pytestmark = pytest.mark.browser
LOOK = os.environ.get("LOOK_AT_PAGES", "")
"""A folder for a picture of every step, for whoever works on these pages."""


def shot(phone: Phone, name: str) -> None:
    if LOOK:
        phone.page.wait_for_timeout(700)
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=name.endswith("long"))


def counted(leader: Phone, desk: httpx.Client, store: str) -> list[dict[str, Any]]:
    """The members, as soon as the worker has counted them."""
    for _ in range(60):
        found: list[dict[str, Any]] = desk.get(f"/leader/stores/{store}/members").json()["items"]
        if found:
            return found
        leader.page.wait_for_timeout(500)
    raise AssertionError("no member was counted")


def test_a_sale_for_tagged_members(phone: Callable[[], Phone], stack: Stack) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]
    leader = signed_in(phone(), stack, "leader")
    leader.open("/leader/members/index")
    # Members are counted by the worker.
    members = counted(leader, desk, store["id"])
    saved = desk.put(f"/leader/members/{members[0]['id']}", json={"note": "", "tags": ["老邻居"]})
    assert saved.status_code == 200, saved.text
    sku = desk.get(f"/leader/stores/{store['id']}/products").json()["items"][0]["skus"][0]
    start = datetime.now(UTC)
    draft = desk.post(
        f"/leader/stores/{store['id']}/group-buys",
        json={
            "title": "老邻居内部团", "offers": [{"sku_id": sku["id"], "price_fen": sku["price_fen"]}],
            "starts_at": start.isoformat(), "ends_at": (start + timedelta(days=2)).isoformat(),
        },
    ).json()  # fmt: skip
    leader.open(f"/leader/group-edit/index?id={draft['id']}")
    leader.tap("group-rules")
    leader.tap("limits-tags")
    leader.tap("tag-老邻居")
    shot(leader, "tags-1-sheet")
    leader.tap("tags-done")
    leader.see("limits-tags", "老邻居")
    shot(leader, "tags-2-long")
    leader.tap("group-save")
    expect(leader.page.get_by_text("已保存").first).to_be_visible()
    kept = desk.get(f"/leader/group-buys/{draft['id']}").json()
    assert kept["options"]["limits"]["member_tags"] == ["老邻居"]
    assert desk.post(f"/leader/group-buys/{draft['id']}/publish").json()["status"] == "open"
    shown = desk.get(f"/s/{store['code']}").json()
    assert draft["code"] not in [row["code"] for row in shown["groups"]]
    buyer = phone()
    buyer.open(f"/g/{draft['code']}")
    buyer.see("invited-only", "私密团")
    expect(buyer.page.get_by_text("老邻居", exact=True)).to_have_count(0)
    shot(buyer, "tags-3-buyer")

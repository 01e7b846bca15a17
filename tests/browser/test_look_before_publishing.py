"""A leader is told what a draft may not say, mends it, looks at the advice once and publishes."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
        phone.page.screenshot(path=Path(LOOK) / f"{name}.png", full_page=True)


def test_forbidden_words_are_mended_and_advice_is_asked_once(
    phone: Callable[[], Phone], stack: Stack
) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]["id"]
    sku = desk.get(f"/leader/stores/{store}/products").json()["items"][0]["skus"][0]
    start = datetime.now(UTC)
    draft = desk.post(
        f"/leader/stores/{store}/group-buys",
        json={
            "title": "国家级脐橙团", "offers": [{"sku_id": sku["id"], "price_fen": sku["price_fen"]}],
            "blocks": [{"kind": "text", "text": "最好吃的一年，原价 199，坏果包赔"}],
            "starts_at": start.isoformat(), "ends_at": (start + timedelta(days=2)).isoformat(),
        },
    ).json()  # fmt: skip
    leader = signed_in(phone(), stack, "leader")
    leader.open(f"/leader/group-edit/index?id={draft['id']}")
    leader.tap("compliance-check")
    leader.see("compliance-absolute_named", "不能发布")
    leader.see("compliance-absolute_soft", "请看一下")
    leader.see("compliance-promise", "坏果包赔")
    leader.see("compliance-compared_price", "成交")
    leader.tap("compliance-more-0")
    leader.see("compliance-absolute_named", "第九条")
    shot(leader, "look-1-found")
    leader.tap("group-publish")
    expect(leader.at("compliance-absolute_named")).to_be_visible()
    assert desk.get(f"/leader/group-buys/{draft['id']}").json()["status"] == "draft"
    leader.fill(group_title="邻居脐橙团")
    leader.tap("group-publish")
    dialog = leader.page.locator(".uni-modal:visible")
    expect(dialog).to_contain_text("仍然发布")
    shot(leader, "look-2-asked")
    leader.page.locator(".uni-modal__btn_default:visible").click()
    expect(leader.at("compliance-promise")).to_be_visible()
    assert desk.get(f"/leader/group-buys/{draft['id']}").json()["status"] == "draft"
    leader.tap("group-publish")
    leader.confirm()
    expect(leader.page).to_have_url(f"{stack.app}/leader/share/index?id={draft['id']}")
    assert desk.get(f"/leader/group-buys/{draft['id']}").json()["status"] == "open"

"""Every page of the app on the demo shop, at phone size: it opens, fits, and no script fails. Pictures for the README."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from phone import IMAGES, Phone, keep, wants_pictures
from playwright.sync_api import Browser, expect

from stack import Stack

pytestmark = pytest.mark.browser

BUYER = {
    "/pages/home/index": "", "/pages/orders/index": "orders.png", "/pages/order/index?id={order}": "order.png",
    "/pages/messages/index": "", "/pages/me/index": "", "/g/{code}": "group-buy.png", "/s/{store_code}": "store.png",
    "/buyer/addresses/index": "", "/buyer/address-edit/index": "", "/buyer/settings/index?show=terms": "",
    "/buyer/tracking/index?id={order}": "", "/buyer/after-sale-apply/index?id={order}": "",
}  # fmt: skip
LEADER = {
    "/pages/home/index": "leader-home.png", "/leader/orders/index": "leader-orders.png",
    "/pages/order/index?id={sold}&as=leader": "leader-order.png", "/leader/products/index": "",
    "/leader/product-edit/index?id={product}": "", "/leader/groups/index": "", "/leader/group-edit/index?id={sale}": "",
    "/leader/group-edit/index?shelf=1": "", "/leader/share/index?id={sale}": "", "/leader/store/index": "",
    "/leader/pickup-points/index": "", "/leader/notify/index": "", "/leader/statement/index": "statement.png",
    "/leader/sale-statement/index?id={sale}": "", "/leader/after-sales/index": "", "/leader/verify/index": "", "/leader/preview/index?id={sale}": "",
    "/leader/certify/index": "",
}  # fmt: skip
"""Address → name of its picture, or nothing."""


def demo_sign_in(phone: Phone, role: str) -> None:
    """One tap on the first page, as a stranger would."""
    phone.open("/")
    phone.tap(f"demo-{role}")
    phone.page.wait_for_load_state("networkidle")


def facts(stack: Stack) -> dict[str, str]:
    """Ids of the demo shop."""

    def as_(role: str) -> Callable[[str], Any]:
        client = httpx.Client(
            base_url=f"{stack.app}/api", headers={"X-Yantuan-Client": "h5"}, trust_env=False
        )
        client.post("/demo/sign-in", json={"role": role})
        return lambda path: client.get(path).json()

    buyer, leader = as_("buyer2"), as_("leader")
    order = next(o for o in buyer("/orders")["items"] if o["paid_fen"])
    store = leader("/leader/stores")[0]
    above = f"/leader/stores/{store['id']}"
    sale = next(
        g for g in leader(f"{above}/group-buys")["items"] if g["status"] == "open" and g["kind"] == "dated"
    )
    return {
        "order": order["id"], "code": order["group_buy_code"], "store_code": store["code"], "sale": sale["id"],
        "sold": leader(f"{above}/orders?tab=to_ship")["items"][0]["id"],
        "product": leader(f"{above}/products")["items"][0]["id"],
    }  # fmt: skip


def look(phone: Phone, path: str, picture: str) -> None:
    phone.open(path)
    phone.page.wait_for_load_state("networkidle")
    expect(phone.page.locator(".yt-skeleton:visible")).to_have_count(0)
    assert phone.page.locator('[data-testid="error"]:visible').count() == 0, path
    wide = phone.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390, f"{path} is {wide} wide"
    assert phone.page.evaluate("document.body.innerText.trim().length") > 10, path
    if picture:
        phone.picture(picture)


def test_pages_of_buyers(phone: Callable[[], Phone], stack: Stack) -> None:
    one, ids = phone(), facts(stack)
    demo_sign_in(one, "buyer")
    phone_two = phone()
    phone_two.context.request.post(f"{stack.app}/api/demo/sign-in", data={"role": "buyer2"})
    for path, picture in BUYER.items():
        look(phone_two, path.format(**ids), picture)
        assert not phone_two.troubles, path


def test_pages_of_leaders(phone: Callable[[], Phone], stack: Stack) -> None:
    one, ids = phone(), facts(stack)
    demo_sign_in(one, "leader")
    for path, picture in LEADER.items():
        look(one, path.format(**ids), picture)
        assert not one.troubles, path


def test_the_first_page_of_a_stranger(phone: Callable[[], Phone], stack: Stack) -> None:
    one = phone()
    look(one, "/", "first.png")
    for path in ("/g/nothing11", "/pages/orders/index", "/pages/me/index", "/pages/nowhere"):
        one.open(path)
        one.page.wait_for_load_state("networkidle")
        assert one.page.evaluate("document.body.innerText.trim().length") > 5, path


def test_console_and_poster(chromium: Browser, stack: Stack) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 800}, locale="zh-CN")
    page.goto(f"{stack.app}/console/demo/")
    expect(page).to_have_url(f"{stack.app}/console/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.wait_for_load_state("networkidle")
    ids = facts(stack)
    client = httpx.Client(base_url=stack.app, headers={"X-Yantuan-Client": "h5"}, trust_env=False)
    client.post("/api/demo/sign-in", json={"role": "leader"})
    share = client.post(f"/api/leader/group-buys/{ids['sale']}/shares", json={"kind": "poster"}).json()
    poster = client.get(share["poster_url"])
    assert poster.headers["content-type"] == "image/jpeg"
    if wants_pictures():
        keep("console.png", page.screenshot())
        (IMAGES / "poster.jpg").write_bytes(poster.content)
    page.close()

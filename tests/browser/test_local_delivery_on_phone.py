"""同城配送按距离 on phones: the leader marks the shop and writes bands, a buyer marks the address and reads how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from phone import Phone
from playwright.sync_api import expect
from test_money_offers import draft
from test_parcels import api
from test_sale_limits import shot, signed

from stack import Stack

pytestmark = pytest.mark.browser

SHOP_WGS = {"latitude": 31.1774276, "longitude": 121.5272106, "accuracy": 30}
SHOP = {"lat_e6": 31_175_304, "lng_e6": 121_531_542}
"""The same on the maps of the mainland."""
NEAR, FAR = "31.193304, 121.531542", "121.531542，31.285304"
"""2,002 m and 12.2 km north of the shop."""


@pytest.fixture
def unmarked(stack: Stack) -> httpx.Client:
    """The buyer, with a default address that has no point."""
    buyer = api(stack, "buyer")
    for kept in buyer.get("/me/addresses").json():
        body = {k: v for k, v in kept.items() if k not in ("id", "text", "spot")}
        assert buyer.put(f"/me/addresses/{kept['id']}", json=body).is_success
    return buyer


def write_bands(leader: Phone, sale: dict[str, Any]) -> None:
    leader.open(f"/leader/group-edit/index?id={sale['id']}")
    leader.tap("group-rules")
    leader.tap("money-freight")
    leader.tap("freight-by")
    leader.tap("freight-by-distance")
    leader.see("freight-error", "请先标出从哪里送出")
    leader.tap("freight-origin-find")
    leader.see("freight-origin-trouble", "没有拿到位置权限")
    shot(leader, "local-1-refused")
    leader.context.grant_permissions(["geolocation"])
    leader.context.set_geolocation(SHOP_WGS)  # type: ignore[arg-type]
    leader.tap("freight-origin-find")
    leader.see("freight-origin-text", "31.17530, 121.53154")
    leader.see("freight-origin-off", "30 米")
    leader.fill(freight_band_0_km="1.5", freight_band_0_fee="3", freight_band_0_least="20")
    leader.fill(freight_band_1_km="1", freight_band_1_fee="5", freight_band_1_free="99")
    leader.see("freight-error", "一段比一段远")
    leader.fill(freight_band_1_km="3")
    leader.tap("freight-band-add")
    leader.fill(freight_band_2_fee="12")
    shot(leader, "local-2-bands")


def into_basket(one: Phone, sale: dict[str, Any]) -> None:
    one.open(f"/g/{sale['code']}")
    one.at(f"step-{sale['offers'][1]['id']}").get_by_test_id("stepper-more").click()
    one.tap("checkout")


def mark(one: Phone, pasted: str) -> None:
    one.fill(addr_spot_typed=pasted)
    one.tap("addr-spot-use")
    one.see("addr-spot-text")


def test_from_the_leaders_bands_to_the_order(
    phone: Callable[[], Phone], stack: Stack, unmarked: httpx.Client
) -> None:
    desk = api(stack, "leader")
    sale = draft(desk, title="同城鲜果团")
    leader = signed(phone(), "leader")
    write_bands(leader, sale)
    leader.tap("group-publish")
    expect(leader.page).to_have_url(f"{stack.app}/leader/share/index?id={sale['id']}")
    kept = desk.get(f"/leader/group-buys/{sale['id']}").json()["options"]["money"]["freight"]["distance"]
    assert kept["origin"] == SHOP
    assert [(b["up_to_m"], b["fee_fen"], b["free_above_fen"], b["least_fen"]) for b in kept["bands"]] == [
        (1500, 300, 0, 2000), (3000, 500, 9900, 0), (5000, 1200, 0, 0),
    ]  # fmt: skip

    one = signed(phone(), "buyer")
    one.open(f"/g/{sale['code']}")
    one.tap("freight-ask")
    one.see("freight-table", "直线距离 3 km 以内")
    shot(one, "local-3-table")
    into_basket(one, sale)
    one.see("quote-demand", "请先在收货地址上标一下位置")
    expect(one.at("submit-order")).to_have_attribute("aria-disabled", "true")
    shot(one, "local-4-unmarked")
    one.tap("quote-mark")
    one.tap("addr-spot-find")
    one.see("addr-spot-trouble", "没有拿到位置权限")
    one.fill(addr_spot_typed="31.2, 121.5")
    one.tap("addr-spot-use")
    expect(one.page.get_by_text("没认出坐标")).to_be_visible()
    shot(one, "local-5-mark-refused")
    mark(one, NEAR)
    shot(one, "local-6-marked")
    one.tap("addr-save")
    one.see("quote", "直线距离约 2.1 km")
    one.see("checkout-total", "35")
    shot(one, "local-7-checkout")
    one.tap("pay-way-offline")
    one.tap("submit-order")
    one.page.wait_for_url("**/buyer/pay-result/**")
    newest = unmarked.get("/orders").json()["items"][0]
    detail = unmarked.get(f"/orders/{newest['id']}").json()
    assert (detail["freight_fen"], detail["total_fen"], detail["about_m"]) == (500, 3500, 2100)
    one.open(f"/pages/order/index?id={newest['id']}")
    one.see("order-distance", "直线距离约 2.1 km")
    shot(one, "local-8-order")
    leader.open(f"/pages/order/index?id={newest['id']}&as=leader")
    leader.see("order-distance", "直线距离约 2.1 km")
    shot(leader, "local-9-leader")


def test_the_phones_own_place_a_moved_street_and_too_far(
    phone: Callable[[], Phone], stack: Stack, unmarked: httpx.Client
) -> None:
    desk = api(stack, "leader")
    bands = [{"up_to_m": 3000, "fee_fen": 500}]
    freight = {"rest": {}, "distance": {"origin": SHOP, "bands": bands}}
    sale = draft(desk, title="三公里鲜果团", options={"money": {"freight": freight}}, pickup_enabled=False)
    assert desk.post(f"/leader/group-buys/{sale['id']}/publish").is_success
    one = signed(phone(), "buyer")
    one.context.grant_permissions(["geolocation"])
    one.context.set_geolocation(SHOP_WGS)  # type: ignore[arg-type]
    into_basket(one, sale)
    one.tap("quote-mark")
    one.tap("addr-spot-find")
    one.see("addr-spot-text", "31.17530, 121.53154")
    street = one.at("addr-detail").locator("input").input_value()
    one.fill(addr_detail="别处路 1 号")
    one.see("addr-spot-error", "地址改了，请重新标一下位置")
    shot(one, "local-10-moved")
    one.fill(addr_detail=street)
    one.see("addr-spot-text", "31.17530, 121.53154")
    one.tap("addr-spot-paste")
    mark(one, FAR)
    one.tap("addr-save")
    one.see("quote-demand", "直线距离约 12.3 km，最远送到 3 km")
    expect(one.at("submit-order")).to_have_attribute("aria-disabled", "true")
    shot(one, "local-11-far")
    kept = next(a for a in unmarked.get("/me/addresses").json() if a["is_default"])
    assert kept["spot"] == {"lat_e6": 31_285_304, "lng_e6": 121_531_542}

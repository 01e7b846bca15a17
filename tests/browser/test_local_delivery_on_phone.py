"""同城配送按距离 on phones: the leader marks the shop and writes bands, a buyer marks the address and reads how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from phone import Phone
from playwright.sync_api import expect
from test_money_offers import draft
from test_orders_grow import paid_offline
from test_parcels import api
from test_sale_limits import shot, signed

from stack import Stack
from yantuan.kernel.ids import new_id

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
    # What is typed counts a moment later; the next band begins beyond it.
    expect(leader.at("freight-error")).to_have_count(0)
    leader.tap("freight-band-add")
    leader.fill(freight_band_2_fee="12")
    shot(leader, "local-2-bands")


def into_basket(one: Phone, sale: dict[str, Any]) -> None:
    one.open(f"/g/{sale['code']}")
    one.at(f"step-{sale['offers'][1]['id']}").get_by_test_id("stepper-more").click()
    one.tap("checkout")


def published(desk: httpx.Client, bands: list[dict[str, int]]) -> dict[str, Any]:
    """An open sale that brings by distance only."""
    freight = {"rest": {}, "distance": {"origin": SHOP, "bands": bands}}
    sale = draft(desk, title="三公里鲜果团", options={"money": {"freight": freight}}, pickup_enabled=False)
    assert desk.post(f"/leader/group-buys/{sale['id']}/publish").is_success
    return sale


def ordered(
    buyer: httpx.Client, sale: dict[str, Any], address: str, total_fen: int, spot: dict[str, int]
) -> str:
    """One piece of the second goods to an address that is marked here first."""
    kept = next(one for one in buyer.get("/me/addresses").json() if one["id"] == address)
    body = {k: v for k, v in kept.items() if k not in ("id", "text")} | {"spot": spot}
    assert buyer.put(f"/me/addresses/{address}", json=body).is_success
    wish = {
        "group_buy_id": sale["id"],
        "lines": [{"offer_id": sale["offers"][1]["id"], "quantity": 1}],
        "delivery_method": "courier",
        "address_id": address,
        "payment_method": "offline",
        "expected_total_fen": total_fen,
    }
    answer = buyer.post("/orders", json=wish, headers={"Idempotency-Key": f"local-{new_id()}"})
    assert answer.status_code == 201, answer.text
    order: str = answer.json()["id"]
    return order


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
    sale = published(desk, [{"up_to_m": 3000, "fee_fen": 500}])
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


def test_a_parcel_moves_with_a_point_or_the_leader_bears_it(
    phone: Callable[[], Phone], stack: Stack, unmarked: httpx.Client
) -> None:
    desk = api(stack, "leader")
    sale = published(desk, [{"up_to_m": 3000, "fee_fen": 500}, {"up_to_m": 20_000, "fee_fen": 900}])
    kept = next(a for a in unmarked.get("/me/addresses").json() if a["is_default"])
    order = ordered(unmarked, sale, kept["id"], 3500, spot={"lat_e6": 31_193_304, "lng_e6": 121_531_542})
    paid_offline(unmarked, desk, order)
    one = signed(phone(), "buyer")
    one.open(f"/buyer/order-address/index?id={order}")
    expect(one.at("to-room").locator("input").last).not_to_have_value("")
    one.fill(to_detail="梧桐路 9 号")
    one.tap("move-save")
    one.see("addr-mark", "这个团按直线距离算同城运费")
    shot(one, "local-12-move")
    one.tap("addr-spot-paste")
    mark(one, FAR)
    one.tap("move-save")
    one.see("move-trouble", "寄到新地址运费是 ¥9.00，原来是 ¥5.00")
    one.tap("addr-spot-paste")
    mark(one, "31.192304, 121.531542")
    one.tap("move-save")
    one.page.wait_for_url("**/pages/order/index**")
    one.see("order-distance", "直线距离约 1.9 km")
    leader = signed(phone(), "leader")
    leader.open(f"/leader/order-address/index?id={order}")
    leader.tap("move-reveal")
    expect(leader.at("to-detail").locator("input").last).to_have_value("梧桐路 9 号")
    leader.fill(to_detail="银杏路 3 号")
    leader.tap("move-save")
    expect(leader.page.get_by_text("新地址没有标位置")).to_be_visible()
    shot(leader, "local-13-bear")
    leader.confirm()
    leader.page.wait_for_url("**/pages/order/index**")
    moved = unmarked.get(f"/orders/{order}").json()
    assert ("银杏路 3 号" in moved["place"], moved["about_m"], moved["freight_fen"]) == (True, None, 500)


def test_the_store_brings_by_distance_in_english(
    phone: Callable[[], Phone], stack: Stack, unmarked: httpx.Client
) -> None:
    desk = api(stack, "leader")
    store = desk.get("/leader/stores").json()[0]
    english = 'localStorage.setItem(\'yt.locale\',\'{"type":"string","data":"en"}\')'
    leader = phone()
    leader.context.add_init_script(english)
    signed(leader, "leader").open("/leader/store/index")
    leader.tap("store-freight-kind")
    leader.tap("store-freight-kind-template")
    leader.tap("store-template-by")
    leader.tap("store-template-by-distance")
    leader.see("store-template-error", "Mark where goods leave from")
    leader.tap("store-template-origin-paste")
    leader.fill(store_template_origin_typed="31.175304, 121.531542")
    leader.tap("store-template-origin-use")
    leader.fill(store_template_band_0_fee="3", store_template_band_1_fee="6")
    shot(leader, "local-14-store-en")
    path = f"/api/leader/stores/{store['id']}"
    with leader.page.expect_response(
        lambda answer: answer.url.endswith(path) and answer.request.method != "GET"
    ):
        leader.tap("store-save")
    try:
        found = desk.get(f"/leader/stores/{store['id']}").json()
        assert (found["freight_kind"], found["freight_template"]["distance"]["origin"]) == ("template", SHOP)
        one = phone()
        one.context.add_init_script(english)
        sale = draft(desk, title="Round the corner", pickup_enabled=False)
        assert desk.post(f"/leader/group-buys/{sale['id']}/publish").is_success
        signed(one, "buyer").open(f"/g/{sale['code']}")
        one.tap("freight-ask")
        one.see("freight-table", "Within 3 km, straight line")
        shot(one, "local-15-table-en")
        into_basket(one, sale)
        one.see("quote-demand", "mark your address on the map first")
        shot(one, "local-16-unmarked-en")
        one.tap("quote-mark")
        one.tap("addr-spot-find")
        one.see("addr-spot-trouble", "paste coordinates")
        shot(one, "local-17-refused-en")
        mark(one, NEAR)
        one.tap("addr-save")
        one.see("quote", "about 2.1 km, straight line")
        shot(one, "local-18-checkout-en")
    finally:
        back = {
            k: v for k, v in store.items() if k in found and k not in ("freight_kind", "freight_template")
        }
        body = {
            **back,
            "freight_kind": store["freight_kind"],
            "cover_media_id": (store["cover"] or {}).get("id"),
        }
        body["collection_code_media_id"] = (store["collection_code"] or {}).get("id")
        assert desk.put(f"/leader/stores/{store['id']}", json=body).is_success

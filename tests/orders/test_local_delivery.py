"""同城配送按距离: what the checkout is told, what an order keeps, who sees which part of it, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from orderworld import World, footprint, order_of, refusal
from test_readdressing import NEW, everything, put
from test_readdressing import refused as readdress_refused
from test_routes import Caller

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Address
from yantuan.kernel.ids import new_id
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.orders.models import LocalDelivery, Order, OrderEvent
from yantuan.orders.placing import place_orders
from yantuan.privacy import scrub

SHOP = {"lat_e6": 31_230_400, "lng_e6": 121_473_700}
NEAR = {"lat_e6": 31_237_700, "lng_e6": 121_473_700}
"""812 m north of the shop."""
FARTHER = {"lat_e6": 31_250_900, "lng_e6": 121_473_700}
"""2,279 m."""
TOO_FAR = {"lat_e6": 31_304_900, "lng_e6": 121_473_700}
"""8,284 m."""
BANDS = [
    {"up_to_m": 1000, "fee_fen": 200, "free_above_fen": 0, "least_fen": 0},
    {"up_to_m": 3000, "fee_fen": 500, "free_above_fen": 9900, "least_fen": 3000},
]


def by_distance(world: World, bands: Any = BANDS) -> None:
    """The store brings by distance from its shop."""
    rest = {"first": 1, "first_fen": 0, "more": 1, "more_fen": 0}
    world.store.freight_kind = "template"
    world.store.freight_template = {"rest": rest, "distance": {"origin": SHOP, "bands": bands}}
    world.store.save(update_fields=["freight_kind", "freight_template"])


@pytest.fixture
def town(world: World) -> World:
    by_distance(world)
    return world


def mark(address: Address, spot: dict[str, int] | None) -> None:
    point: dict[str, int | None] = dict(spot or {"lat_e6": None, "lng_e6": None})
    Address.objects.filter(id=address.id).update(**point)


def basket(world: World, address: Address | None, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "group_buy_id": str(world.group_buy.id),
        "lines": [{"offer_id": str(world.offers[0].id), "quantity": quantity}],
        "delivery_method": "courier",
        "address_id": str(address.id) if address else None,
        **more,
    }


def asked(world: World, pair: Any, quantity: int = 1, **more: Any) -> Any:
    answer = Caller(pair[0]).send("post", "/api/orders/quote", basket(world, pair[1], quantity, **more))
    assert answer.status_code == 200, answer.content
    return answer.json()


def send(world: World, pair: Any, total_fen: int, quantity: int = 1, **more: Any) -> Any:
    body = basket(world, pair[1], quantity, expected_total_fen=total_fen, **more)
    return Caller(pair[0]).send("post", "/api/orders", body, **{"Idempotency-Key": f"local-{new_id()}"})


def placed(world: World, pair: Any, spot: dict[str, int] = FARTHER) -> Order:
    mark(pair[1], spot)
    answer = send(world, pair, asked(world, pair)["total_fen"])
    assert answer.status_code == 201, answer.content
    return Order.objects.get(id=int(answer.json()["id"]))


def kept(order: Order) -> tuple[int, int, int] | None:
    return LocalDelivery.objects.filter(order=order).values_list("metres", "up_to_m", "fee_fen").first()


@pytest.mark.parametrize(
    ("spot", "quantity", "fee", "said"),
    [(NEAR, 1, 200, "约 0.9 km"), (FARTHER, 1, 500, "约 2.3 km"), (FARTHER, 3, 0, "约 2.3 km")],
)
def test_the_checkout_says_how_far_it_is_and_placing_takes_what_it_said(
    town: World, spot: dict[str, int], quantity: int, fee: int, said: str
) -> None:
    pair = town.buyer()
    mark(pair[1], spot)
    shown = asked(town, pair, quantity)
    assert (shown["freight_fen"], shown["freight_text"], shown["needs_mark"], shown["orderable"]) == (
        fee, f"直线距离{said}", False, True,
    )  # fmt: skip
    assert shown["freight_text_en"] == f"{said.replace('约', 'about')}, straight line"
    answer = send(town, pair, shown["total_fen"], quantity)
    assert answer.status_code == 201, answer.content
    order = Order.objects.get(id=int(answer.json()["id"]))
    assert (order.freight_fen, order.total_fen) == (fee, 3990 * quantity + fee)
    assert kept(order) == ((812, 1000, 200) if spot is NEAR else (2279, 3000, 500))


def test_an_address_without_a_point_is_asked_for_one_and_nothing_is_placed(town: World) -> None:
    pair = town.buyer()
    shown = asked(town, pair)
    assert (shown["needs_mark"], shown["orderable"], shown["demand"]) == (
        True, False, "这里按直线距离算运费，请先在收货地址上标一下位置",
    )  # fmt: skip
    before = footprint()
    answer = send(town, pair, shown["total_fen"])
    assert (answer.status_code, answer.json()["code"]) == (409, "address_unmarked")
    assert footprint() == before
    assert not LocalDelivery.objects.exists()
    nowhere = asked(town, (pair[0], None))
    assert (nowhere["needs_mark"], nowhere["freight_fen"], nowhere["freight_text"]) == (
        False, 200, "运费按直线距离计算，最远送 3 km",
    )  # fmt: skip


def test_too_far_and_too_little_are_said_before_and_refused(town: World) -> None:
    pair = town.buyer()
    mark(pair[1], TOO_FAR)
    shown = asked(town, pair)
    assert (shown["orderable"], shown["demand"]) == (
        False, "这个地址直线距离约 8.3 km，最远送到 3 km，请换一个收货地址或改为自提",
    )  # fmt: skip
    assert shown["freight_text"] == "运费按直线距离计算，最远送 3 km"
    before = footprint()
    answer = send(town, pair, shown["total_fen"])
    assert (answer.status_code, answer.json()["code"], answer.json()["details"]["about_m"]) == (
        409, "beyond_delivery", 8300,
    )  # fmt: skip
    by_distance(town, [{"up_to_m": 9000, "least_fen": 5000}])
    assert asked(town, pair)["demand"] == "直线距离约 8.3 km，¥50.00 起送，还差 ¥10.10"
    assert send(town, pair, 3990).json()["code"] == "below_least_order"
    assert footprint() == before


def test_a_band_that_changed_meanwhile_asks_again(town: World) -> None:
    pair = town.buyer()
    mark(pair[1], FARTHER)
    total = asked(town, pair)["total_fen"]
    by_distance(town, [BANDS[0], BANDS[1] | {"fee_fen": 800}])
    before = footprint()
    answer = send(town, pair, total)
    assert (answer.json()["code"], answer.json()["details"]["total_fen"]) == ("price_changed", 4790)
    assert footprint() == before
    assert send(town, pair, 4790).status_code == 201


def test_many_are_placed_at_once_each_with_its_own_distance(town: World) -> None:
    pairs = [town.buyer() for _ in range(4)]
    for pair, spot in zip(pairs, (NEAR, FARTHER, TOO_FAR, None), strict=True):
        mark(pair[1], spot)
    drafts = [town.draft(p, expected_total_fen=3990 + fee) for p, fee in zip(pairs, (200, 500, 500, 200), strict=True)]  # fmt: skip
    outcomes = place_orders(drafts)
    assert [kept(order_of(one)) for one in outcomes[:2]] == [(812, 1000, 200), (2279, 3000, 500)]
    assert [refusal(one) for one in outcomes[2:]] == ["beyond_delivery", "address_unmarked"]
    assert LocalDelivery.objects.count() == 2


def test_a_sale_may_have_bands_of_its_own_and_one_without_keeps_nothing(world: World) -> None:
    pair = world.buyer()
    order = order_of(place_orders([world.draft(pair)])[0])
    assert kept(order) is None
    rest = {"first": 1, "first_fen": 0, "more": 1, "more_fen": 0}
    template = {"rest": rest, "distance": {"origin": SHOP, "bands": BANDS}}
    GroupBuy.objects.filter(id=world.group_buy.id).update(options={"money": {"freight": template}})
    page = Caller(pair[0]).get(f"/api/g/{world.group_buy.code}").json()
    assert page["money"]["freight_by_place"] is True
    assert [row["regions"] for row in page["money"]["freight"]] == [
        "直线距离 1 km 以内", "直线距离 3 km 以内", "更远",
    ]  # fmt: skip
    assert "31230400" not in json.dumps(page)
    assert kept(placed(world, pair)) == (2279, 3000, 500)


def test_a_point_is_its_owners_and_others_see_only_the_distance(town: World) -> None:
    pair = town.buyer()
    order = placed(town, pair)
    mine, leader = Caller(pair[0]), Caller(town.leader_person)
    with transaction.atomic():
        Order.objects.filter(id=order.id).update(payment="paid")
    seen = leader.get(f"/api/leader/orders/{order.id}").json()
    assert (seen["about_m"], mine.get(f"/api/orders/{order.id}").json()["about_m"]) == (2300, 2300)
    revealed = leader.send("post", f"/api/leader/orders/{order.id}/reveal").json()
    listed = leader.get(f"/api/leader/stores/{town.store.id}/orders").json()
    for answer in (seen, revealed, listed):
        assert "31250900" not in json.dumps(answer)
        assert "e6" not in json.dumps(answer)
    told: list[Any] = [OrderEvent, OutboxEvent, AuditEntry]
    assert not any("31250900" in json.dumps(list(m.objects.values()), default=str) for m in told)
    assert mine.get("/api/me/addresses").json()[0]["spot"] == FARTHER
    scrub.orders([order.id])
    assert kept(order) is None


def test_an_address_takes_a_point_and_loses_it_with_the_next_change(world: World) -> None:
    person, address = world.buyer()
    me, path = Caller(person), f"/api/me/addresses/{address.id}"
    body = NEW | {"spot": NEAR, "is_default": True}
    assert me.send("put", path, body).json()["spot"] == NEAR
    assert me.send("put", path, NEW | {"is_default": True}).json()["spot"] is None
    assert me.send("post", "/api/me/addresses", body).json()["spot"] == NEAR
    for wrong in ({"lat_e6": 91_000_000, "lng_e6": 0}, {"lat_e6": 31.2, "lng_e6": 121.4}, {"lat_e6": 1}):
        answer = me.send("put", path, body | {"spot": wrong})
        assert answer.status_code == 422, answer.content
    assert Address.objects.get(id=address.id).lat_e6 is None


def test_more_of_the_same_parcel_goes_as_far_as_the_order_it_joins(town: World) -> None:
    pair = town.buyer()
    first = placed(town, pair)
    Order.objects.filter(id=first.id).update(payment="paid")
    # What the address book says by now is not where this parcel goes.
    mark(pair[1], TOO_FAR)
    joins: dict[str, Any] = {"joins_order_id": str(first.id), "address_id": None}
    shown = asked(town, pair, **joins)
    assert (shown["freight_fen"], shown["freight_text"], shown["orderable"]) == (0, "直线距离约 2.3 km", True)
    answer = send(town, pair, 3990, adds=True, **joins)
    assert answer.status_code == 201, answer.content
    assert kept(Order.objects.get(id=int(answer.json()["id"]))) == (2279, 3000, 500)
    LocalDelivery.objects.filter(order=first).delete()
    unknown = asked(town, pair, **joins)
    assert (unknown["orderable"], unknown["needs_mark"], unknown["demand"]) == (
        False, False, "之前的订单没有按距离算过运费，不能合在一起，请单独下单",
    )  # fmt: skip
    before = footprint()
    assert send(town, pair, 3990, **joins).json()["code"] == "parcel_unmeasured"
    assert footprint() == before


def test_another_door_is_as_far_and_another_street_needs_a_point(town: World) -> None:
    pair = town.buyer()
    order = placed(town, pair)
    Address.objects.filter(id=pair[1].id).update(lat_e6=None, lng_e6=None)
    same = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路 1 号"}
    assert put(pair[0], order, NEW | same).status_code == 200
    assert kept(order) == (2279, 3000, 500)
    before = [*everything(), kept(order)]

    def unchanged(answer: Any, code: str) -> Any:
        told = readdress_refused(answer, code, everything())
        assert [*everything(), kept(order)] == before
        return told

    unchanged(put(pair[0], order, seen=1), "address_unmarked")
    unchanged(put(pair[0], order, seen=1, spot=TOO_FAR), "beyond_delivery")
    told = unchanged(put(pair[0], order, seen=1, spot=NEAR), "freight_differs")
    assert told["message"].startswith("寄到新地址运费是 ¥2.00，原来是 ¥5.00")
    moved = put(pair[0], order, seen=1, spot=FARTHER | {"lat_e6": 31_250_000})
    assert (moved.status_code, moved.json()["about_m"]) == (200, 2200)
    assert kept(order) == (2179, 3000, 500)
    assert Order.objects.get(id=order.id).freight_fen == 500


def test_the_leader_may_bear_it_and_then_nobody_knows_how_far_it_is(town: World) -> None:
    pair = town.buyer()
    order, leader = placed(town, pair), town.leader_person
    readdress_refused(put(leader, order, leader=True), "address_unmarked", everything())
    assert kept(order) == (2279, 3000, 500)
    moved = put(leader, order, leader=True, keep_freight=True)
    assert (moved.status_code, moved.json()["about_m"], kept(order)) == (200, None, None)
    row = Order.objects.get(id=order.id)
    assert (row.detail, row.freight_fen, row.total_fen) == ("五常大道 9 号", 500, 4490)

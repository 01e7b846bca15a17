"""Where an order goes may change until it leaves: by whom, what goes with it, and what is refused without a trace."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from orderworld import World, add_offer, order_of
from test_routes import Caller

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.phones import phone_of
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.models import OutboxEvent
from yantuan.orders import actions
from yantuan.orders.address_records import note_printed, stale_of
from yantuan.orders.models import AddressRecord, Order, OrderEvent
from yantuan.orders.placing import place_orders
from yantuan.stores.models import PickupPoint

NEW = {
    "name": "张三丰", "phone": "13987654321", "province": "浙江省", "city": "杭州市", "district": "余杭区",
    "detail": "五常大道 9 号", "building": "1", "unit": "", "room": "302室",
}  # fmt: skip
PARTS = ("recipient_name", "phone_last4", "district", "detail", "building", "unit", "room")


def placed(world: World, pair: Any, *, paid: bool = True, **changes: Any) -> Order:
    order = order_of(place_orders([world.draft(pair, **changes)])[0])
    if paid:
        with transaction.atomic():
            actions.mark_paid(order.id, order.total_fen, SYSTEM)
    return order


def put(
    who: Any, order: Order, body: dict[str, Any] | None = None, *, leader: bool = False, **more: Any
) -> Any:
    target = f"/api/{'leader/' if leader else ''}orders/{order.id}/address"
    return Caller(who).send("put", target, {"recipient": body or NEW, **more})


def where(order: Order) -> tuple[Any, ...]:
    row = Order.objects.get(id=order.id)
    return tuple(getattr(row, part) for part in PARTS)


def everything() -> Any:
    return (
        list(Order.objects.order_by("id").values()),
        OrderEvent.objects.count(),
        list(AddressRecord.objects.values()),
    )


def refused(answer: Any, code: str, before: Any) -> Any:
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.content.decode()
    assert everything() == before
    return answer.json()


@pytest.mark.parametrize("paid", [True, False])
def test_the_buyer_sends_an_order_elsewhere_and_the_timeline_says_so_masked(world: World, paid: bool) -> None:
    pair = world.buyer()
    order = placed(world, pair, paid=paid)
    answer = put(pair[0], order)
    assert answer.status_code == 200, answer.content
    assert where(order) == ("张三丰", "4321", "余杭区", "五常大道 9 号", "1", "", "302")
    row = Order.objects.get(id=order.id)
    assert phone_of(row.phone_sealed) == "13987654321"
    told = answer.json()["timeline"][0]
    assert told["text"] == (
        "修改了收货信息（姓名、手机、地区、详细地址、楼栋房号）：王*雁 138****1234 浙江省杭州市西湖区 **** → "
        "张*丰 139****4321 浙江省杭州市余杭区 ****"
    )
    assert told["text_en"].startswith("Changed the recipient (name, phone, region, street, door): ")
    assert (told["who"], answer.json()["address_changes"]) == ("买家", 1)
    assert OutboxEvent.objects.filter(topic="order.readdressed").count() == 1


def test_the_same_again_changes_nothing_and_an_unseen_change_is_refused(world: World) -> None:
    pair = world.buyer()
    order = placed(world, pair)
    put(pair[0], order)
    before = everything()
    assert put(pair[0], order).status_code == 200
    assert everything() == before
    refused(put(pair[0], order, NEW | {"room": "303"}), "address_changed", before)
    answer = put(pair[0], order, NEW | {"room": "303"}, seen=1)
    assert answer.json()["timeline"][0]["text"] == (
        "修改了收货信息（楼栋房号）：张*丰 139****4321 浙江省杭州市余杭区 ****"
    )
    assert where(order)[-1] == "303"


def test_orders_of_one_parcel_move_together_and_others_stay(world: World) -> None:
    pair = world.buyer()
    first, second = placed(world, pair), placed(world, pair, paid=False)
    stranger = placed(world, world.buyer())
    gone = placed(world, pair)
    Order.objects.filter(id=gone.id).update(delivery="shipped")
    shown = Caller(pair[0]).get(f"/api/orders/{first.id}/address").json()
    assert (shown["orders"], shown["seen"], shown["problem"], shown["parts"]["phone"]) == (
        2,
        0,
        "",
        "13812341234",
    )
    assert put(pair[0], first).status_code == 200
    assert where(first) == where(second) != where(gone)
    assert where(stranger) == where(gone)
    assert [r.changes for r in AddressRecord.objects.order_by("order_id")] == [1, 1]


@pytest.mark.parametrize(
    ("axis", "value", "code"),
    [
        ("delivery", "part_shipped", "already_shipped"),
        ("delivery", "received", "already_shipped"),
        ("payment", "closed", "order_over"),
        ("payment", "refunded", "order_over"),
    ],
)
@pytest.mark.parametrize("leader", [False, True])
def test_what_has_left_or_ended_stays(world: World, axis: str, value: str, code: str, leader: bool) -> None:
    pair = world.buyer()
    order = placed(world, pair)
    Order.objects.filter(id=order.id).update(**{axis: value})
    who = world.leader_person if leader else pair[0]
    shown = Caller(who).get(f"/api/{'leader/' if leader else ''}orders/{order.id}/address").json()
    answer = refused(put(who, order, leader=leader), code, everything())
    assert shown["problem"] == answer["message"]
    page = Caller(who).get(f"/api/{'leader/' if leader else ''}orders/{order.id}").json()
    assert "address" not in page["actions"]


def test_a_courier_address_must_be_whole(world: World) -> None:
    pair = world.buyer()
    order = placed(world, pair)
    before = everything()
    answer = put(pair[0], order, NEW | {"detail": ""})
    assert (answer.status_code, answer.json()["code"], everything()) == (422, "address_incomplete", before)


def template(world: World, **rule: Any) -> None:
    rest = {"first": 1, "first_fen": 800, "more": 1, "more_fen": 0}
    far = {"regions": ["新疆维吾尔自治区"], "first": 1, "first_fen": 2000, "more": 1, "more_fen": 0} | rule
    world.store.freight_kind, world.store.freight_template = (
        "template",
        {"by": "piece", "rest": rest, "rules": [far]},
    )
    world.store.save()


FAR = NEW | {"province": "新疆维吾尔自治区", "city": "乌鲁木齐市", "district": "天山区"}


def test_another_freight_is_refused_and_only_the_leader_may_bear_it(world: World) -> None:
    template(world)
    pair = world.buyer()
    order = placed(world, pair)
    before = everything()
    told = refused(put(pair[0], order, FAR), "freight_differs", before)
    assert told["message"].startswith("寄到新地址运费是 ¥20.00，原来是 ¥8.00")
    refused(put(pair[0], order, FAR, keep_freight=True), "freight_differs", before)
    refused(put(world.leader_person, order, FAR, leader=True), "freight_differs", before)
    assert put(world.leader_person, order, FAR, leader=True, keep_freight=True).status_code == 200
    row = Order.objects.get(id=order.id)
    assert (row.province, row.freight_fen, row.total_fen) == ("新疆维吾尔自治区", 800, order.total_fen)


def test_a_place_that_is_not_served_is_refused_even_with_the_leaders_word(world: World) -> None:
    template(world, refused=True)
    pair = world.buyer()
    order = placed(world, pair)
    before = everything()
    refused(put(pair[0], order, FAR), "region_not_delivered", before)
    refused(
        put(world.leader_person, order, FAR, leader=True, keep_freight=True), "region_not_delivered", before
    )


def test_a_household_limit_counts_where_goods_go_in_the_end(world: World) -> None:
    offer = add_offer(world, 1, 10, 1000)
    offer.options = {"limits": {"per_household": 1}}
    offer.save()
    GroupBuy.objects.filter(id=world.group_buy.id).update(options={"limits": {"by_household": True}})
    home, friend = world.buyer(), world.buyer()
    friend[1].building, friend[1].phone_last4 = "9", "1234"
    friend[1].save()
    first = placed(world, home, lines=((offer, 1),))
    world.store.refresh_from_db()
    friend[1].detail, friend[1].room = "别处路 8 号", "808"
    friend[1].save()
    second = placed(world, friend, lines=((offer, 1),))
    at_home = NEW | {
        "district": "西湖区",
        "detail": "文三路 1 号",
        "building": "3",
        "unit": "2",
        "room": "501",
    }
    refused(put(friend[0], second, at_home), "household_limit", everything())
    # Within the same household its own pieces are not counted twice.
    assert put(home[0], first, at_home | {"phone": "13700001111"}).status_code == 200


def second_point(world: World) -> PickupPoint:
    point = PickupPoint.objects.create(store=world.store, name="西门", address="西门 1 号", created_at=now())
    GroupBuy.objects.filter(id=world.group_buy.id).update(
        pickup_point_ids=[str(world.point.id), str(point.id)]
    )
    return point


def test_a_pickup_point_changes_until_the_cut_off_and_then_by_the_leader(world: World) -> None:
    west = second_point(world)
    pair = world.buyer()
    order = placed(world, pair, delivery_method="pickup")
    code = Order.objects.get(id=order.id).pickup_code
    shown = Caller(pair[0]).get(f"/api/orders/{order.id}/address").json()
    assert [point["name"] for point in shown["points"]] == ["东门", "西门"]
    assert put(pair[0], order, pickup_point_id=str(west.id)).status_code == 200
    row = Order.objects.get(id=order.id)
    assert (row.pickup_point_id, row.pickup_snapshot["name"], row.pickup_code) == (west.id, "西门", code)
    assert (row.recipient_name, row.room, row.district) == ("张三丰", "302", "")
    elsewhere = PickupPoint.objects.create(store=world.store, name="别处", address="x", created_at=now())
    before = everything()
    answer = put(pair[0], order, pickup_point_id=str(elsewhere.id), seen=1)
    assert (answer.status_code, answer.json()["code"], everything()) == (422, "pickup_point_unknown", before)
    GroupBuy.objects.filter(id=world.group_buy.id).update(ends_at=now() - timedelta(seconds=1))
    back = {"pickup_point_id": str(world.point.id), "seen": 1}
    refused(put(pair[0], order, **back), "cut_off_passed", everything())
    assert put(world.leader_person, order, leader=True, **back).status_code == 200
    assert Order.objects.get(id=order.id).pickup_point_id == world.point.id
    Order.objects.filter(id=order.id).update(delivery="part_picked")
    refused(
        put(world.leader_person, order, leader=True, pickup_point_id=str(west.id), seen=2),
        "already_picked",
        everything(),
    )


def test_paper_made_before_a_change_is_stale_until_it_is_made_again(world: World) -> None:
    pair = world.buyer()
    order = placed(world, pair)
    page = f"/api/leader/orders/{order.id}"

    def seen_by_leader() -> tuple[Any, Any]:
        found = Caller(world.leader_person).get(page).json()
        return found["flags"], found["stale_paper"] and found["stale_paper"]["kind"]

    note_printed(world.store.id, {order.id: (world.group_buy.id, 0)}, "labels")
    assert seen_by_leader() == ([], None)
    put(pair[0], order)
    assert seen_by_leader() == (["address_stale"], "labels")
    assert [one.order_id for one in stale_of(world.group_buy.id)] == [order.id]
    assert Caller(pair[0]).get(f"/api/orders/{order.id}").json()["stale_paper"] is None
    # A sheet that was read before the change and noted after it is as stale as the label.
    note_printed(world.store.id, {order.id: (world.group_buy.id, 0)}, "sheet")
    assert seen_by_leader() == (["address_stale"], "sheet")
    note_printed(world.store.id, {order.id: (world.group_buy.id, 1)}, "labels")
    assert seen_by_leader() == ([], None)
    assert not stale_of(world.group_buy.id)


def test_nobody_else_reaches_it(world: World) -> None:
    order = placed(world, world.buyer())
    before = everything()
    for answer in (
        put(world.buyer()[0], order),
        put(world.buyer()[0], order, leader=True),
        put(world.leader_person, order),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert everything() == before

"""再加一点: more of one's own goes into the parcel that waits, to the same recipient; what has left is joined no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from orderworld import World, add_offer, footprint
from test_readdressing import NEW, placed, put
from test_routes import Caller

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Address
from yantuan.kernel.clock import now
from yantuan.kernel.ids import new_id
from yantuan.orders.models import Order
from yantuan.stores.models import PickupPoint


def parcel(world: World, who: Any) -> Any:
    return Caller(who).get(f"/api/g/{world.group_buy.code}/parcel").json()


def basket(world: World, joins: Order | None, **more: Any) -> dict[str, Any]:
    return {
        "group_buy_id": str(world.group_buy.id),
        "lines": [{"offer_id": str(world.offers[0].id), "quantity": 1}],
        "delivery_method": "courier",
        "joins_order_id": str(joins.id) if joins else None,
        **more,
    }


def order(world: World, who: Any, joins: Order, **more: Any) -> Any:
    body = basket(world, joins, expected_total_fen=world.offers[0].price_fen, **more)
    return Caller(who).send("post", "/api/orders", body, **{"Idempotency-Key": f"grow-{new_id()}"})


def refused(answer: Any, status: int, code: str, before: Any) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content.decode()
    assert footprint() == before


def where(one: Order) -> tuple[Any, ...]:
    return (one.recipient_name, one.phone_last4, one.district, one.detail, one.room, one.pickup_point_id)


def test_more_goes_to_the_same_recipient_without_freight_and_with_the_same_number(world: World) -> None:
    pair = world.buyer()
    assert parcel(world, pair[0]) is None
    first = placed(world, pair)
    assert put(pair[0], first).status_code == 200
    # The address book knows nothing of where the order goes by now.
    Address.objects.filter(person=pair[0]).delete()
    shown = parcel(world, pair[0])
    assert (shown["order_id"], shown["number"], shown["orders"], shown["paid"]) == (
        str(first.id),
        first.number,
        1,
        True,
    )
    assert (shown["recipient_name"], shown["phone"]) == ("张三丰", "13987654321")
    quoted = Caller(pair[0]).send("post", "/api/orders/quote", basket(world, first)).json()
    assert (quoted["freight_fen"], quoted["total_fen"], quoted["orderable"]) == (0, 3990, True)
    answer = order(world, pair[0], first)
    assert answer.status_code == 201, answer.content
    second = Order.objects.get(id=int(answer.json()["id"]))
    assert where(second) == where(Order.objects.get(id=first.id))
    assert (second.number, second.participation_id, second.payment) == (
        first.number,
        first.participation_id,
        "unpaid",
    )
    assert parcel(world, pair[0])["orders"] == 2


def test_what_waits_for_its_money_is_joined_but_brings_no_freight(world: World) -> None:
    pair = world.buyer()
    first = placed(world, pair, paid=False)
    shown = parcel(world, pair[0])
    assert (shown["order_id"], shown["paid"]) == (str(first.id), False)
    quoted = Caller(pair[0]).send("post", "/api/orders/quote", basket(world, first)).json()
    assert (quoted["freight_fen"], quoted["orderable"]) == (800, True)


@pytest.mark.parametrize(
    "change",
    [{"delivery": "shipped"}, {"delivery": "part_shipped"}, {"payment": "closed"}, {"payment": "refunded"}],
)
def test_what_has_left_or_ended_is_joined_no_more(world: World, change: dict[str, str]) -> None:
    pair = world.buyer()
    first = placed(world, pair)
    Order.objects.filter(id=first.id).update(**change)
    assert parcel(world, pair[0]) is None
    refused(order(world, pair[0], first), 409, "parcel_gone", footprint())


def test_nobody_joins_the_order_of_another_or_of_another_sale(world: World) -> None:
    pair, stranger = world.buyer(), world.buyer()
    first = placed(world, pair)
    before = footprint()
    refused(order(world, stranger[0], first), 409, "parcel_gone", before)
    Order.objects.filter(id=first.id).update(group_buy_id=1)
    refused(order(world, pair[0], first), 409, "parcel_gone", before)
    Order.objects.filter(id=first.id).update(group_buy_id=world.group_buy.id)
    refused(order(world, pair[0], first, delivery_method="pickup"), 409, "parcel_gone", before)


def test_after_the_cut_off_nothing_is_added(world: World) -> None:
    pair = world.buyer()
    first = placed(world, pair)
    GroupBuy.objects.filter(id=world.group_buy.id).update(ends_at=now() - timedelta(seconds=1))
    assert parcel(world, pair[0]) is None
    refused(order(world, pair[0], first), 409, "sale_ended", footprint())


def test_at_a_pickup_point_it_is_the_same_point_and_person(world: World) -> None:
    pair = world.buyer()
    first = placed(world, pair, delivery_method="pickup")
    shown = parcel(world, pair[0])
    assert (shown["delivery_method"], shown["pickup_point_id"]) == ("pickup", str(world.point.id))
    there = {"delivery_method": "pickup", "pickup_point_id": str(world.point.id)}
    answer = order(world, pair[0], first, **there)
    assert answer.status_code == 201, answer.content
    second = Order.objects.get(id=int(answer.json()["id"]))
    assert where(second) == where(first) and second.pickup_snapshot["name"] == "东门"
    other = PickupPoint.objects.create(store=world.store, name="西门", address="x", created_at=now())
    GroupBuy.objects.filter(id=world.group_buy.id).update(
        pickup_point_ids=[str(world.point.id), str(other.id)]
    )
    elsewhere = there | {"pickup_point_id": str(other.id)}
    refused(order(world, pair[0], first, **elsewhere), 422, "pickup_point_unknown", footprint())


def test_a_household_limit_holds_for_what_is_added(world: World) -> None:
    offer = add_offer(world, 1, 10, 3990)
    offer.options = {"limits": {"per_household": 1}}
    offer.save()
    GroupBuy.objects.filter(id=world.group_buy.id).update(options={"limits": {"by_household": True}})
    pair = world.buyer()
    first = placed(world, pair, lines=((offer, 1),))
    before = footprint()
    refused(
        order(world, pair[0], first, lines=[{"offer_id": str(offer.id), "quantity": 1}]),
        409,
        "household_limit",
        before,
    )


def test_the_address_of_the_moment_counts(world: World) -> None:
    pair = world.buyer()
    first = placed(world, pair)
    assert put(pair[0], first, NEW | {"room": "9"}).status_code == 200
    answer = order(world, pair[0], first)
    assert Order.objects.get(id=int(answer.json()["id"])).room == "9"

"""Lists, detail, counts, note, reveal and quote as buyer and leader meet them over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from orderworld import World, counts, make_person, order_of

from yantuan.groupbuys.models import GroupBuy
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.models import AuditEntry
from yantuan.orders import actions
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders

FULL_PHONE, MASKED_PHONE = "13812341234", "138****1234"


class Caller:
    """One signed-in person's mini-program."""

    def __init__(self, person: Person) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {sessions.start(person, 'mp')}"})

    def get(self, path: str, **query: str) -> Any:
        return self._client.get(path, query)

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        return getattr(self._client, method)(
            path, json.dumps(body or {}), content_type="application/json", headers=headers
        )


def placed(world: World, pair: Any = None, **changes: Any) -> Order:
    return order_of(place_orders([world.draft(pair, **changes)])[0])


def pay(order: Order) -> None:
    with transaction.atomic():
        actions.mark_paid(order.id, order.total_fen, SYSTEM)


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["items"]]


def test_the_buyer_sees_own_orders_only(world: World) -> None:
    pair, other = world.buyer(), world.buyer()
    mine = [placed(world, pair) for _ in range(2)]
    placed(world, other)
    me = Caller(pair[0])
    assert ids(me.get("/api/orders")) == [str(o.id) for o in reversed(mine)]
    detail = me.get(f"/api/orders/{mine[0].id}").json()
    assert (detail["labels"]["headline"], detail["actions"]) == ("待支付", ["pay", "cancel", "address"])
    assert (detail["phone"], detail["recipient_name"]) == (FULL_PHONE, "王小雁")
    assert detail["place"] == "浙江省杭州市西湖区 文三路 1 号 3栋2单元501室"
    assert [e["text"] for e in detail["timeline"]] == ["提交订单 ¥47.90"]
    stranger = Caller(other[0])
    assert stranger.get(f"/api/orders/{mine[0].id}").status_code == 404
    assert stranger.get(f"/api/leader/orders/{mine[0].id}").status_code == 404
    assert Client().get("/api/orders").status_code == 401


def test_tabs_follow_the_axes(world: World) -> None:
    pair = world.buyer()
    unpaid, paid = placed(world, pair), placed(world, pair)
    picking, done, closed = (
        placed(world, pair, delivery_method="pickup"),
        placed(world, pair),
        placed(world, pair),
    )
    for order in (paid, picking, done):
        pay(order)
    with transaction.atomic():
        actions.transition(done.id, "delivery", "ship_all", SYSTEM)
        actions.transition(done.id, "delivery", "receive", SYSTEM, extra_updates={"received_at": now()})
        actions.close_order(closed.id, "buyer", SYSTEM)
    me, leader = Caller(pair[0]), Caller(world.leader_person)
    buyer_tabs = {"to_pay": [unpaid], "to_ship": [paid], "to_pick": [picking], "done": [closed, done]}
    for tab, orders in buyer_tabs.items():
        assert ids(me.get("/api/orders", tab=tab)) == [str(o.id) for o in orders], tab
    path = f"/api/leader/stores/{world.store.id}/orders"
    leader_tabs = {
        "unpaid": [unpaid],
        "to_ship": [paid],
        "to_pick": [picking],
        "done": [done],
        "closed": [closed],
    }
    for tab, orders in leader_tabs.items():
        assert ids(leader.get(path, tab=tab)) == [str(o.id) for o in orders], tab
    assert leader.get(f"/api/leader/stores/{world.store.id}/order-counts").json() == {
        "all": 5, "to_ship": 1, "to_pick": 1, "to_confirm": 0, "aftersale": 0, "unpaid": 1, "ship_info": 0,
    }  # fmt: skip
    assert me.get("/api/orders", tab="nonsense").json()["code"] == "tab_unknown"
    assert Caller(pair[0]).get(path).status_code == 404


def test_pages_by_key_and_a_fixed_number_of_queries(world: World) -> None:
    pairs = [world.buyer() for _ in range(5)]
    orders = []
    for _ in range(9):
        made = place_orders([world.draft(pair, lines=((world.offers[0], 1),)) for pair in pairs])
        orders += [o.order.id for o in made if hasattr(o, "order")]
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_stockpool SET available = available + 5, total = total + 5")
    leader, path = Caller(world.leader_person), f"/api/leader/stores/{world.store.id}/orders"
    first = leader.get(path).json()
    second = leader.get(path, cursor=first["next"]).json()
    third = leader.get(path, cursor=second["next"]).json()
    seen = [row["id"] for page in (first, second, third) for row in page["items"]]
    assert seen == list(reversed(orders)) and third["next"] is None
    few = GroupBuy.objects.get()
    with CaptureQueriesContext(connection) as many:
        leader.get(path)
    Order.objects.exclude(id__in=orders[:2]).update(room="9")
    with CaptureQueriesContext(connection) as two:
        leader.get(path, group_buy_id=str(few.id), cursor=str(int(orders[2])))
    assert len(many) == len(two) <= 9
    assert leader.get(path, cursor="1e3").status_code == 422


def test_search_finds_what_leaders_type(world: World) -> None:
    first, second = world.buyer(), world.buyer()
    second[1].name, second[1].room, second[1].phone_last4 = "赵四", "1808", "7788"
    second[1].building = "7号楼"
    second[1].save()
    one, two = placed(world, first), placed(world, second, delivery_method="courier")
    third = placed(world, delivery_method="pickup")
    pay(third)
    third.refresh_from_db()
    leader, path = Caller(world.leader_person), f"/api/leader/stores/{world.store.id}/orders"
    asked = {
        "#1": [one], "2": [two], "赵": [two], "7788": [two], "1808": [two], "1808室": [two], "7-1808": [two], "7号楼": [two],
        "8-1808": [], str(one.id): [one],
        third.pickup_code: [third], "红富士": [third, two, one], "香蕉": [], "x" * 500: [],
    }  # fmt: skip
    for text, orders in asked.items():
        assert ids(leader.get(path, q=text)) == [str(o.id) for o in orders], text


def test_the_leader_sees_people_only_while_it_matters(world: World) -> None:
    order = placed(world)
    leader, path = Caller(world.leader_person), f"/api/leader/orders/{order.id}"

    def shown() -> tuple[str, str, str]:
        row = leader.get(path).json()
        return row["recipient_name"], row["phone"], row["place"]

    hidden = ("王*雁", MASKED_PHONE, "浙江省杭州市西湖区 ****")
    assert shown() == hidden
    assert leader.send("post", f"{path}/reveal").json()["code"] == "recipient_hidden"
    assert AuditEntry.objects.count() == 0
    pay(order)
    assert shown() == ("王小雁", MASKED_PHONE, "浙江省杭州市西湖区 文三路 1 号 3栋2单元501室")
    assert leader.send("post", f"{path}/reveal").json()["phone"] == FULL_PHONE
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target_id, entry.actor_id) == (
        "order.reveal",
        order.id,
        world.leader_person.id,
    )
    assert FULL_PHONE not in json.dumps(entry.data)
    Order.objects.update(delivery="received", received_at=now() - timedelta(days=31))
    assert shown() == hidden


def test_notes_stay_with_the_leader(world: World) -> None:
    pair = world.buyer()
    order = placed(world, pair)
    leader, path = Caller(world.leader_person), f"/api/leader/orders/{order.id}/note"
    assert (
        leader.send("put", path, {"private_note": "老顾客，多送一个"}).json()["private_note"]
        == "老顾客，多送一个"
    )
    assert Caller(pair[0]).get(f"/api/orders/{order.id}").json()["private_note"] == ""
    assert Caller(pair[0]).send("put", path, {"private_note": "x"}).status_code == 404
    assert leader.send("put", path, {"private_note": "x" * 301}).status_code == 422


def test_the_pickup_code_is_the_buyers(world: World) -> None:
    pair = world.buyer()
    order = placed(world, pair, delivery_method="pickup")
    pay(order)
    order.refresh_from_db()
    mine = Caller(pair[0]).get(f"/api/orders/{order.id}").json()
    assert mine["pickup_code"] == order.pickup_code and len(order.pickup_code) == 6
    assert mine["pickup_place"]["name"] == "东门"
    assert Caller(world.leader_person).get(f"/api/leader/orders/{order.id}").json()["pickup_code"] == ""


def _basket(world: World, quantity: int, **changes: Any) -> dict[str, Any]:
    line = {"offer_id": str(world.offers[0].id), "quantity": quantity}
    return {"group_buy_id": str(world.group_buy.id), "lines": [line], "delivery_method": "courier"} | changes


def test_quotes_tell_price_and_problem(world: World) -> None:
    me = Caller(make_person())
    good = me.send("post", "/api/orders/quote", _basket(world, 2)).json()
    assert (good["goods_fen"], good["freight_fen"], good["total_fen"], good["orderable"]) == (
        7980,
        800,
        8780,
        True,
    )
    assert good["lines"][0]["available"] == 10 and good["lines"][0]["problem"] == ""
    short = me.send("post", "/api/orders/quote", _basket(world, 11)).json()
    assert (short["orderable"], short["lines"][0]["problem"]) == (False, "只剩 10 件了")
    pickup = me.send("post", "/api/orders/quote", _basket(world, 1, delivery_method="pickup")).json()
    assert (pickup["freight_fen"], pickup["freight_text"]) == (0, "自提免运费")
    GroupBuy.objects.update(state="closed")
    assert not me.send("post", "/api/orders/quote", _basket(world, 1)).json()["orderable"]
    assert me.send("post", "/api/orders/quote", _basket(world, 1, group_buy_id="5")).status_code == 404
    assert counts(world.offers[0]) == (10, 0, 0)


def test_placing_through_django_as_through_the_lane(world: World) -> None:
    person, address = world.buyer()
    body = _basket(world, 1, address_id=str(address.id), expected_total_fen=4790)
    me = Caller(person)
    first = me.send("post", "/api/orders", body, **{"Idempotency-Key": "k"})
    again = me.send("post", "/api/orders", body, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert me.send("post", "/api/orders", body).json()["code"] == "idempotency_key_needed"


def test_the_joined_list_names_nobody(world: World) -> None:
    shown, hidden, anonymous = world.buyer(), world.buyer(), world.buyer()
    Person.objects.filter(id=hidden[0].id).update(show_in_lists=False)
    Person.objects.filter(id=shown[0].id).update(nickname="张三丰")
    placed(world, shown, lines=((world.offers[0], 2),))
    placed(world, hidden)
    placed(world, anonymous, anonymous=True)
    gone = placed(world)
    with transaction.atomic():
        actions.close_order(gone.id, "buyer", SYSTEM)
    answer = Client().get(f"/api/g/{world.group_buy.code}/joined").json()
    assert [(row["number"], row["name"], row["goods"]) for row in answer["items"]] == [
        (3, "匿名团员", "红富士苹果0 5斤×1"),
        (2, "匿名团员", "红富士苹果0 5斤×1"),
        (1, "张*丰", "红富士苹果0 5斤×2"),
    ]
    assert Client().get(f"/api/g/{world.group_buy.code}").json()["joined"] == 3


@pytest.mark.parametrize("path", ["/api/orders/1", "/api/leader/orders/1", "/api/leader/stores/1/orders"])
def test_unknown_looks_like_not_yours(world: World, path: str) -> None:
    assert Caller(world.leader_person).get(path).json()["code"] == "not_found"

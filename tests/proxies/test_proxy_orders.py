"""A leader orders for neighbours: once per agreement, each with an answer of their own, held for longer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from proxyworld import Shop, client_of, order_of, token_of

import factories as make
from yantuan.catalog.models import StockPool
from yantuan.groupbuys.models import GroupBuy, Offer
from yantuan.identity.models import Address, Person
from yantuan.identity.phones import phone_of
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.models import AuditEntry
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import Order, OrderEvent, Participation
from yantuan.payments import closing
from yantuan.payments.models import OfflineProof
from yantuan.proxies.models import StandIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop()


def footprint() -> tuple[Any, ...]:
    return (
        Order.objects.count(), Participation.objects.count(),
        list(StockPool.objects.order_by("id").values_list("available", "held", "sold")),
    )  # fmt: skip


def test_chosen_neighbours_are_ordered_for_and_each_gets_a_link(shop: Shop) -> None:
    rows = shop.agree(
        shop.wish("王姐", blueberries=2, building="3号楼", room="1201室", phone="13900001111"),
        shop.wish("阿芳", bananas=1),
    )
    assert [(r["name"], r["number"], r["total_fen"], r["payment"], r["problem"]) for r in rows] == [
        ("王姐", 1, 7980, "unpaid", None),
        ("阿芳", 2, 1200, "unpaid", None),
    ]
    assert len({r["link"] for r in rows}) == 2
    assert all("/buyer/proxy-pay/index?token=" in r["link"] for r in rows)
    first, second = order_of(rows[0]), order_of(rows[1])
    assert (first.recipient_name, first.building, first.room, phone_of(first.phone_sealed)) == (
        "王姐", "3号楼", "1201", "13900001111",
    )  # fmt: skip
    assert (second.recipient_name, second.phone_sealed, second.phone_last4) == ("阿芳", "", "")
    assert (first.pickup_point_id, first.delivery_method) == (shop.point_id, "pickup")
    placed = OrderEvent.objects.get(order=first, event="placed")
    assert (placed.actor_kind, placed.actor_id) == ("leader", shop.leader.id)
    assert AuditEntry.objects.get(action="proxy.book").data == {"orders": [r["order_id"] for r in rows]}


def test_agreeing_twice_books_once(shop: Shop) -> None:
    wishes = shop.wish("王姐", blueberries=2), shop.wish("阿芳", bananas=1)
    first = shop.agree(*wishes)
    before = footprint()
    assert shop.agree(*wishes) == first
    assert footprint() == before
    assert StandIn.objects.count() == 2


def test_the_same_neighbour_twice_in_one_paste_is_one_order(shop: Shop) -> None:
    one, two = shop.agree(shop.wish("王 姐", blueberries=1), shop.wish("王姐", blueberries=1))
    assert one["order_id"] == two["order_id"]
    assert Order.objects.count() == 1


def test_another_basket_for_somebody_booked_is_refused(shop: Shop) -> None:
    shop.booked("王姐", blueberries=1)
    before = footprint()
    [row] = shop.agree(shop.wish("王姐", blueberries=3))
    assert (row["order_id"], row["problem"]["code"]) == (None, "proxy_changed")
    assert footprint() == before


def test_one_refusal_leaves_the_others_alone(shop: Shop) -> None:
    Offer.objects.filter(id=shop.banana.id).update(limit_per_person=2)
    dear = shop.wish("贵的", blueberries=1) | {"expected_total_fen": 1}
    rows = shop.agree(shop.wish("多的", bananas=3), dear, shop.wish("好的", bananas=2))
    assert [r["problem"] and r["problem"]["code"] for r in rows] == ["limit_reached", "price_changed", None]
    assert rows[1]["problem"]["total_fen"] == 3990
    assert Order.objects.get().recipient_name == "好的"
    # With the new amount agreed to, the second one is placed.
    assert shop.booked("贵的", blueberries=1)["number"] == 2


def test_after_a_cancelled_order_a_new_one_may_follow(shop: Shop) -> None:
    row = shop.booked("王姐", blueberries=1)
    closed = shop.post(f"/api/leader/orders/{row['order_id']}/cancel-proxy")
    assert (closed.status_code, closed.json()["payment"], closed.json()["close_reason"]) == (
        200, "closed", "leader",
    )  # fmt: skip
    assert shop.post(f"/api/leader/orders/{row['order_id']}/cancel-proxy").status_code == 200
    pool = StockPool.objects.get(id=shop.blueberry.pool_id)
    assert (pool.held, pool.sold) == (0, 0)
    again = shop.booked("王姐", blueberries=1)
    assert (again["number"], again["link"]) == (row["number"], row["link"])
    assert again["order_id"] != row["order_id"]


def test_pieces_are_added_to_the_number_that_was_seen(shop: Shop) -> None:
    row = shop.booked("王姐", blueberries=1)
    more = shop.wish("王姐", bananas=2, number=row["number"], seen=1)
    [added] = shop.agree(more)
    assert (added["number"], added["total_fen"], added["problem"]) == (row["number"], 2400, None)
    assert shop.agree(more) == [added]
    assert Order.objects.count() == 2
    [stale] = shop.agree(shop.wish("王姐", bananas=1, number=row["number"], seen=1))
    assert stale["problem"]["code"] == "proxy_changed"
    [nobody] = shop.agree(shop.wish("王姐", bananas=1, number=99, seen=0))
    assert nobody["problem"]["code"] == "proxy_changed"
    assert Order.objects.count() == 2


def test_pieces_for_a_buyer_of_their_own_are_theirs_to_pay(shop: Shop) -> None:
    buyer = make.person("老客")
    own = make.order(shop.sale, buyer, method="pickup")
    [added] = shop.agree(shop.wish("老客", bananas=1, number=own.number, seen=1))
    placed = order_of(added)
    assert (placed.person_id, placed.number, added["link"]) == (buyer.id, own.number, "")
    assert placed.phone_last4 == own.phone_last4
    mine = client_of(buyer).get(f"/api/orders/{placed.id}").json()
    assert mine["timeline"][0]["who"] == "团长"


def test_stock_is_held_until_the_sale_ends_at_most_some_days(shop: Shop) -> None:
    soon = now() + timedelta(days=2)
    GroupBuy.objects.filter(id=shop.sale.id).update(ends_at=soon)
    early = order_of(shop.booked("早的", bananas=1))
    GroupBuy.objects.filter(id=shop.sale.id).update(ends_at=now() + timedelta(days=30))
    late = order_of(shop.booked("晚的", bananas=1))
    assert early.expires_at == soon
    assert late.expires_at == late.placed_at + timedelta(days=3)
    buyer = make.order(shop.sale, make.person(), method="pickup")
    assert buyer.expires_at == buyer.placed_at + timedelta(hours=24)
    with frozen(soon + timedelta(seconds=1)):
        closing.expire_due()
    states = Order.objects.filter(id__in=[early.id, late.id]).order_by("id").values_list("payment", flat=True)
    assert list(states) == ["closed", "unpaid"]


def test_money_taken_by_hand_is_written_down_once(shop: Shop) -> None:
    [row] = shop.agree(shop.wish("王姐", blueberries=1, paid=True))
    assert (row["payment"], row["problem"]) == ("paid", None)
    other = shop.booked("阿芳", bananas=1)
    for _ in range(2):
        answer = shop.post(f"/api/leader/orders/{other['order_id']}/record-paid")
        assert (answer.status_code, answer.json()["payment"]) == (200, "paid")
    proofs = OfflineProof.objects.order_by("id").values_list("state", "amount_fen")
    assert list(proofs) == [("confirmed", 3990), ("confirmed", 1200)]
    assert AuditEntry.objects.filter(action="order.record_paid").count() == 2
    assert order_of(other).pickup_code != ""
    refused = shop.post(f"/api/leader/orders/{other['order_id']}/cancel-proxy")
    assert (refused.status_code, refused.json()["code"]) == (409, "order_not_unpaid")
    assert order_of(other).payment == "paid"


def test_a_buyers_own_order_is_neither_recorded_nor_cancelled(shop: Shop) -> None:
    own = make.order(shop.sale, make.person(), method="pickup")
    # A buyer may write what they like into their key.
    Order.objects.filter(id=own.id).update(idempotency_key="proxy/1/new/0")
    for verb in ("record-paid", "cancel-proxy"):
        answer = shop.post(f"/api/leader/orders/{own.id}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_a_proxy_order")
    own.refresh_from_db()
    assert own.payment == "unpaid"


def test_neighbours_without_a_phone_are_no_household(shop: Shop) -> None:
    GroupBuy.objects.filter(id=shop.sale.id).update(options={"limits": {"by_household": True}})
    Offer.objects.filter(id=shop.banana.id).update(options={"limits": {"per_household": 1}})
    rows = shop.agree(
        shop.wish("甲", bananas=1), shop.wish("乙", bananas=1), shop.wish("丙", bananas=1, room="301"),
        shop.wish("丁", bananas=1, room="301"),
    )  # fmt: skip
    assert [r["problem"] and r["problem"]["code"] for r in rows] == [None, None, None, "household_limit"]


def test_only_who_handles_the_orders_of_the_sale(shop: Shop) -> None:
    before = footprint()
    answer = shop.send(shop.wish("王姐", bananas=1), web=client_of(make.leader("别的团长")))
    assert answer.status_code == 404
    assert footprint() == before and StandIn.objects.count() == 0


def test_the_list_has_every_live_proxy_order(shop: Shop) -> None:
    first = shop.booked("王姐", blueberries=1)
    gone = shop.booked("阿芳", bananas=1)
    make.order(shop.sale, make.person(), method="pickup")
    shop.post(f"/api/leader/orders/{gone['order_id']}/cancel-proxy")
    [row] = shop.web.get(shop.path).json()
    assert (row["order_id"], row["name"], row["goods"], row["total_fen"], row["link"]) == (
        first["order_id"], "王姐", "蓝莓×1", 3990, first["link"],
    )  # fmt: skip


def test_a_stand_in_stays_out_of_public_lists(shop: Shop) -> None:
    shop.booked("王大姐", blueberries=1)
    public = client_of(make.person()).get(f"/api/g/{shop.sale.code}/joined").json()
    assert [row["name"] for row in public["items"]] == ["匿名团员"]
    assert Person.objects.get(nickname="王大姐").phone_hash is None


HOME = {"province": "上海市", "city": "上海市", "district": "浦东新区", "detail": "枫林路 88 弄"}


def test_a_parcel_for_a_neighbour(shop: Shop) -> None:
    wish = shop.wish("王姐", blueberries=1, place=HOME, room="502", phone="13900001111")
    [dearer] = shop.agree(wish, pickup_point_id=None)
    # The freight is the server's to say.
    assert (dearer["problem"]["code"], dearer["problem"]["total_fen"]) == ("price_changed", 4790)
    [row] = shop.agree(wish | {"expected_total_fen": 4790}, pickup_point_id=None)
    order = order_of(row)
    assert (order.delivery_method, order.freight_fen, order.total_fen) == ("courier", 800, 4790)
    assert (order.recipient_name, order.detail, order.room, order.phone_last4) == (
        "王姐", "枫林路 88 弄", "502", "1111",
    )  # fmt: skip
    assert shop.agree(wish | {"expected_total_fen": 4790}, pickup_point_id=None) == [row]
    # The order keeps a copy; no address book is kept for them.
    assert Address.objects.filter(person_id=order.person_id).count() == 0
    assert Order.objects.count() == 1


def test_a_parcel_needs_a_phone_and_a_pick_up_a_point(shop: Shop) -> None:
    before = footprint()
    rows = shop.agree(
        shop.wish("无电话", bananas=1, place=HOME), shop.wish("没地方", bananas=1), pickup_point_id=None
    )
    assert [r["problem"]["code"] for r in rows] == ["proxy_phone", "proxy_place"]
    assert footprint() == before and Address.objects.count() == 0


def test_a_neighbour_without_an_account_is_not_reminded_until_they_claimed(shop: Shop) -> None:
    row = shop.booked("王姐", bananas=1)
    refused = shop.post(f"/api/leader/orders/{row['order_id']}/remind")
    assert (refused.status_code, refused.json()["code"]) == (409, "buyer_without_account")
    assert not InboxMessage.objects.filter(kind="order_unpaid").exists()
    claimed = shop.post(f"/api/proxy-links/{token_of(row)}/claim", web=client_of(make.person("王大姐")))
    assert claimed.status_code == 200
    told = shop.post(f"/api/leader/orders/{row['order_id']}/remind")
    assert (told.status_code, told.json()) == (200, {"told": "app"})
    assert InboxMessage.objects.get(kind="order_unpaid").order_id == order_of(row).id


def test_where_freight_goes_by_distance_the_neighbour_orders_themselves(shop: Shop) -> None:
    origin = {"lat_e6": 31_230_400, "lng_e6": 121_473_700}
    shop.store.freight_kind = "template"
    shop.store.freight_template = {"rest": {}, "distance": {"origin": origin, "bands": [{"up_to_m": 3000}]}}
    shop.store.save(update_fields=["freight_kind", "freight_template"])
    before = footprint()
    [row] = shop.agree(shop.wish("王姐", bananas=1, place=HOME, phone="13900001111"), pickup_point_id=None)
    assert (row["order_id"], row["problem"]["code"]) == (None, "proxy_by_distance")
    assert "请把团购发给对方下单" in row["problem"]["zh"]
    assert footprint() == before and Address.objects.count() == 0
    assert order_of(shop.booked("王姐", bananas=1)).delivery_method == "pickup"


def test_a_parcel_may_carry_another_name_than_the_chat_knows(shop: Shop) -> None:
    wish = shop.wish(
        "丁香姐", bananas=1, place=HOME, phone="13900001111", recipient="王芳", expected_total_fen=2000
    )
    [row] = shop.agree(wish, pickup_point_id=None)
    order = order_of(row)
    assert (row["name"], order.recipient_name, order.person.nickname) == ("丁香姐", "王芳", "丁香姐")
    assert shop.agree(wish, pickup_point_id=None) == [row] and Order.objects.count() == 1
    [fetched] = shop.agree(shop.wish("老白", bananas=1, recipient="白先生"))
    assert order_of(fetched).recipient_name == "老白"


def test_the_order_page_knows_what_was_placed_for_somebody(shop: Shop) -> None:
    def page(order_id: Any) -> Any:
        return shop.web.get(f"/api/leader/orders/{order_id}").json()["proxy"]

    row = shop.booked("王姐", bananas=1)
    assert page(row["order_id"]) == {"open": True, "link": row["link"], "claimed": False}
    own = make.order(shop.sale, make.person("自己下的"))
    assert page(own.id) is None
    # A buyer's own key may look like a leader's.
    Order.objects.filter(id=own.id).update(idempotency_key="proxy/1/new/0")
    assert page(own.id) is None
    mine = client_of(make.person("王大姐"))
    assert shop.post(f"/api/proxy-links/{token_of(row)}/claim", web=mine).status_code == 200
    assert page(row["order_id"]) == {"open": True, "link": "", "claimed": True}
    assert mine.get(f"/api/orders/{row['order_id']}").json()["proxy"] is None
    assert shop.post(f"/api/leader/orders/{row['order_id']}/record-paid").json()["proxy"]["open"] is False

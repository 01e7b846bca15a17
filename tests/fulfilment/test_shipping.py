"""Parcels through the API: whole, part, corrected, withdrawn; and everything that is refused."""

from __future__ import annotations

from datetime import timedelta

from fulfilment.tradeworld import NUMBER, Shop, Trade, caller, make_shop
from orders.orderworld import make_person
from yantuan.fulfilment.models import Shipment
from yantuan.kernel import outbox
from yantuan.kernel.models import OutboxEvent
from yantuan.orders.models import Order, OrderEvent


def ship_path(order_id: int) -> str:
    return f"/leader/orders/{order_id}/shipments"


def test_everything_in_one_parcel(shop: Shop) -> None:
    trade = shop.order(2, 1)
    detail = trade.ship()
    row = trade.row
    assert (row.delivery, trade.events("delivery")) == ("shipped", ["ship_all"])
    assert row.shipped_at is not None and row.auto_receive_at == row.shipped_at + timedelta(days=10)
    assert [line.shipped_quantity for line in trade.lines] == [2, 1]
    parcel = detail["parcels"][0]
    assert (parcel["carrier_name"], parcel["tracking_no"], parcel["state"]) == ("圆通速递", NUMBER, "运输中")
    assert parcel["lines"] == ["红富士苹果0 5斤 ×2", "红富士苹果1 5斤 ×1"]
    assert detail["timeline"][0]["text"] == f"团长已全部发货：圆通速递 {NUMBER}"
    assert OutboxEvent.objects.filter(topic="order.shipped", payload__order_id=trade.id).exists()


def test_several_parcels_until_nothing_is_left(shop: Shop) -> None:
    trade = shop.order(2, 1)
    trade.ship(trade.piece(0, 1))
    assert (trade.row.delivery, trade.row.auto_receive_at) == ("part_shipped", None)
    trade.ship(trade.piece(1, 1), number="YT0000000000001")
    assert trade.row.delivery == "part_shipped"
    body = {"carrier": "YTO", "tracking_no": NUMBER, "lines": [trade.piece(0, 2)]}
    assert shop.boss.refused("POST", ship_path(trade.id), body) == (409, "too_many_pieces")
    trade.ship(number="YT0000000000002")
    assert trade.row.delivery == "shipped"
    assert trade.events("delivery") == ["ship_part", "ship_part", "ship_all"]


def test_two_windows_ship_one_order(shop: Shop) -> None:
    trade = shop.order()
    trade.ship()
    body = {"carrier": "YTO", "tracking_no": "YT0000000000001"}
    assert shop.boss.refused("POST", ship_path(trade.id), body) == (409, "already_shipped")
    assert Shipment.objects.count() == 1


def test_the_same_tap_again_answers_the_same(shop: Shop) -> None:
    trade = shop.order(2)
    body = {"carrier": "YTO", "tracking_no": NUMBER, "lines": [trade.piece(0, 1)]}
    for _ in range(2):
        shop.boss.ok("POST", ship_path(trade.id), body, key="one-tap")
    assert (Shipment.objects.count(), trade.lines[0].shipped_quantity) == (1, 1)
    answer = shop.boss.call("POST", ship_path(trade.id), {**body, "note": "另一个"}, key="one-tap")
    assert answer.status_code == 409


def test_what_may_not_be_shipped(shop: Shop) -> None:
    body = {"carrier": "YTO", "tracking_no": NUMBER}
    unpaid, pickup, refunded = shop.order(paid=False), shop.order(pickup=True), shop.order()
    assert shop.boss.refused("POST", ship_path(unpaid.id), body) == (409, "order_not_paid")
    assert shop.boss.refused("POST", ship_path(pickup.id), body) == (409, "order_is_pickup")
    refunded.refund()
    assert refunded.row.payment == "refunded"
    assert shop.boss.refused("POST", ship_path(refunded.id), body) == (409, "order_refunded")
    trade = shop.order()
    assert shop.boss.refused("POST", ship_path(trade.id), {**body, "carrier": "XX"}) == (
        422,
        "carrier_unknown",
    )
    assert shop.boss.refused("POST", ship_path(trade.id), {**body, "carrier": "OTHER"}) == (
        422,
        "carrier_name_needed",
    )
    foreign = {**body, "lines": [refunded.piece()]}
    assert shop.boss.refused("POST", ship_path(trade.id), foreign) == (422, "order_line_unknown")
    twice = {**body, "lines": [trade.piece(), trade.piece()]}
    assert shop.boss.refused("POST", ship_path(trade.id), twice) == (422, "order_line_repeated")


def test_strangers_and_buyers_find_nothing(shop: Shop) -> None:
    trade = shop.order()
    other = make_shop().boss
    shipment = trade.ship()["parcels"][0]["id"]
    correction = {"carrier": "SF", "tracking_no": "SF1234567890123"}
    for someone in (other, trade.buyer, caller(make_person())):
        body = {"carrier": "YTO", "tracking_no": NUMBER}
        assert someone.refused("POST", ship_path(trade.id), body) == (404, "not_found")
        assert someone.refused("PUT", f"/leader/shipments/{shipment}", correction) == (404, "not_found")
        assert someone.refused("POST", f"/leader/shipments/{shipment}/withdraw") == (404, "not_found")
    for someone in (other, shop.boss):
        assert someone.refused("POST", f"/orders/{trade.id}/receive") == (404, "not_found")


def test_a_number_of_another_order_is_a_slip_unless_one_box_goes_to_one_person(shop: Shop) -> None:
    pair = shop.world.buyer()
    first, same, other = shop.order(pair=pair), shop.order(pair=pair), shop.order()
    first.ship()
    same.ship()
    assert same.row.delivery == "shipped"
    other_row = other.row
    other_row.recipient_name = "赵六"
    other_row.save()
    body = {"carrier": "YTO", "tracking_no": NUMBER.lower()}
    assert shop.boss.refused("POST", ship_path(other.id), body) == (409, "tracking_no_used")


def test_refunded_pieces_stay_at_home(shop: Shop) -> None:
    trade = shop.order(3, 1)
    trade.refund(trade.piece(0, 1))
    trade.ship()
    assert [line.shipped_quantity for line in trade.lines] == [2, 1]
    assert trade.row.delivery == "shipped"


def test_a_part_shipped_order_is_shipped_when_the_rest_is_refunded(shop: Shop) -> None:
    trade = shop.order(1, 1)
    trade.ship(trade.piece(0))
    trade.refund(trade.piece(1))
    row = trade.row
    assert (row.delivery, row.payment) == ("shipped", "partly_refunded")
    assert row.auto_receive_at is not None
    assert trade.events("delivery") == ["ship_part", "ship_all"]


def test_a_corrected_number_keeps_its_history(shop: Shop) -> None:
    trade = shop.order()
    shipment = trade.ship()["parcels"][0]["id"]
    body = {"carrier": "OTHER", "carrier_name": "村口小车", "tracking_no": "CK00001"}
    for _ in range(2):
        detail = shop.boss.ok("PUT", f"/leader/shipments/{shipment}", body)
    assert detail["parcels"][0]["corrected"] and detail["parcels"][0]["carrier_name"] == "村口小车"
    notes = OrderEvent.objects.filter(order_id=trade.id, event="parcel_corrected")
    assert [n.data["before"] for n in notes] == [f"圆通速递 {NUMBER}"]
    assert detail["timeline"][0]["text"] == f"团长更正了运单：圆通速递 {NUMBER} → 村口小车 CK00001"
    trade.receive()
    late = {**body, "tracking_no": "CK00002"}
    assert shop.boss.refused("PUT", f"/leader/shipments/{shipment}", late) == (409, "already_received")


def test_withdrawing_parcels_goes_back_step_by_step(shop: Shop) -> None:
    trade = shop.order(2)
    first = trade.ship(trade.piece(0, 1))["parcels"][0]["id"]
    second = trade.ship(number="YT0000000000001")["parcels"][1]["id"]
    detail = shop.boss.ok("POST", f"/leader/shipments/{first}/withdraw")
    assert [p["state"] for p in detail["parcels"]] == ["已撤回", "运输中"]
    assert (trade.row.delivery, trade.row.auto_receive_at) == ("part_shipped", None)
    version = trade.row.version
    shop.boss.ok("POST", f"/leader/shipments/{first}/withdraw")
    assert trade.row.version == version
    shop.boss.ok("POST", f"/leader/shipments/{second}/withdraw")
    assert (trade.row.delivery, trade.row.shipped_at) == ("none", None)
    assert shop.boss.refused(
        "PUT", f"/leader/shipments/{second}", {"carrier": "YTO", "tracking_no": "YT0000000000009"}
    ) == (409, "parcel_withdrawn")
    trade.ship()
    trade.receive()
    third = trade.row.shipments.get(withdrawn_at=None).id  # type: ignore[attr-defined]
    assert shop.boss.refused("POST", f"/leader/shipments/{third}/withdraw") == (409, "already_received")


def test_carriers_that_fit_come_first(shop: Shop) -> None:
    listed = shop.boss.ok("GET", "/carriers?number=jt1234567890123")
    assert (listed[0]["code"], listed[0]["likely"]) == ("JTSD", True)
    assert [c["code"] for c in listed if c["likely"]] == ["JTSD"]
    assert listed[-1] == {"code": "OTHER", "name": "其他快递", "likely": False, "doubtful": False}
    doubtful = {c["code"] for c in listed if c["doubtful"]}
    # Of carriers without a known look nothing is said.
    assert {"SF", "YTO"} <= doubtful and not {"JTSD", "HTKY", "OTHER"} & doubtful
    outbox.drain()


def test_a_parcel_waits_until_the_changed_address_was_seen(shop: Shop) -> None:
    trade = shop.order(1)
    there = {
        "name": "张三丰", "phone": "13987654321", "province": "浙江省", "city": "杭州市", "district": "余杭区",
        "detail": "五常大道 9 号",
    }  # fmt: skip
    trade.buyer.ok("PUT", f"/orders/{trade.id}/address", {"recipient": there})
    target, body = f"/leader/orders/{trade.id}/shipments", {"carrier": "YTO", "tracking_no": NUMBER}
    assert shop.boss.refused("POST", target, body | {"seen": 0}) == (409, "address_changed")
    assert shop.boss.ok("POST", target, body | {"seen": 1})["delivery"] == "shipped"


def both(shop: Shop) -> tuple[Trade, Trade]:
    """Two paid orders of one buyer to one address."""
    pair = shop.world.buyer()
    return shop.order(1, pair=pair), shop.order(2, 1, pair=pair)


def one_number(shop: Shop, trade: Trade, *others: Trade) -> tuple[str, dict[str, object]]:
    body = {"carrier": "YTO", "tracking_no": NUMBER, "with_orders": [str(one.id) for one in others]}
    return ship_path(trade.id), body


def test_orders_of_one_parcel_leave_with_one_number(shop: Shop) -> None:
    first, second = both(shop)
    stranger = shop.order(1)
    offered = shop.boss.ok("GET", f"/leader/orders/{first.id}/together")
    assert [(one["order_id"], one["pieces"]) for one in offered] == [(str(second.id), 3)]
    shop.boss.ok("POST", *one_number(shop, first, second))
    assert [one.row.delivery for one in (first, second, stranger)] == ["shipped", "shipped", "none"]
    sent = Shipment.objects.order_by("order_id").values_list("order_id", "tracking_no")
    assert list(sent) == [(first.id, NUMBER), (second.id, NUMBER)]
    told = OutboxEvent.objects.filter(topic="order.shipped").values_list("payload__told_as", flat=True)
    assert set(told) == {f"{first.id}:{NUMBER}"}
    assert shop.boss.ok("GET", f"/leader/orders/{first.id}/together") == []


def test_one_that_is_unticked_stays(shop: Shop) -> None:
    first, second = both(shop)
    shop.boss.ok("POST", *one_number(shop, first))
    assert (first.row.delivery, second.row.delivery) == ("shipped", "none")


def test_orders_to_others_are_never_in_one_parcel(shop: Shop) -> None:
    first, second = both(shop)
    Order.objects.filter(id=second.id).update(room="999")
    assert shop.boss.ok("GET", f"/leader/orders/{first.id}/together") == []
    target, body = one_number(shop, first, second)
    assert shop.boss.refused("POST", target, body) == (409, "not_one_parcel")
    neighbour = shop.order(1)
    target, body = one_number(shop, first, neighbour)
    assert shop.boss.refused("POST", target, body) == (409, "not_one_parcel")
    abroad = make_shop(offers=1).order(1)
    target, body = one_number(shop, first, abroad)
    assert shop.boss.refused("POST", target, body) == (409, "order_unknown")


def test_if_one_may_not_leave_none_does(shop: Shop) -> None:
    first, second = both(shop)
    second.ship()
    target, body = one_number(shop, first, second)
    assert shop.boss.refused("POST", target, body) == (409, "already_shipped")

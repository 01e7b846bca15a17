"""核销: find, hand out whole or in part, undo, and clear refusals."""

from __future__ import annotations

from datetime import timedelta

from fulfilment.tradeworld import Shop, Trade, caller, make_shop
from orders.orderworld import make_person
from yantuan.kernel.clock import frozen, now
from yantuan.orders.models import Order


def found(shop: Shop, text: str) -> list[int]:
    path = f"/leader/stores/{shop.world.store.id}/pickup/find"
    return [int(row["id"]) for row in shop.boss.ok("POST", path, {"text": text})["orders"]]


def path(trade: Trade, undo: bool = False) -> str:
    return f"/leader/orders/{trade.id}/pickup" + ("/undo" if undo else "")


def test_the_buyer_shows_a_code_and_the_host_finds_the_order(shop: Shop) -> None:
    trade, neighbour = shop.order(pickup=True), shop.order(pickup=True)
    shown = trade.buyer.ok("GET", f"/orders/{trade.id}/pickup-code")
    assert (shown["code"], shown["order_id"]) == (trade.row.pickup_code, str(trade.id))
    assert shown["qr_svg"].startswith("<svg") and "viewBox" in shown["qr_svg"]
    assert found(shop, shown["code"]) == [trade.id]
    assert found(shop, f"yantuan:pickup:{trade.id}:{shown['code']}") == [trade.id]
    assert found(shop, f"#{trade.row.number}") == [trade.id]
    assert set(found(shop, "1234")) == set(found(shop, "501")) == {trade.id, neighbour.id}
    assert found(shop, "没有的房号") == []
    Order.objects.filter(id=trade.id).update(building="3", room="1201")
    assert found(shop, "3-1201") == [trade.id]
    assert found(shop, "1201室") == [trade.id]
    Order.objects.filter(id=trade.id).update(building="3号楼")
    assert found(shop, "3-1201室") == [trade.id]


def test_waiting_orders_come_first(shop: Shop) -> None:
    early, late = shop.order(pickup=True), shop.order(pickup=True)
    late.hand_out()
    assert found(shop, "501") == [early.id, late.id]


def test_a_code_of_another_store_is_not_here(shop: Shop) -> None:
    other = make_shop()
    trade = other.order(pickup=True)
    find = f"/leader/stores/{shop.world.store.id}/pickup/find"
    qr = f"yantuan:pickup:{trade.id}:{trade.row.pickup_code}"
    assert shop.boss.refused("POST", find, {"text": qr}) == (409, "pickup_not_here")
    own = shop.order(pickup=True)
    wrong = "000000" if own.row.pickup_code != "000000" else "111111"
    assert shop.boss.refused("POST", find, {"text": f"yantuan:pickup:{own.id}:{wrong}"}) == (
        409,
        "pickup_not_here",
    )
    assert other.boss.refused("POST", find, {"text": "501"}) == (404, "not_found")
    assert other.boss.refused("POST", path(own), {}) == (404, "not_found")
    assert own.buyer.refused("POST", path(own), {}) == (404, "not_found")
    assert caller(make_person()).refused("GET", f"/orders/{own.id}/pickup-code") == (404, "not_found")


def test_hand_out_in_part_and_whole(shop: Shop) -> None:
    trade = shop.order(2, 1, pickup=True)
    trade.hand_out(trade.piece(0, 1))
    assert (trade.row.delivery, trade.row.received_at) == ("part_picked", None)
    body = {"lines": [trade.piece(0, 2)]}
    assert shop.boss.refused("POST", path(trade), body) == (409, "too_many_pieces")
    trade.hand_out()
    assert [line.picked_quantity for line in trade.lines] == [2, 1]
    assert trade.row.delivery == "picked" and trade.row.received_at is not None
    assert shop.boss.refused("POST", path(trade), {}) == (409, "already_picked")
    assert trade.buyer.refused("GET", f"/orders/{trade.id}/pickup-code") == (409, "already_picked")
    assert trade.events("delivery") == ["await_pickup", "pick_part", "pick_all"]


def test_what_may_not_be_handed_out(shop: Shop) -> None:
    unpaid, refunded, courier = shop.order(pickup=True, paid=False), shop.order(pickup=True), shop.order()
    assert shop.boss.refused("POST", path(unpaid), {}) == (409, "order_not_paid")
    assert unpaid.buyer.refused("GET", f"/orders/{unpaid.id}/pickup-code") == (409, "order_not_paid")
    refunded.refund()
    assert shop.boss.refused("POST", path(refunded), {}) == (409, "order_refunded")
    assert shop.boss.refused("POST", path(courier), {}) == (409, "order_is_courier")
    unpaid.buyer.ok("POST", f"/orders/{unpaid.id}/cancel", {"reason": ""})
    assert shop.boss.refused("POST", path(unpaid), {}) == (409, "order_closed")
    assert unpaid.id not in found(shop, "501")


def test_refunded_pieces_stay(shop: Shop) -> None:
    trade = shop.order(2, 1, pickup=True)
    trade.refund(trade.piece(1, 1))
    trade.hand_out()
    assert [line.picked_quantity for line in trade.lines] == [2, 0]
    assert trade.row.delivery == "picked"


def test_the_rest_refunded_means_picked(shop: Shop) -> None:
    trade = shop.order(1, 1, pickup=True)
    trade.hand_out(trade.piece(0))
    trade.refund(trade.piece(1))
    assert (trade.row.delivery, trade.row.received_at is not None) == ("picked", True)


def test_only_the_last_hand_out_is_undone_and_only_once(shop: Shop) -> None:
    trade = shop.order(3, pickup=True)
    assert shop.boss.refused("POST", path(trade, True)) == (409, "nothing_to_undo")
    moment = now()
    with frozen(moment):
        trade.hand_out(trade.piece(0, 1))
    with frozen(moment + timedelta(minutes=1)):
        trade.hand_out(trade.piece(0, 2))
    with frozen(moment + timedelta(minutes=2)):
        shop.boss.ok("POST", path(trade, True))
        assert (trade.row.delivery, trade.lines[0].picked_quantity) == ("part_picked", 1)
        assert trade.row.received_at is None
        shop.boss.ok("POST", path(trade, True))
        assert (trade.row.delivery, trade.lines[0].picked_quantity) == ("part_picked", 1)


def test_undo_ends_after_half_an_hour(shop: Shop) -> None:
    trade = shop.order(pickup=True)
    moment = now()
    with frozen(moment):
        trade.hand_out()
    with frozen(moment + timedelta(minutes=30, seconds=1)):
        assert shop.boss.refused("POST", path(trade, True)) == (409, "undo_too_late")
    with frozen(moment + timedelta(minutes=30)):
        detail = shop.boss.ok("POST", path(trade, True))
    assert (detail["delivery"], trade.row.received_at) == ("awaiting_pickup", None)


def test_the_same_tap_hands_out_once(shop: Shop) -> None:
    trade = shop.order(2, pickup=True)
    for _ in range(2):
        shop.boss.ok("POST", path(trade), {"lines": [trade.piece(0, 1)]}, key="tap")
    assert trade.lines[0].picked_quantity == 1

"""Receipt by the buyer and by the calendar."""

from __future__ import annotations

from datetime import timedelta

from fulfilment.tradeworld import Shop
from yantuan.fulfilment.actions import receive_due
from yantuan.kernel.clock import frozen
from yantuan.kernel.models import OutboxEvent


def test_the_buyer_confirms_once(shop: Shop) -> None:
    trade = shop.order()
    assert trade.buyer.refused("POST", f"/orders/{trade.id}/receive") == (409, "illegal_transition")
    trade.ship()
    for _ in range(2):
        detail = trade.receive()
    assert (detail["delivery"], detail["parcels"][0]["state"]) == ("received", "已签收")
    assert trade.events("delivery") == ["ship_all", "receive"]
    assert (trade.row.received_at is not None, trade.row.auto_receive_at) == (True, None)


def test_nothing_to_receive_unpaid_or_refunded(shop: Shop) -> None:
    unpaid, refunded = shop.order(paid=False), shop.order()
    assert unpaid.buyer.refused("POST", f"/orders/{unpaid.id}/receive") == (409, "order_not_paid")
    refunded.ship()
    refunded.refund()
    assert refunded.buyer.refused("POST", f"/orders/{refunded.id}/receive") == (409, "order_not_paid")
    part = shop.order(2)
    part.ship(part.piece(0, 1))
    assert part.buyer.refused("POST", f"/orders/{part.id}/receive") == (409, "illegal_transition")


def test_the_calendar_receives_when_due_and_not_before(shop: Shop) -> None:
    trade = shop.order()
    trade.ship()
    due = trade.row.auto_receive_at
    assert due is not None
    with frozen(due - timedelta(seconds=1)):
        assert receive_due() == 0
    with frozen(due):
        assert (receive_due(), receive_due()) == (1, 0)
    assert (trade.row.delivery, trade.row.received_at) == ("received", due)
    assert OutboxEvent.objects.filter(topic="order.received").count() <= 1


def test_the_calendar_waits_for_an_open_aftersale(shop: Shop) -> None:
    trade = shop.order()
    trade.ship()
    due = trade.row.auto_receive_at
    assert due is not None
    body = {"kind": "refund_only", "reason": "not_received", "lines": [trade.piece()], "amount_fen": 100}
    case = trade.buyer.ok("POST", f"/orders/{trade.id}/aftersales", body)["id"]
    with frozen(due + timedelta(days=3)):
        assert receive_due() == 0
        trade.buyer.ok("POST", f"/aftersales/{case}/withdraw")
        assert receive_due() == 1

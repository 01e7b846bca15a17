"""Receipt by the buyer and by the calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fulfilment.tradeworld import Shop
from yantuan.fulfilment import receiving
from yantuan.fulfilment.actions import receive_due
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.models import OutboxEvent
from yantuan.orders.models import Order


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
    told = list(
        OutboxEvent.objects.filter(topic="order.received").values_list("payload___handler", flat=True)
    )
    assert told and len(told) == len(set(told))


def test_an_order_that_cannot_move_keeps_no_other_waiting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = shop.order(), shop.order()
    for trade in (broken, sound):
        trade.ship()
    due = max(broken.row.auto_receive_at or now(), sound.row.auto_receive_at or now())
    lock = receiving.orders.lock_order

    def fail(order_id: int) -> Order:
        if order_id == broken.id:
            raise RuntimeError("a bug")
        return lock(order_id)

    monkeypatch.setattr(receiving.orders, "lock_order", fail)
    with frozen(due):
        assert receive_due() == 1
    assert (broken.row.delivery, sound.row.delivery) == ("shipped", "received")


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

"""Asking about a parcel: how often, for whom, and what silence means in the end."""

from __future__ import annotations

from datetime import timedelta

from fulfilment.tradeworld import Shop
from tracking.courierworld import (
    HOUR,
    NUMBER,
    Hundred,
    days,
    plan,
    push,
    result,
    row,
    shipped,
    tell,
    tracking,
)
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.tracking import rules, watching
from yantuan.tracking.models import Turn


def test_a_number_is_asked_about_once_in_half_an_hour(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    watched = tracking(trade)
    start = now()
    assert watching.ask(watched.id) and not watching.ask(watched.id)
    hundred.down = True
    for minutes, asked in ((29, False), (30, True), (31, False), (59, False), (60, True)):
        with frozen(start + timedelta(minutes=minutes, seconds=1)):
            assert watching.ask(watched.id) is asked
    assert len(hundred.asks("/poll/query.do")) == 3 and Turn.objects.count() == 1


def test_a_look_of_the_buyer_asks_once(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    hundred.traces[NUMBER] = result(NUMBER, [row(now(), "派送中", "delivering")])
    first = trade.buyer.ok("GET", f"/orders/{trade.id}/tracking")
    assert (first["stale"], first["asking"]) == (True, False)
    for _ in range(3):
        assert trade.buyer.ok("POST", f"/orders/{trade.id}/tracking/look")["asking"] is True
    outbox.drain()
    assert len(hundred.asks("/poll/query.do")) == 1
    seen = trade.buyer.ok("GET", f"/orders/{trade.id}/tracking")
    assert (seen["stale"], seen["parcels"][0]["label"]) == (False, "派送中")
    assert trade.buyer.ok("POST", f"/orders/{trade.id}/tracking/look")["asking"] is False
    leader = shop.boss.ok("GET", f"/leader/orders/{trade.id}/tracking")
    assert leader["parcels"] == seen["parcels"]


def test_other_peoples_parcels_are_nobodys_business(shop: Shop, hundred: Hundred) -> None:
    trade, other = shipped(shop), shop.order()
    for method, path in (("GET", "tracking"), ("POST", "tracking/look")):
        assert other.buyer.refused(method, f"/orders/{trade.id}/{path}") == (404, "not_found")
    assert trade.buyer.refused("GET", f"/leader/orders/{trade.id}/tracking") == (404, "not_found")


def test_a_service_that_gives_up_is_asked_again_and_in_the_end_believed(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    start = now().replace(microsecond=0)
    tell(trade, row(start, "揽收", "picked_up"))
    for n in range(rules.RENEWALS):
        at = start + n * days(3)
        with frozen(at):
            push(result(NUMBER, []), tracking(trade).id, status="abort")
            watching.step_due()
        assert tracking(trade).state == "waiting"
        with frozen(at + timedelta(minutes=32)):
            watching.step_due()
        assert (tracking(trade).state, len(hundred.asks("/poll"))) == ("watched", n + 2)
        hundred.traces.clear()
    with frozen(start + days(20)):
        push(result(NUMBER, [], com=""), tracking(trade).id, status="abort")
    assert tracking(trade).gave_up_at == start + days(20)
    assert plan(trade) == start + days(23)


def test_a_service_that_ends_without_saying_how_is_asked_on(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    start = now()
    tell(trade, row(start, "派送", "delivering"), status="shutdown")
    watched = tracking(trade)
    assert (watched.state, watched.next_at is not None, plan(trade)) == ("watched", True, None)
    tell(trade, row(start + HOUR, "退签", "returned"), status="shutdown")
    watched = tracking(trade)
    assert (watched.state, watched.next_at, watched.alarm) == ("ended", None, "returned")
    tell(trade, row(start + 2 * HOUR, "重新派送", "delivering"))
    assert (tracking(trade).state, tracking(trade).next_at is not None) == ("watched", True)


def test_a_month_of_silence_ends_the_waiting(shop: Shop, hundred: Hundred) -> None:
    trade = shipped(shop)
    start = now().replace(microsecond=0)
    tell(trade, row(start, "揽收", "picked_up"))
    for day in range(1, 32):
        with frozen(start + days(day) + HOUR):
            watching.step_due()
    watched = tracking(trade)
    assert (watched.next_at, watched.gave_up_at) == (None, start + days(30) + HOUR)
    assert plan(trade) == start + days(33) + HOUR
    assert 25 <= len(hundred.asks("/poll/query.do")) <= 30

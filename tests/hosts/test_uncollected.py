"""Goods nobody fetches: one reminder, and back only by the rule the buyer could read before ordering."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from fulfilment.tradeworld import Shop, Trade, books_add_up, make_shop
from yantuan.batchrefunds.models import BatchRefund
from yantuan.hosts import jobs
from yantuan.hosts.models import Arrival, UncollectedRule
from yantuan.hosts.rules import may_take_back
from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import Order
from yantuan.payments.models import Refund

pytestmark = pytest.mark.django_db
PRICE = 3990


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=1, stock_units=500)


def sale(shop: Shop, rest: str = "") -> str:
    return f"/leader/group-buys/{shop.world.group_buy.id}/{rest}"


def point(shop: Shop, rest: str) -> str:
    return f"/host/points/{shop.world.point.id}/sales/{shop.world.group_buy.id}/{rest}"


def rule(shop: Shop, then: str = "refund", days: int = 2) -> Any:
    return shop.boss.ok("PUT", sale(shop, "uncollected-rule"), {"days": days, "then": then})


def tell(shop: Shop, came: int, people: int) -> None:
    lines = [{"offer_id": str(shop.world.offers[0].id), "came": came}]
    shop.boss.ok("POST", point(shop, "count"), {"base": 0, "lines": lines})
    shop.boss.ok("POST", point(shop, "tell"), {"counts": 1, "people": people})
    outbox.drain()


@contextmanager
def later(**time: int) -> Iterator[None]:
    with frozen(now() + timedelta(**time)):
        yield


def reminded() -> list[int]:
    rows = InboxMessage.objects.filter(kind="uncollected").order_by("id")
    return list(rows.values_list("person_id", flat=True))


def refundable(shop: Shop) -> list[bool]:
    points = shop.boss.ok("GET", sale(shop, "uncollected"))["points"]
    return [order["refundable"] for one in points for order in one["orders"]]


def wish(*trades: Trade, total: int) -> dict[str, Any]:
    return {"order_ids": [str(t.id) for t in trades], "reason": "过期未取", "expected_total_fen": total}


def test_everybody_reads_the_rule_before_ordering(shop: Shop) -> None:
    public = f"/group-buys/{shop.world.group_buy.code}/uncollected-rule"
    buyer = shop.order(pickup=True).buyer
    assert buyer.ok("GET", public) == {"days": 0, "then": "keep", "text": "", "text_en": ""}
    rule(shop)
    rule(shop)
    seen = buyer.ok("GET", public)
    assert (seen["days"], seen["then"]) == (2, "refund") and "全额退款" in seen["text"]
    assert UncollectedRule.objects.count() == 1
    assert "继续为你保留" in rule(shop, "keep", 3)["text"]
    assert [(r.days, r.then) for r in UncollectedRule.objects.order_by("id")] == [(2, "refund"), (3, "keep")]
    shop.world.group_buy.state = "draft"
    shop.world.group_buy.save()
    assert buyer.refused("GET", public) == (404, "not_found")


def test_reminded_once_and_then_taken_back_by_the_leaders_choice(shop: Shop) -> None:
    rule(shop)
    one, two, came = shop.order(2, pickup=True), shop.order(pickup=True), shop.order(pickup=True)
    one.hand_out(one.piece(0, 1))
    tell(shop, 4, 3)
    came.hand_out()
    assert jobs.remind_uncollected() == 0 and refundable(shop) == [False, False]
    with later(days=2, minutes=1):
        assert (jobs.remind_uncollected(), jobs.remind_uncollected()) == (1, 0)
        outbox.drain()
        assert reminded() == [one.buyer.who.id, two.buyer.who.id]
        assert refundable(shop) == [False, False]
    with later(days=3, minutes=2):
        assert (jobs.remind_uncollected(), refundable(shop)) == (0, [True, True])
        assert Refund.objects.count() == 0
        path = sale(shop, "uncollected/refund")
        assert shop.boss.refused("POST", path, wish(one, total=2 * PRICE)) == (409, "preview_changed")
        assert shop.boss.refused("POST", path, wish(one, came, total=PRICE)) == (409, "not_by_rule")
        first = shop.boss.ok("POST", path, wish(one, total=PRICE), key="left-1")
        assert shop.boss.ok("POST", path, wish(one, total=PRICE), key="left-1")["id"] == first["id"]
        outbox.drain()
    assert list(Refund.objects.values_list("order_id", "amount_fen", "reason")) == [
        (one.id, PRICE, "过期未取")
    ]
    assert [(x.quantity, x.picked_quantity, x.refunded_quantity) for x in one.lines] == [(2, 1, 1)]
    assert two.lines[0].refunded_quantity == 0
    books_add_up()


def test_a_rule_holds_only_for_who_ordered_after_it(shop: Shop) -> None:
    before = shop.order(pickup=True)
    Order.objects.filter(id=before.id).update(placed_at=now() - timedelta(hours=1))
    rule(shop)
    after = shop.order(pickup=True)
    tell(shop, 2, 2)
    rule(shop, "keep", 5)
    with later(days=6):
        assert jobs.remind_uncollected() == 1
        outbox.drain()
    with later(days=8):
        assert refundable(shop) == [False, True]
        refused = shop.boss.refused("POST", sale(shop, "uncollected/refund"), wish(before, total=PRICE))
        assert refused == (409, "not_by_rule")
    assert after.row.payment == "paid" and BatchRefund.objects.count() == 0


def test_a_case_that_is_open_is_settled_first(shop: Shop) -> None:
    rule(shop, days=1)
    trade = shop.order(pickup=True)
    tell(shop, 1, 1)
    with later(days=1, minutes=1):
        jobs.remind_uncollected()
    Order.objects.filter(id=trade.id).update(aftersale="open")
    with later(days=3):
        assert refundable(shop) == [False]


def test_a_reminder_by_hand_not_too_often(shop: Shop) -> None:
    trade = shop.order(pickup=True)
    assert shop.boss.refused("POST", point(shop, "remind")) == (409, "not_told_yet")
    tell(shop, 1, 1)
    assert shop.boss.refused("POST", point(shop, "remind")) == (409, "reminded_lately")
    with later(hours=21):
        shop.boss.ok("POST", point(shop, "remind"))
        outbox.drain()
        assert shop.boss.refused("POST", point(shop, "remind")) == (409, "reminded_lately")
    assert reminded() == [trade.buyer.who.id] and Arrival.objects.get().reminders == 1
    # Without a rule nobody is reminded by itself.
    with later(days=30):
        assert jobs.remind_uncollected() == 0


def test_many_are_reminded_slice_by_slice(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yantuan.hosts.reminding.SLICE", 2)
    buyers = [shop.order(pickup=True).buyer.who.id for _ in range(5)]
    tell(shop, 5, 5)
    with later(hours=21):
        shop.boss.ok("POST", point(shop, "remind"))
        outbox.drain()
    assert sorted(reminded()) == sorted(buyers)


def test_the_rule_itself() -> None:
    start = now()
    day = timedelta(days=1)
    assert may_take_back(2, "refund", start, start + 2 * day, start + 3 * day)
    assert not may_take_back(2, "keep", start, start + 2 * day, start + 9 * day)
    assert not may_take_back(2, "refund", start, None, start + 9 * day)
    assert not may_take_back(2, "refund", None, None, start + 9 * day)
    assert not may_take_back(5, "refund", start, start + day, start + 4 * day)
    assert not may_take_back(2, "refund", start, start + 2 * day, start + 3 * day - timedelta(seconds=1))

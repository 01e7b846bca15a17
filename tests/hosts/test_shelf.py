"""Goods of the permanent shelf at a point: each delivery is counted, whoever ordered first is served first, and each order is told once."""

from __future__ import annotations

from typing import Any

import pytest

from fulfilment.tradeworld import Shop, footprint, make_shop
from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts import rules, shelf
from yantuan.hosts.models import Arrival, ArrivalLine
from yantuan.kernel import outbox
from yantuan.notices.models import InboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    made = make_shop(offers=2, stock_units=500)
    GroupBuy.objects.filter(id=made.world.group_buy.id).update(kind="shelf", ends_at=None)
    made.world.group_buy.refresh_from_db()
    return made


def at(shop: Shop, rest: str = "") -> str:
    return f"/host/points/{shop.world.point.id}/sales/{shop.world.group_buy.id}{rest}"


def sheet(shop: Shop) -> Any:
    return shop.boss.ok("GET", at(shop))


def count(shop: Shop, base: int, *came: tuple[int, int]) -> Any:
    offers = {str(one.id) for one in shop.world.offers}
    goods = [one["offer_id"] for one in sheet(shop)["goods"]]
    assert set(goods) <= offers
    lines = [{"offer_id": id_, "came": n, "damaged": d} for id_, (n, d) in zip(goods, came, strict=True)]
    return shop.boss.ok("POST", at(shop, "/count"), {"base": base, "lines": lines})


def tell(shop: Shop, counts: int, people: int) -> Any:
    answer = shop.boss.ok("POST", at(shop, "/tell"), {"counts": counts, "people": people})
    outbox.drain()
    return answer


def told() -> list[int | None]:
    return list(
        InboxMessage.objects.filter(kind="order_arrived").order_by("id").values_list("order_id", flat=True)
    )


def due(shop: Shop) -> list[int]:
    return [one["due"] for one in sheet(shop)["goods"]]


def test_what_shelf_orders_wait_for_is_due_and_counted(shop: Shop) -> None:
    one, two = shop.order(2, 1, pickup=True), shop.order(3, pickup=True)
    shop.order(5)
    shop.order(4, pickup=True, paid=False)
    found = sheet(shop)
    assert (found["dated"], [x["due"] for x in found["goods"]], found["people"]) == (False, [5, 1], 2)
    answer = count(shop, 0, (3, 0), (1, 0))
    assert [(x["due"], x["came"], x["missing"]) for x in answer["goods"]] == [(5, 3, 2), (1, 1, 0)]
    # Three pieces: the first order has its two and its other goods, the second must wait.
    assert (answer["people"], [x["number"] for x in answer["hearers"]]) == (1, [one.row.number])
    assert [(x.due, x.came) for x in ArrivalLine.objects.order_by("offer__position")] == [(5, 3), (1, 1)]
    tell(shop, 1, 1)
    assert told() == [one.id]
    # The next delivery: what was told of is no more due, though nobody has fetched it.
    again = sheet(shop)
    assert (due(shop), again["goods"][0]["came"], again["counts"]) == ([3], None, 1)
    three = shop.order(1, pickup=True)
    assert due(shop) == [4]
    answer = count(shop, 1, (4, 1))
    assert (answer["told_at"], answer["people"]) == (None, 1)
    tell(shop, 2, 1)
    assert told() == [one.id, two.id] and due(shop) == [1]
    count(shop, 2, (1, 0))
    tell(shop, 3, 1)
    assert told() == [one.id, two.id, three.id]
    assert sheet(shop)["goods"] == [] and len(sheet(shop)["history"]) == 3


def test_told_again_each_order_hears_once(shop: Shop) -> None:
    one = shop.order(2, pickup=True)
    count(shop, 0, (2, 0))
    tell(shop, 1, 1)
    before = footprint()
    assert tell(shop, 1, 1)["told_at"] is not None
    assert (told(), footprint()) == ([one.id], before)
    one.hand_out()
    assert due(shop) == []
    assert shop.boss.refused("POST", at(shop, "/count"), {"base": 1, "lines": [{"offer_id": "1", "came": 1}]}) == (
        409, "nothing_due",
    )  # fmt: skip


def test_a_correction_before_the_word_goes_out(shop: Shop) -> None:
    one, two = shop.order(2, pickup=True), shop.order(1, pickup=True)
    assert count(shop, 0, (3, 0))["people"] == 2
    assert count(shop, 1, (3, 1))["people"] == 1
    path = at(shop, "/tell")
    assert shop.boss.refused("POST", path, {"counts": 1, "people": 2}) == (409, "count_changed")
    assert shop.boss.refused("POST", path, {"counts": 2, "people": 2}) == (409, "hearers_changed")
    tell(shop, 2, 1)
    assert told() == [one.id] and due(shop) == [1]
    assert two.axes[1] == "awaiting_pickup"


def test_a_later_small_order_is_not_kept_back_by_a_large_one(shop: Shop) -> None:
    shop.order(9, pickup=True)
    small = shop.order(1, pickup=True)
    count(shop, 0, (2, 0))
    tell(shop, 1, 1)
    assert told() == [small.id]


def test_nothing_covers_an_order_in_part(shop: Shop) -> None:
    both = shop.order(1, 1, pickup=True)
    offers = [one.id for one in shop.world.offers]
    rows = shelf.waiting(shop.world.group_buy.id, shop.world.point.id)
    assert [row.id for row in rows] == [both.id]
    assert shelf.covered(rows, {offers[0]: rules.Came(5, 0)}) == []
    assert shelf.covered(rows, {offers[0]: rules.Came(1, 0), offers[1]: rules.Came(2, 2)}) == []
    assert shelf.covered(rows, {offers[0]: rules.Came(1, 0), offers[1]: rules.Came(2, 1)}) == rows


def test_shortages_and_the_rule_of_goods_not_fetched_stay_with_dated_sales(shop: Shop) -> None:
    shop.order(2, pickup=True)
    count(shop, 0, (1, 0))
    short = f"/leader/group-buys/{shop.world.group_buy.id}/points/{shop.world.point.id}/shortage"
    assert shop.boss.refused("POST", short, {}) == (409, "shelf_not_short")
    count(shop, 1, (2, 0))
    tell(shop, 2, 1)
    assert shop.boss.refused("POST", at(shop, "/remind"), {}) == (409, "not_told_yet")
    assert shop.boss.ok("GET", f"/leader/group-buys/{shop.world.group_buy.id}/uncollected")["points"] == []
    assert Arrival.objects.get().reminders == 0

"""Goods that did not come: who loses them, what is refunded, and that the same shortage is never refunded twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulfilment.tradeworld import Shop, Trade, books_add_up, make_shop
from yantuan.batchrefunds.models import BatchRefund, BatchRefundItem
from yantuan.hosts.rules import Came as CameUnits
from yantuan.hosts.rules import Place, check_choice, latest_first, short_of
from yantuan.kernel import outbox
from yantuan.kernel.errors import Invalid
from yantuan.orders.models import Order
from yantuan.payments.models import Refund

pytestmark = pytest.mark.django_db
PRICE = 3990


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)


def count(shop: Shop, *units: tuple[int, int], base: int = 0) -> None:
    lines = [
        {"offer_id": str(offer.id), "came": came, "damaged": damaged}
        for offer, (came, damaged) in zip(shop.world.offers, units, strict=False)
    ]
    path = f"/host/points/{shop.world.point.id}/sales/{shop.world.group_buy.id}/count"
    shop.boss.ok("POST", path, {"base": base, "lines": lines})


def path(shop: Shop, rest: str) -> str:
    return f"/leader/group-buys/{shop.world.group_buy.id}/points/{shop.world.point.id}/{rest}"


def preview(shop: Shop, **body: Any) -> Any:
    return shop.boss.ok("POST", path(shop, "shortage"), body)


def agreed(total: int, counts: int = 1, **more: Any) -> dict[str, Any]:
    return {"counts": counts, "reason": "到货缺货", "expected_total_fen": total, **more}


def units(seen: Any) -> list[tuple[int, int]]:
    return [(line["number"], line["units"]) for line in seen["lines"] if line["units"]]


def refunded(*trades: Trade) -> list[int]:
    return [trade.lines[0].refunded_quantity for trade in trades]


def test_the_latest_number_goes_without_first(shop: Shop) -> None:
    one, two, three = shop.order(2, pickup=True), shop.order(2, pickup=True), shop.order(2, pickup=True)
    count(shop, (4, 1))
    seen = preview(shop)
    assert [(g["short"], g["placed"]) for g in seen["goods"]] == [(3, 3)]
    assert units(seen) == [(three.row.number, 2), (two.row.number, 1)]
    assert (seen["orders"], seen["offline"], seen["total_fen"]) == (2, 2, 3 * PRICE)
    assert Refund.objects.count() == 0

    body = agreed(3 * PRICE)
    first = shop.boss.ok("POST", path(shop, "shortage-refund"), body, key="short-1")
    assert shop.boss.ok("POST", path(shop, "shortage-refund"), body, key="short-1")["id"] == first["id"]
    outbox.drain()
    assert sorted(Refund.objects.values_list("order_id", "amount_fen", "reason")) == [
        (two.id, PRICE, "到货缺货"),
        (three.id, 2 * PRICE, "到货缺货"),
    ]
    assert refunded(one, two, three) == [0, 1, 2]
    # What went back is no more due: there is no shortage left to refund.
    again = preview(shop)
    assert (again["goods"], again["total_fen"]) == ([], 0)
    assert shop.boss.refused("POST", path(shop, "shortage-refund"), agreed(0)) == (409, "nothing_to_refund")
    three.finish_refunds()
    two.finish_refunds()
    assert three.row.payment == "refunded"
    two.hand_out()
    assert two.row.delivery == "picked"
    books_add_up()


def test_the_leader_chooses_otherwise(shop: Shop) -> None:
    one, two = shop.order(2, pickup=True), shop.order(2, pickup=True)
    count(shop, (3, 0))
    line = str(one.lines[0].id)
    chosen = [{"order_line_id": line, "quantity": 1}]
    assert units(preview(shop, chosen=chosen)) == [(one.row.number, 1)]
    for wrong in ([{"order_line_id": line, "quantity": 2}], [{"order_line_id": "7", "quantity": 1}]):
        refused = shop.boss.refused("POST", path(shop, "shortage"), {"chosen": wrong})
        assert refused == (422, "choice_does_not_fit")
    shop.boss.ok("POST", path(shop, "shortage-refund"), agreed(PRICE, chosen=chosen))
    outbox.drain()
    assert refunded(one, two) == [1, 0]


def test_what_was_fetched_or_is_in_a_case_stays(shop: Shop) -> None:
    one, two, three = (shop.order(pickup=True) for _ in range(3))
    three.hand_out()
    Order.objects.filter(id=two.id).update(aftersale="open")
    count(shop, (1, 0))
    seen = preview(shop)
    assert [(g["short"], g["placed"]) for g in seen["goods"]] == [(2, 1)]
    assert units(seen) == [(one.row.number, 1)]


def test_an_order_fetched_after_the_agreement_keeps_its_goods(shop: Shop) -> None:
    one, two = shop.order(pickup=True), shop.order(pickup=True)
    count(shop, (0, 0))
    made = shop.boss.ok("POST", path(shop, "shortage-refund"), agreed(2 * PRICE))
    two.hand_out()
    outbox.drain()
    rows = BatchRefundItem.objects.filter(batch_id=made["id"]).order_by("number")
    assert list(rows.values_list("state", "why")) == [("started", ""), ("skipped", "changed")]
    assert refunded(one, two) == [1, 0]
    books_add_up()


def test_another_sum_another_count_and_no_count(shop: Shop) -> None:
    shop.order(2, pickup=True)
    assert shop.boss.refused("POST", path(shop, "shortage"), {}) == (409, "not_counted_yet")
    count(shop, (1, 0))
    wrong = shop.boss.refused("POST", path(shop, "shortage-refund"), agreed(PRICE + 1))
    assert wrong == (409, "preview_changed")
    count(shop, (0, 0), base=1)
    stale = shop.boss.refused("POST", path(shop, "shortage-refund"), agreed(PRICE))
    assert stale == (409, "count_changed")
    assert BatchRefund.objects.count() == Refund.objects.count() == 0


places = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(0, 5)), max_size=12).map(
    lambda rows: [Place(n, offer, number, free) for n, (offer, number, free) in enumerate(rows)]
)


@given(places, st.dictionaries(st.integers(1, 3), st.integers(0, 20)), st.randoms())
def test_the_rule_is_exact_and_the_same_for_any_order(
    found: list[Place], short: dict[int, int], random: Any
) -> None:
    taken = latest_first(short, found)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert latest_first(short, shuffled) == taken
    for offer in (1, 2, 3):
        mine = [place for place in found if place.offer_id == offer]
        lost = sum(taken.get(place.line_id, 0) for place in mine)
        assert lost == min(short.get(offer, 0), sum(place.free for place in mine))
        # Nobody loses a piece while somebody with a later number keeps one.
        spared = [p.number for p in mine if taken.get(p.line_id, 0) < p.free]
        losers = [p.number for p in mine if taken.get(p.line_id, 0)]
        assert not spared or not losers or max(spared) <= min(losers)
    assert check_choice(short, found, taken) == taken


def test_more_than_is_short_is_refused() -> None:
    with pytest.raises(Invalid):
        check_choice({1: 1}, [Place(1, 1, 1, 5)], {1: 2})
    assert (short_of(5, CameUnits(5, 2)), short_of(5, CameUnits(9, 0))) == (2, 0)

"""Real weight: the difference goes back by itself, once, and a correction never asks for money."""

from __future__ import annotations

from typing import Any

import pytest

from fulfilment.tradeworld import Shop, Trade, books_add_up, caller, footprint
from orders.orderworld import make_person
from settling.test_settling import opened, refunds
from yantuan.groupbuys.options.forming import OfferForming

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db: None) -> Shop:
    """Goods of 39.90 for 1,500 g a piece."""
    return opened(OfferForming(weigh_g=1500))


def path(shop: Shop) -> str:
    return f"/leader/group-buys/{shop.world.group_buy.id}/weighing"


def weigh(shop: Shop, *pairs: tuple[Trade, int], line: int = 0) -> list[Any]:
    entries = [{"line_id": str(trade.lines[line].id), "grams": grams} for trade, grams in pairs]
    return list(shop.boss.ok("POST", path(shop), {"entries": entries})["entries"])


def test_less_weight_is_given_back_and_more_costs_nothing(shop: Shop) -> None:
    light, heavy, exact = shop.order(2), shop.order(1), shop.order(1)
    shop.order(1, paid=False)
    listed = shop.boss.ok("GET", path(shop))
    assert [(r["number"], r["quantity"], r["standard_g"], r["paid_fen"], r["grams"]) for r in listed] == [
        (1, 2, 3000, 7980, None), (2, 1, 1500, 3990, None), (3, 1, 1500, 3990, None),
    ]  # fmt: skip
    answers = weigh(shop, (light, 2850), (heavy, 1600), (exact, 1500))
    assert [(one["ok"], one["refund_fen"]) for one in answers] == [(True, 399), (True, 0), (True, 0)]
    assert refunds(light, heavy, exact) == [("weight", 399)]
    listed = shop.boss.ok("GET", path(shop))
    assert (listed[0]["grams"], listed[0]["back_fen"], listed[0]["paid_fen"]) == (2850, 399, 7980)
    assert light.lines[0].refunded_quantity == 0
    books_add_up()


def test_the_same_again_changes_nothing_and_corrections_only_give(shop: Shop) -> None:
    trade = shop.order(2)
    weigh(shop, (trade, 2850))
    assert weigh(shop, (trade, 2850))[0]["refund_fen"] == 0
    assert weigh(shop, (trade, 2700))[0] | {"line_id": ""} == {
        "line_id": "", "ok": True, "problem": "", "problem_en": "", "refund_fen": 399, "back_fen": 798,
    }  # fmt: skip
    assert weigh(shop, (trade, 2900))[0]["back_fen"] == 798
    assert refunds(trade) == [("weight", 399), ("weight", 399)]
    books_add_up()


def test_what_is_not_weighed_or_not_there_is_said_line_by_line(shop: Shop) -> None:
    trade, plain = shop.order(1), shop.order(1, 1)
    gone = shop.order(1)
    gone.refund()
    weigh(shop, (trade, 1500))
    before = footprint()
    answers = weigh(shop, (plain, 100), line=1) + weigh(shop, (gone, 100))
    assert [(one["ok"], one["problem"]) for one in answers] == [
        (False, "没有找到这件称重商品"), (False, "这件商品没有付款或已退款，不用称重"),
    ]  # fmt: skip
    assert footprint() == before


def test_only_the_store_weighs(shop: Shop) -> None:
    trade = shop.order(1)
    body = {"entries": [{"line_id": str(trade.lines[0].id), "grams": 100}]}
    assert caller(make_person()).refused("POST", path(shop), body) == (404, "not_found")
    assert trade.buyer.refused("POST", path(shop), body) == (404, "not_found")

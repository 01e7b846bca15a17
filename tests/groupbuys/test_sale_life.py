"""What becomes of orders when the sale, its goods or its leader change under them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reports.trade import FREIGHT, Trade, open_trade
from stores.shop_kit import offer, public
from yantuan.groupbuys.queries import group_buy_page
from yantuan.kernel.clock import frozen, now
from yantuan.leaders.models import Leader
from yantuan.orders.models import Order
from yantuan.reports.checks import run_checks
from yantuan.stores.actions import suspend_store

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


@pytest.fixture
def trade() -> Trade:
    return open_trade()


def refused(trade: Trade) -> bool:
    """Whether placing is refused, leaving nothing behind."""
    before = Order.objects.count()
    try:
        trade.place("more", (0, 1))
    except AssertionError:
        return Order.objects.count() == before
    return False


def test_the_real_page_asks_at_most_eight_questions(trade: Trade) -> None:
    for number in range(12):
        trade.place(str(number), (0, 1), (1, 1))
    with CaptureQueriesContext(connection) as asked:
        page = group_buy_page(trade.sale["code"])
    assert len(asked) <= 8, [q["sql"][:90] for q in asked]
    assert (page.joined, len(page.latest_joined)) == (12, 10)
    assert page.latest_joined[0].name == "王*"
    assert page.products[0].sold == 24
    rest = public(f"/g/{trade.sale['code']}/joined")
    assert [row["number"] for row in rest["items"]] == list(range(12, 0, -1))


def test_a_closed_sale_takes_no_new_orders_and_keeps_the_old_ones_payable(trade: Trade) -> None:
    trade.place("before", (0, 2))
    trade.shop.boss.ok("POST", f"/leader/group-buys/{trade.sale['id']}/close")
    assert refused(trade)
    trade.pay("before")
    assert (trade.order("before").payment, len(trade.lines("before"))) == ("paid", 1)


def test_the_window_is_the_servers(trade: Trade) -> None:
    ends = group_buy_page(trade.sale["code"]).ends_at
    assert ends is not None
    with frozen(ends):
        assert refused(trade)
    with frozen(ends - timedelta(seconds=1)):
        assert not refused(trade)


def test_orders_keep_what_they_were_promised(trade: Trade) -> None:
    trade.place("old", (0, 1))
    product = trade.shop.boss.ok("GET", f"{trade.shop.path}/products?q=五常")["items"][0]
    body = {
        "title": "换了名字",
        "picture_media_ids": [trade.shop.picture_id()],
        "skus": [{"id": s["id"], "name": s["name"] + "新", "price_fen": 1} for s in product["skus"]],
    }
    product = trade.shop.boss.ok("PUT", f"/leader/products/{product['id']}", body)
    window = {"starts_at": trade.sale["starts_at"], "ends_at": trade.sale["ends_at"]}
    sale = trade.shop.sale_body(offer(product, 0, price_fen=9999), **window)
    trade.shop.boss.ok("PUT", f"/leader/group-buys/{trade.sale['id']}", sale)
    trade.shop.boss.ok("POST", f"/leader/products/{product['id']}/archive")
    line = trade.lines("old")[0]
    assert (line.title, line.sku_name, line.price_fen) == ("五常大米", "5斤", 3990)
    assert trade.order("old").total_fen == 3990 + FREIGHT
    trade.pay("old")
    trade.ship("old")
    assert run_checks(["M1", "M2", "ST2", "ST3", "T1"]).violations == []


def test_a_hidden_offer_sells_no_more_but_its_orders_live_on(trade: Trade) -> None:
    trade.place("old", (1, 1))
    kept = trade.sale["offers"][0]
    window = {"starts_at": trade.sale["starts_at"], "ends_at": trade.sale["ends_at"]}
    body = trade.shop.sale_body({"sku_id": kept["sku_id"], "price_fen": 3990}, **window)
    trade.shop.boss.ok("PUT", f"/leader/group-buys/{trade.sale['id']}", body)
    with pytest.raises(AssertionError, match="offer_removed"):
        trade.place("new", (1, 1))
    trade.pay("old")
    trade.refund("old", restock=True)
    assert trade.order("old").payment == "refunded"
    assert run_checks(["ST1", "ST2", "ST3", "ST4", "O2"]).violations == []


@pytest.mark.parametrize("who", ["store", "leader"])
def test_a_suspension_stops_sales_at_once_and_refunds_go_on(trade: Trade, who: str) -> None:
    trade.place("old", (0, 1))
    trade.pay("old")
    if who == "store":
        suspend_store(int(trade.shop.store["id"]), "资质过期", 1)
    else:
        Leader.objects.update(suspended_at=now())
    assert refused(trade)
    trade.refund("old")
    assert trade.order("old").payment == "refunded"
    assert run_checks(["I2"]).violations == []

"""One row per order, what a sheet's columns know besides, columns fixed when asked for, and costs only for who may see them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from fulfilment.tradeworld import Caller, Shop, caller, make_shop
from orders.orderworld import make_person
from yantuan.catalog.models import Sku
from yantuan.groupbuys.models import Offer
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.orders.models import LocalDelivery, Order, OrderEvent
from yantuan.payments.models import PaymentAttempt
from yantuan.reports import exports
from yantuan.reports.choosing import choose
from yantuan.reports.models import OrderExport
from yantuan.staff.models import StaffMember

pytestmark = [pytest.mark.django_db, pytest.mark.urls("yantuan.api.urls")]
COSTS = ["cost", "cost_total", "profit"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "data_folder", lambda: tmp_path)


@pytest.fixture
def shop() -> Shop:
    return make_shop(offers=2, stock_units=50)


def sheet(export: OrderExport) -> list[tuple[Any, ...]]:
    """The written sheet without its heading."""
    exports.write(export.id)
    export.refresh_from_db()
    assert export.state == "done", export.error
    return list(openpyxl.load_workbook(exports.file_of(export)).active.iter_rows(values_only=True))[1:]


def ask(shop: Shop, **wish: Any) -> OrderExport:
    return exports.request(shop.boss.who, shop.world.store, **{"group_buy_id": None, "tab": "all"} | wish)


def wanted(shop: Shop, *keys: str) -> None:
    choose(shop.boss.who, shop.world.store, keys)


def helper(shop: Shop, *rights: str) -> Caller:
    person = make_person()
    may: dict[str, Any] = {f"may_{right}": True for right in rights}
    StaffMember.objects.create(
        store_id=shop.world.store.id,
        person=person,
        invited_by=shop.boss.who.id,
        created_at=now(),
        changed_at=now(),
        **may,
    )
    return caller(person)


def test_a_row_per_order_sums_its_lines(shop: Shop) -> None:
    trade, single = shop.order(2, 1), shop.order(3)
    wanted(shop, "order_id", "goods", "sku", "price", "quantity", "amount", "goods_left", "total", "to_ship")
    lines = sheet(ask(shop))
    assert [row[0] for row in lines] == [str(trade.id), str(trade.id), str(single.id)]
    rows = sheet(ask(shop, view="orders"))
    first = trade.lines
    names = [f"{one.title} {one.sku_name}".strip() + f"×{one.quantity}" for one in first]
    assert rows[0][:2] == (str(trade.id), "；".join(names))
    assert rows[0][3] == "；".join(f"{one.price_fen / 100:.2f}" for one in first)
    assert (rows[0][4], rows[0][8]) == (3, 3)
    assert (rows[1][4], rows[1][3]) == (3, single.lines[0].price_fen / 100)
    # Money that stands in every line's row counts once here.
    for place in (5, 6):
        whole = [round(sum(row[place] * 100 for row in some)) for some in (lines, rows)]
        assert whole[0] == whole[1] == sum(one.amount_fen for one in [*first, *single.lines])
    assert round(sum(row[7] * 100 for row in rows)) == trade.row.total_fen + single.row.total_fen


def test_columns_are_those_chosen_when_it_was_asked_for(shop: Shop) -> None:
    shop.order(1)
    wanted(shop, "number", "goods")
    export = ask(shop)
    wanted(shop, "phone")
    assert sheet(export) == [(1, "红富士苹果0")]
    assert [len(row) for row in sheet(ask(shop))] == [1]
    # One asked for by an earlier version knows of no choice.
    old = ask(shop)
    OrderExport.objects.filter(id=old.id).update(columns=[])
    assert len(sheet(old)[0]) == 31


def test_what_columns_know_besides(shop: Shop) -> None:
    trade, other = shop.order(1, 1), shop.order(1)
    Person.objects.filter(id=trade.buyer.who.id).update(nickname="=阿雁")
    moment = now() - timedelta(days=1)
    for number, extra in (("OUT1", False), ("OUT2", True)):
        PaymentAttempt.objects.create(
            order_id=trade.id, store_id=shop.world.store.id, trade_type="JSAPI", appid="wx1", mchid="1", out_trade_no=number,
            amount_fen=100, state="succeeded", transaction_id=f"420000{number}", paid_fen=100, extra=extra, time_expire=moment, created_at=moment,
        )  # fmt: skip
    offer = shop.world.offers[0]
    Offer.objects.filter(id=offer.id).update(options={"limits": {"category": "水果"}})
    wanted(shop, "nickname", "payment_no", "transaction", "category", "touched_at")
    rows = sheet(ask(shop))
    assert [row[:4] for row in rows[:2]] == [
        ("=阿雁", "OUT1", "420000OUT1", "水果"),
        ("=阿雁", "OUT1", "420000OUT1", None),
    ]
    assert rows[2][:3] == (other.buyer.who.nickname, None, None)
    last = OrderEvent.objects.filter(order_id=trade.id).latest("at").at + timedelta(hours=8)
    assert rows[0][4] == f"{last:%Y-%m-%d %H:%M:%S}"[: len(str(rows[0][4]))]


def test_how_far_an_order_goes(shop: Shop) -> None:
    near, elsewhere = shop.order(1, 1), shop.order(1)
    LocalDelivery.objects.create(
        order_id=near.id, store_id=shop.world.store.id, metres=2279, up_to_m=3000, fee_fen=500
    )
    wanted(shop, "order_id", "distance")
    assert sheet(ask(shop, view="orders")) == [(str(near.id), 2300), (str(elsewhere.id), None)]


def test_costs_and_what_is_left_of_them(shop: Shop) -> None:
    trade = shop.order(2, 1)
    known, unknown = trade.lines
    Sku.objects.filter(offers=known.offer_id).update(cost_fen=1000)
    wanted(shop, "number", *COSTS)
    earned = (known.amount_fen - known.discount_share_fen - 2000) / 100
    assert sheet(ask(shop)) == [(1, 10, 20, earned), (1, None, None, None)]
    # Of an order of which one cost is unknown nothing is summed.
    assert sheet(ask(shop, view="orders")) == [(1, "10.00；-", None, None)]
    Sku.objects.filter(offers=unknown.offer_id).update(cost_fen=0)
    trade.refund(trade.piece(0, 1))
    [(_, cost, total, profit)] = sheet(ask(shop, view="orders"))
    left = sum(one.amount_fen - one.discount_share_fen - one.refunded_goods_fen for one in trade.lines)
    assert (cost, total, round(profit * 100)) == ("10.00；0.00", 10, left - 1000)


@pytest.mark.parametrize("rights", [("data",), ("data", "money"), ("data", "goods")])
def test_costs_are_for_those_who_see_them_on_the_goods_pages(shop: Shop, rights: tuple[str, ...]) -> None:
    shop.order(1)
    wanted(shop, "number", *COSTS)
    sees = "goods" in rights
    theirs, store = helper(shop, *rights), shop.world.store.id
    columns = theirs.ok("GET", f"/leader/stores/{store}/export-columns")
    offered = {one["key"] for one in columns["columns"]}
    assert (columns["chosen"], set(COSTS) <= offered, bool(offered & set(COSTS))) == (
        ["number", *COSTS] if sees else ["number"],
        sees,
        sees,
    )
    export = ask(shop)
    sheet(export)
    listed = theirs.ok("GET", f"/leader/stores/{store}/exports")
    assert len(listed) == sees
    for path in (f"/leader/exports/{export.id}", f"/leader/exports/{export.id}/file"):
        assert theirs.call("GET", path).status_code == (200 if sees else 404)
    own = theirs.call("POST", f"/leader/stores/{store}/exports", {"view": "orders"})
    made = OrderExport.objects.latest("id")
    assert (own.status_code, made.costs, made.view, len(sheet(made)[0])) == (
        201,
        sees,
        "orders",
        4 if sees else 1,
    )
    assert theirs.call("GET", f"/leader/exports/{made.id}/file").status_code == 200


def test_who_sees_no_costs_neither_chooses_nor_loses_them(shop: Shop) -> None:
    wanted(shop, "number", "cost")
    theirs, path = helper(shop, "data"), f"/leader/stores/{shop.world.store.id}/export-columns"
    assert theirs.refused("PUT", path, {"columns": ["number", "profit"]}) == (422, "columns_unfit")
    assert theirs.ok("PUT", path, {"columns": ["phone", "number"]})["chosen"] == ["phone", "number"]
    assert shop.boss.ok("GET", path)["chosen"] == ["phone", "number", "cost"]


def test_a_view_there_is_not_is_refused(shop: Shop) -> None:
    shop.order(1)
    path = f"/leader/stores/{shop.world.store.id}/exports"
    assert shop.boss.refused("POST", path, {"view": "pages"})[0] == 422
    assert (OrderExport.objects.count(), Order.objects.count()) == (0, 1)

"""Orders that wait for their sale or team say so, in lists, on their page, at the desk and in sheets, without a statement per row."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from settling.test_settling import opened, settle, wishing
from teams.teamworld import pay, placed, start, team_draft, team_world
from yantuan.desk import words
from yantuan.groupbuys.options.forming import FormingRule, OfferForming
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.config import Config
from yantuan.orders.holding import NOT_FORMED, TO_FORM, TO_SPLIT
from yantuan.orders.lists import buyer_orders, leader_orders
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail, order_rows, with_rows
from yantuan.reports.sheets import write_orders
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db
NOTHING = ("", "")


def said(order_id: int) -> tuple[tuple[str, str], str, str]:
    """The word for both, as buyer and leader read it: label, delivery, headline."""
    order = Order.objects.get(id=order_id)
    store = Store.objects.get(id=order.store_id)
    [mine] = [
        x for x in buyer_orders(order.person, tab="all", q="", cursor="").items if int(x.id) == order_id
    ]
    [theirs] = [
        x
        for x in leader_orders(store, tab="all", q="", group_buy_id="", cursor="").items
        if int(x.id) == order_id
    ]
    pages = [order_detail(order, "buyer"), order_detail(order, "leader"), mine, theirs]
    found = {((x.labels.waiting, x.labels.waiting_en), x.labels.delivery, x.labels.headline) for x in pages}
    assert len(found) == 1, found
    label, delivery, headline = found.pop()
    assert (words.delivery_state(theirs)[1] == label) == (label != NOTHING)
    assert ("ship" in theirs.actions or "pickup" in theirs.actions) == (label == NOTHING)
    return label, delivery, headline


def test_a_sale_that_has_to_form(db: None) -> None:
    shop = opened(rule=FormingRule(by="people", reach=2))
    one = shop.order(1)
    assert said(one.id) == (TO_FORM, "待成团", "待成团")
    shop.order(1)
    outbox.drain()
    assert said(one.id) == (NOTHING, "待发货", "待发货")


def test_a_sale_that_did_not_form(db: None) -> None:
    shop = opened(rule=FormingRule(by="people", reach=2))
    one = shop.order(1)
    settle(shop)
    assert said(one.id)[0] == NOT_FORMED


def test_cartons_wait_for_the_split(db: None) -> None:
    shop = opened(OfferForming(carton=4))
    one = wishing(shop, 4, 4)
    assert said(one.id) == (TO_SPLIT, "待拼箱分配", "待拼箱分配")
    settle(shop)
    assert said(one.id)[0] == NOTHING


def test_a_team(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))
    world = team_world(size=2)
    team, first = start(world)
    pay(first)
    assert said(first.id) == (TO_FORM, "待成团", "待成团")
    [second] = placed(team_draft(world, team.id))
    # Not paid yet: what matters now is the payment; what comes after it is told beside.
    unpaid = order_detail(second, "buyer").labels
    assert (unpaid.delivery, unpaid.headline) == ("待成团", "待支付")
    pay(second)
    assert [said(x.id)[0] for x in (first, second)] == [NOTHING, NOTHING]


def test_as_many_statements_for_many_rows_as_for_one(db: None) -> None:
    shop = opened(rule=FormingRule(by="people", reach=50))
    trades = [shop.order(1) for _ in range(6)]

    def cost(ids: list[int]) -> int:
        with CaptureQueriesContext(connection) as captured:
            rows = order_rows(list(with_rows(Order.objects.filter(id__in=ids))), "leader")
        assert {row.labels.waiting for row in rows} == {"待成团"} and len(rows) == len(ids)
        return len(captured.captured_queries)

    assert cost([one.id for one in trades]) == cost([trades[0].id])


def test_sheets_say_it_too(db: None, tmp_path: Path) -> None:
    shop = opened(rule=FormingRule(by="people", reach=2))
    one = shop.order(1)
    write_orders(tmp_path / "a.xlsx", Order.objects.filter(id=one.id), now(), lambda done: None)
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    texts = {cell for row in book.active.iter_rows(values_only=True) for cell in row}
    assert "待成团" in texts and "待发货" not in texts

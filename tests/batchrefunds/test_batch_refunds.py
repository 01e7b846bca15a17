"""Refunds of a spoiled batch: preview, agreement, slices, and what happens to orders that changed meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

import factories as make
from yantuan.batchrefunds import actions
from yantuan.batchrefunds.models import BatchRefund, BatchRefundItem
from yantuan.batchrefunds.rules import share_of, wishes_of
from yantuan.identity import sessions
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.models import AuditEntry
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.actions import refund_as_leader
from yantuan.payments.models import Refund
from yantuan.payments.rules import Left

pytestmark = pytest.mark.django_db


def client_of(person: Person) -> Client:
    client = Client(headers={CLIENT_HEADER: "h5"})
    client.cookies[sessions.COOKIE] = sessions.start(person, "h5")
    return client


class Shop:
    """A sale of two goods with three paid orders of the first."""

    def __init__(self) -> None:
        self.leader = make.leader("林小满")
        self.store = make.store(self.leader)
        goods = [make.product(self.store, prices=(1001,)), make.product(self.store, prices=(500,))]
        self.sale = make.group_buy(self.store, goods)
        self.orders = [
            make.paid(make.order(self.sale, make.person(f"邻居{n}"), quantity=2)) for n in range(3)
        ]
        make.order(self.sale, make.person("没付款"), quantity=2)
        self.offer = str(OrderLine.objects.filter(order=self.orders[0]).earliest("id").offer_id)
        self.web = client_of(self.leader)
        self.base = f"/api/leader/group-buys/{self.sale.id}/batch-refunds"

    def spec(self, percent: int = 30, **more: Any) -> dict[str, Any]:
        return {"offer_ids": [self.offer], "percent": percent, **more}

    def preview(self, percent: int = 30, **more: Any) -> Any:
        answer = self.web.post(f"{self.base}/preview", self.spec(percent, **more), "application/json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def start(self, total: int, percent: int = 30, key: str = "k1", **more: Any) -> Any:
        body = {**self.spec(percent, **more), "reason": "葡萄有坏果", "expected_total_fen": total}
        return self.web.post(self.base, body, "application/json", headers={"Idempotency-Key": key})


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_the_preview_names_everybody_and_writes_nothing(shop: Shop) -> None:
    seen = shop.preview()
    assert (seen["orders"], seen["left_out"], seen["offline"], seen["total_fen"]) == (3, 0, 3, 3 * 600)
    assert [row["number"] for row in seen["items"]] == [1, 2, 3]
    assert Refund.objects.count() == BatchRefund.objects.count() == 0


def test_what_was_previewed_is_given_back_once(shop: Shop) -> None:
    total = shop.preview()["total_fen"]
    first = shop.start(total)
    assert (first.status_code, first.json()["state"]) == (200, "running")
    assert shop.start(total).json()["id"] == first.json()["id"]
    outbox.drain()
    done = shop.web.get(f"/api/leader/batch-refunds/{first.json()['id']}").json()
    assert (done["state"], done["started"], done["skipped"], done["started_fen"]) == ("done", 3, 0, total)
    assert sorted(Refund.objects.values_list("order_id", "amount_fen", "reason")) == sorted(
        (o.id, 600, "葡萄有坏果") for o in shop.orders
    )
    # The buyers keep their goods: nothing is counted as given back, and nothing comes again by a second delivery of the work.
    assert set(
        OrderLine.objects.filter(order__in=shop.orders).values_list("refunded_quantity", flat=True)
    ) == {0}
    actions.carry_on(int(done["id"]))
    assert Refund.objects.count() == 3
    assert AuditEntry.objects.filter(action="refund.batch").count() == 1


def test_all_of_it_takes_the_units_too(shop: Shop) -> None:
    shop.start(shop.preview(100)["total_fen"], 100)
    outbox.drain()
    lines = OrderLine.objects.filter(order__in=shop.orders, offer_id=shop.offer)
    assert set(lines.values_list("refunded_quantity", "refunded_goods_fen")) == {(2, 2002)}


def test_a_sum_that_changed_is_refused_and_nothing_is_written(shop: Shop) -> None:
    answer = shop.start(shop.preview()["total_fen"] - 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "preview_changed")
    assert answer.json()["details"]["total_fen"] == 1800
    assert BatchRefund.objects.count() == 0


def test_who_is_left_out_and_why(shop: Shop) -> None:
    refund_as_leader(shop.leader, shop.orders[0].id, [], include_freight=True, reason="缺货", restock=False)
    Order.objects.filter(id=shop.orders[1].id).update(aftersale="open")
    seen = shop.preview()
    assert (seen["orders"], seen["left_out"], seen["total_fen"]) == (1, 2, 600)
    assert {row["why"] for row in seen["items"] if row["why"]} == {
        "有处理中的售后，请在售后里处理",
        "这些商品已经全部退过了",
    }


def test_an_order_that_changed_after_the_agreement_is_left_out(shop: Shop) -> None:
    made = shop.start(shop.preview()["total_fen"]).json()
    refund_as_leader(shop.leader, shop.orders[0].id, [], include_freight=True, reason="缺货", restock=False)
    Order.objects.filter(id=shop.orders[1].id).update(aftersale="open")
    outbox.drain()
    rows = BatchRefundItem.objects.filter(batch_id=made["id"]).order_by("number")
    assert list(rows.values_list("state", "why")) == [
        ("skipped", "changed"),
        ("skipped", "open_case"),
        ("started", ""),
    ]
    assert BatchRefund.objects.get().state == "done"


def test_a_stopped_batch_starts_no_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "SLICE", 1)
    made = shop.start(shop.preview()["total_fen"]).json()
    actions.carry_on(int(made["id"]))
    stopped = shop.web.post(f"/api/leader/batch-refunds/{made['id']}/stop").json()
    assert (stopped["state"], stopped["started"]) == ("stopped", 1)
    outbox.drain()
    assert Refund.objects.count() == 1
    again = shop.web.post(f"/api/leader/batch-refunds/{made['id']}/stop").json()
    assert again["state"] == "stopped"
    # What is left may be given back by another batch: those who got theirs get the share of the rest.
    assert shop.preview()["orders"] == 3


def test_only_one_runs_at_a_time(shop: Shop) -> None:
    total = shop.preview()["total_fen"]
    shop.start(total)
    second = shop.start(total, key="k2")
    assert (second.status_code, second.json()["code"]) == (409, "batch_running")


def test_by_number_and_point(shop: Shop) -> None:
    assert shop.preview(first_number=2)["orders"] == 2
    assert shop.preview(first_number=2, last_number=2)["orders"] == 1
    point = shop.store.pickup_points.get().id
    assert shop.preview(pickup_point_id=str(point))["orders"] == 0
    wrong = shop.web.post(f"{shop.base}/preview", {"offer_ids": ["12345"], "percent": 30}, "application/json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "offers_unknown")


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 10**9)), max_size=5), st.integers(1, 100))
def test_never_more_than_is_left(lines: list[tuple[int, int]], percent: int) -> None:
    lefts = [Left(n, units, fen, 7) for n, (units, fen) in enumerate(lines)]
    for wish in wishes_of(lefts, percent):
        left = lefts[wish.order_line_id]
        assert wish.amount_fen == share_of(left, percent)
        assert 0 < (wish.amount_fen or 0) <= left.goods_fen
        assert percent < 100 or wish.amount_fen == left.goods_fen

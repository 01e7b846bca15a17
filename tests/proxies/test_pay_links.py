"""What anybody with a pay link sees and may do, and what it keeps to itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from proxyworld import Shop, client_of, order_of, token_of

import factories as make
from yantuan.fulfilment.handing import hand_out
from yantuan.fulfilment.schemas import PickupIn
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.orders.models import Order
from yantuan.proxies.rules import link_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return Shop()


def open_link(token: str) -> Any:
    return Client(headers={CLIENT_HEADER: "h5"}).get(f"/api/proxy-links/{token}")


def test_goods_and_amount_are_shown_and_nothing_more_of_the_neighbour(shop: Shop) -> None:
    row = shop.booked("王大姐", blueberries=2, building="3号楼", room="1201", phone="13900001111")
    answer = open_link(token_of(row))
    assert answer.status_code == 200
    page = answer.json()
    assert (page["name"], page["number"], page["title"], page["pickup_name"]) == (
        "王*姐", 1, "周五鲜果团", "东门岗亭",
    )  # fmt: skip
    [order] = page["orders"]
    assert (order["order_id"], order["payment"], order["total_fen"]) == (row["order_id"], "unpaid", 7980)
    assert [(x["title"], x["quantity"], x["amount_fen"]) for x in order["lines"]] == [("蓝莓", 2, 7980)]
    # Paid by the leader's own code here, so that is shown.
    assert (order["payment_method"], page["collection_code_url"] != "") == ("offline", True)
    for secret in ("王大姐", "1201", "3号楼", "13900001111", "1111"):
        assert secret not in answer.content.decode()


def test_a_wrong_link_and_one_that_ended_read_the_same(shop: Shop) -> None:
    row = shop.booked("王姐", bananas=1)
    wrong = open_link("nobodys")
    shop.post(f"/api/leader/orders/{row['order_id']}/cancel-proxy")
    ended = open_link(token_of(row))
    assert (wrong.status_code, ended.status_code) == (404, 404)
    same = ("code", "message", "zh", "en")
    assert [wrong.json().get(x) for x in same] == [ended.json().get(x) for x in same]


def test_the_link_ends_when_the_goods_are_handed_out(shop: Shop) -> None:
    [row] = shop.agree(shop.wish("王姐", bananas=1, paid=True))
    assert open_link(token_of(row)).json()["orders"][0]["payment"] == "paid"
    order = order_of(row)
    hand_out(shop.leader, order.id, PickupIn(pickup_code=order.pickup_code))
    assert open_link(token_of(row)).status_code == 404


def test_paying_needs_a_payer_and_the_right_order(shop: Shop) -> None:
    row, other = shop.booked("王姐", bananas=1), shop.booked("阿芳", bananas=1)
    base = f"/api/proxy-links/{token_of(row)}/orders"
    visitor = Client(headers={CLIENT_HEADER: "h5"})
    body = {"channel": "h5", "return_path": "/"}
    assert shop.post(f"{base}/{row['order_id']}/pay", body, visitor).status_code == 401
    payer = client_of(make.person("路过的"))
    # An order that is paid by the leader's own code has no other way.
    answer = shop.post(f"{base}/{row['order_id']}/pay", body, payer)
    assert (answer.status_code, answer.json()["kind"]) == (200, "offline")
    assert shop.post(f"{base}/{other['order_id']}/pay", body, payer).status_code == 404
    assert (
        shop.post(f"{base}/{row['order_id']}/refresh", None, payer).json()["orders"][0]["payment"] == "unpaid"
    )
    assert list(Order.objects.values_list("payment", flat=True)) == ["unpaid", "unpaid"]


@pytest.mark.parametrize(
    ("rows", "opens"),
    [
        ([], False),
        ([("closed", "none")], False),
        ([("closed", "none"), ("unpaid", "none")], True),
        ([("awaiting_confirmation", "awaiting_pickup")], True),
        ([("paid", "awaiting_pickup")], True),
        ([("paid", "picked"), ("refunded", "none")], False),
    ],
)
def test_when_a_link_opens(rows: list[tuple[str, str]], opens: bool) -> None:
    assert link_open(rows) is opens

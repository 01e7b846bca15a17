"""Every state of the order's axes × every step over HTTP × every role: the table or nothing (STM-01, STM-02)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from fulfilment.tradeworld import Caller, Shop, Trade, books_add_up, footprint, make_shop
from yantuan.orders.states import AFTERSALE, DELIVERY, PAYMENT
from yantuan.payments.models import OfflineProof

Request = tuple[str, str, Any]

COURIER = ("none", "part_shipped", "shipped", "received")
PICKUP = ("awaiting_pickup", "part_picked", "picked")


def _parcel(number: str, *pieces: dict[str, Any]) -> dict[str, Any]:
    return {"carrier": "YTO", "tracking_no": number, "lines": list(pieces)}


def _shipment(trade: Trade) -> int:
    parcels = trade.row.shipments.filter(withdrawn_at=None).order_by("-id")  # type: ignore[attr-defined]
    first = parcels.first()
    return first.id if first else 1


STEPS: dict[str, tuple[str, Callable[[Trade], Request]]] = {
    "ship_one": (
        "leader",
        lambda t: ("POST", f"/leader/orders/{t.id}/shipments", _parcel("YT0000000000008", t.piece())),
    ),
    "ship_rest": (
        "leader",
        lambda t: ("POST", f"/leader/orders/{t.id}/shipments", _parcel("YT0000000000009")),
    ),
    "withdraw": ("leader", lambda t: ("POST", f"/leader/shipments/{_shipment(t)}/withdraw", None)),
    "receive": ("buyer", lambda t: ("POST", f"/orders/{t.id}/receive", None)),
    "hand_one": ("leader", lambda t: ("POST", f"/leader/orders/{t.id}/pickup", {"lines": [t.piece()]})),
    "hand_rest": ("leader", lambda t: ("POST", f"/leader/orders/{t.id}/pickup", {})),
    "undo": ("leader", lambda t: ("POST", f"/leader/orders/{t.id}/pickup/undo", None)),
}

MOVES = {
    ("none", "ship_one"): ("ship_part", "part_shipped"),
    ("none", "ship_rest"): ("ship_all", "shipped"),
    ("part_shipped", "ship_one"): ("ship_part", "part_shipped"),
    ("part_shipped", "ship_rest"): ("ship_all", "shipped"),
    ("part_shipped", "withdraw"): ("withdraw_all", "none"),
    ("shipped", "withdraw"): ("withdraw_part", "part_shipped"),
    ("shipped", "receive"): ("receive", "received"),
    ("awaiting_pickup", "hand_one"): ("pick_part", "part_picked"),
    ("awaiting_pickup", "hand_rest"): ("pick_all", "picked"),
    ("part_picked", "hand_one"): ("pick_part", "part_picked"),
    ("part_picked", "hand_rest"): ("pick_all", "picked"),
    ("part_picked", "undo"): ("unpick_all", "awaiting_pickup"),
    ("picked", "undo"): ("unpick_part", "part_picked"),
}
"""What a step does to an order of three pieces; the numbers of pieces choose between part and all."""
REPEATS = {("received", "receive")}


@contextmanager
def _undone() -> Iterator[None]:
    """One step from the same order as every other step: what it did adds up, and is taken back."""
    with transaction.atomic():
        yield
        books_add_up()
        transaction.set_rollback(True)


def trade_in(shop: Shop, delivery: str) -> Trade:
    """A paid order of three pieces in this state of delivery; two thirds of the way for the whole ones."""
    trade = shop.order(3, pickup=delivery in PICKUP)
    tail = trade.id % 10**12
    if delivery in ("part_shipped", "shipped", "received"):
        trade.ship(trade.piece(0, 1), number=f"YT0{tail:012d}")
    if delivery in ("shipped", "received"):
        trade.ship(number=f"YT1{tail:012d}")
    if delivery == "received":
        trade.receive()
    if delivery in ("part_picked", "picked"):
        trade.hand_out(trade.piece(0, 1))
    if delivery == "picked":
        trade.hand_out()
    assert trade.row.delivery == delivery
    return trade


def test_the_moves_are_the_table() -> None:
    for (state, _), (event, after) in MOVES.items():
        assert DELIVERY.edges[state][event] == after
    told = {(state, event) for (state, _), (event, _) in MOVES.items()}
    silent = {("none", "await_pickup"), ("part_shipped", "withdraw_part"), ("shipped", "withdraw_all")}
    silent |= {("part_picked", "unpick_part"), ("picked", "unpick_all")}
    assert told | silent == {(state, event) for state in DELIVERY.states for event in DELIVERY.edges[state]}


@pytest.mark.parametrize("delivery", [*COURIER, *PICKUP])
def test_delivery(shop: Shop, delivery: str) -> None:
    other = make_shop().boss
    trade = trade_in(shop, delivery)
    people = {"buyer": trade.buyer, "leader": shop.boss, "other": other}
    for step, (role, request) in STEPS.items():
        asked = request(trade)
        for name, person in people.items():
            if name != role:
                assert person.refused(*asked) == (404, "not_found")
        with _undone():
            _step(people[role], trade, asked, (delivery, step))


def _step(person: Caller, trade: Trade, asked: Request, key: tuple[str, str]) -> None:
    if key in MOVES:
        event, after = MOVES[key]
        assert person.ok(*asked)["delivery"] == trade.row.delivery == after
        assert trade.events("delivery")[-1] == event
    elif key in REPEATS:
        before = footprint()
        person.ok(*asked)
        assert footprint() == before
    else:
        status, _ = person.refused(*asked)
        assert status == (404 if asked[1].startswith("/leader/shipments/1/") else 409)


def _unpaid(shop: Shop, pickup: bool) -> Trade:
    return shop.order(3, pickup=pickup, paid=False)


def _waiting(shop: Shop, pickup: bool) -> Trade:
    trade = _unpaid(shop, pickup)
    trade.buyer.ok("POST", f"/orders/{trade.id}/proof", {"note": "已转账"})
    return trade


def _closed(shop: Shop, pickup: bool) -> Trade:
    trade = _unpaid(shop, pickup)
    trade.buyer.ok("POST", f"/orders/{trade.id}/cancel", {"reason": "不要了"})
    return trade


def _refunded(shop: Shop, pickup: bool, *, part: bool = False) -> Trade:
    trade = shop.order(3, pickup=pickup)
    trade.refund(*([trade.piece()] if part else []))
    return trade


BUILD: dict[str, Callable[[Shop, bool], Trade]] = {
    "unpaid": _unpaid,
    "awaiting_confirmation": _waiting,
    "paid": lambda shop, pickup: shop.order(3, pickup=pickup),
    "partly_refunded": lambda shop, pickup: _refunded(shop, pickup, part=True),
    "refunded": lambda shop, pickup: _refunded(shop, pickup),
    "closed": _closed,
}


@pytest.mark.parametrize("pickup", [False, True])
@pytest.mark.parametrize("payment", ["unpaid", "awaiting_confirmation", "refunded", "closed"])
def test_goods_never_move_without_money(shop: Shop, payment: str, pickup: bool) -> None:
    trade = BUILD[payment](shop, pickup)
    assert trade.row.payment == payment
    for role, request in STEPS.values():
        person = shop.boss if role == "leader" else trade.buyer
        assert person.refused(*request(trade))[0] in (404, 409)
    body = {
        "kind": "refund_only", "reason": "other", "lines": [trade.piece()], "amount_fen": 1,
    }  # fmt: skip
    assert trade.buyer.refused("POST", f"/orders/{trade.id}/aftersales", body)[0] == 409


def _proof(trade: Trade) -> int:
    found = OfflineProof.objects.filter(order_id=trade.id).order_by("-id").first()
    return found.id if found else 1


def _refund_body(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"lines": list(pieces), "include_freight": not pieces, "reason": "缺货", "restock": True}


PAY_STEPS: dict[str, tuple[str, Callable[[Trade], Request]]] = {
    "submit_proof": ("buyer", lambda t: ("POST", f"/orders/{t.id}/proof", {"note": ""})),
    "close": ("buyer", lambda t: ("POST", f"/orders/{t.id}/cancel", {"reason": ""})),
    "pay": ("leader", lambda t: ("POST", f"/leader/proofs/{_proof(t)}/confirm", None)),
    "reject_proof": (
        "leader",
        lambda t: ("POST", f"/leader/proofs/{_proof(t)}/reject", {"reason": "未到账"}),
    ),
    "refund_part": ("leader", lambda t: ("POST", f"/leader/orders/{t.id}/refund", _refund_body(t.piece()))),
    "refund_all": ("leader", lambda t: ("POST", f"/leader/orders/{t.id}/refund", _refund_body())),
}

CANCELS_BY_REFUND = {("paid", "close"), ("partly_refunded", "close")}
"""Cancelling a paid order that hasn't moved gives the money back: the edge is a refund's."""
PAY_REPEATS = {("closed", "close")}
NEEDS_PROOF = ("pay", "reject_proof")


@pytest.mark.parametrize("payment", list(BUILD))
def test_payment(shop: Shop, payment: str) -> None:
    other = make_shop().boss
    trade = BUILD[payment](shop, False)
    people = {"buyer": trade.buyer, "leader": shop.boss, "other": other}
    for step, (role, request) in PAY_STEPS.items():
        asked = request(trade)
        for name, person in people.items():
            if name != role:
                assert person.refused(*asked) == (404, "not_found")
        with _undone():
            _pay_step(people[role], trade, asked, payment, step)


def _pay_step(person: Caller, trade: Trade, asked: Request, payment: str, step: str) -> None:
    if step in NEEDS_PROOF and payment != "awaiting_confirmation":
        assert person.refused(*asked) == (404, "not_found")
    elif (payment, step) in CANCELS_BY_REFUND:
        person.ok(*asked)
        trade.finish_refunds()
        assert trade.row.payment == PAYMENT.edges[payment]["refund_all"]
    elif (payment, step) in PAY_REPEATS:
        before = footprint()
        person.ok(*asked)
        assert footprint() == before
    elif payment == "awaiting_confirmation" and step == "close":
        # The leader may hold the money already; only they can say.
        assert person.refused(*asked) == (409, "proof_pending")
    elif PAYMENT.allows(payment, step):
        person.ok(*asked)
        trade.finish_refunds()
        assert trade.row.payment == PAYMENT.edges[payment][step]
    else:
        assert person.refused(*asked)[0] == 409


def test_the_aftersale_axis_opens_and_settles(shop: Shop) -> None:
    trade = shop.order(3)
    body = {"kind": "refund_only", "reason": "other", "lines": [trade.piece()], "amount_fen": 1}
    seen = [trade.row.aftersale]
    for _ in range(2):
        case = trade.buyer.ok("POST", f"/orders/{trade.id}/aftersales", body)["id"]
        seen.append(trade.row.aftersale)
        trade.buyer.ok("POST", f"/aftersales/{case}/withdraw")
        seen.append(trade.row.aftersale)
    assert seen == ["none", "open", "settled", "open", "settled"]
    assert {AFTERSALE.edges[a][e] for a, e in zip(seen, ["open", "settle"] * 2, strict=False)} == {
        "open",
        "settled",
    }

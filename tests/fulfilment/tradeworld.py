"""A small shop with paid orders (offline, so that no provider is needed) and people who call the API."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from orders.orderworld import World, make_world
from yantuan.catalog.models import StockPool
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.ids import short_code
from yantuan.media.models import Media
from yantuan.orders import actions
from yantuan.orders.drafts import Placed
from yantuan.orders.models import Order, OrderEvent, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader

_keys = itertools.count(1)
NUMBER = "YT1234567890123"


@dataclass
class Caller:
    """A signed-in person at the API."""

    who: Person
    token: str

    def call(self, method: str, target: str, body: Any = None, key: str | None = None) -> HttpResponse:
        return Client().generic(
            method,
            f"/api{target}",
            b"" if body is None else json.dumps(body, default=str).encode(),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {self.token}",
            HTTP_IDEMPOTENCY_KEY=key or f"trade-{next(_keys)}",
        )

    def ok(self, method: str, target: str, body: Any = None, key: str | None = None) -> Any:
        answer = self.call(method, target, body, key)
        assert answer.status_code == 200, (answer.status_code, answer.content.decode())
        return json.loads(answer.content)

    def refused(self, method: str, target: str, body: Any = None) -> tuple[int, str]:
        """Status and code of a refusal; nothing of the trade may have changed by it."""
        before = footprint()
        answer = self.call(method, target, body)
        assert answer.status_code >= 400, answer.content.decode()
        assert footprint() == before
        return answer.status_code, json.loads(answer.content)["code"]


def caller(who: Person) -> Caller:
    return Caller(who, sessions.start(who, "mp", "test"))


def footprint() -> Any:
    """What a refused request must leave as it was."""
    return (
        list(Order.objects.order_by("id").values()),
        list(OrderLine.objects.order_by("id").values()),
        list(StockPool.objects.order_by("id").values()),
        OrderEvent.objects.count(),
    )


@dataclass
class Shop:
    world: World
    boss: Caller

    def order(self, *quantities: int, pickup: bool = False, paid: bool = True, pair: Any = None) -> Trade:
        """Place an order of so many pieces of the first offers; paid unless said otherwise."""
        lines = tuple(zip(self.world.offers, quantities or (1,), strict=False))
        pair = pair or self.world.buyer()
        method = "pickup" if pickup else "courier"
        draft = self.world.draft(pair, lines=lines, delivery_method=method, payment_method="offline")
        outcome = place_orders([draft])[0]
        assert isinstance(outcome, Placed), outcome
        trade = Trade(int(outcome.order.id), caller(pair[0]), self)
        if paid:
            with transaction.atomic():
                actions.mark_paid(trade.id, trade.row.total_fen, SYSTEM)
        return trade


@dataclass
class Trade:
    """One order with its buyer and its leader."""

    id: int
    buyer: Caller
    shop: Shop

    @property
    def row(self) -> Order:
        return Order.objects.get(id=self.id)

    @property
    def axes(self) -> tuple[str, str, str]:
        row = self.row
        return row.payment, row.delivery, row.aftersale

    @property
    def lines(self) -> list[OrderLine]:
        return list(OrderLine.objects.filter(order_id=self.id).order_by("position", "id"))

    def piece(self, place: int = 0, quantity: int = 1) -> dict[str, Any]:
        return {"order_line_id": str(self.lines[place].id), "quantity": quantity}

    def events(self, axis: str) -> list[str]:
        return list(
            OrderEvent.objects.filter(order_id=self.id, axis=axis)
            .order_by("id")
            .values_list("event", flat=True)
        )

    def ship(self, *pieces: dict[str, Any], number: str = NUMBER) -> Any:
        body = {"carrier": "YTO", "tracking_no": number, "lines": list(pieces)}
        return self.shop.boss.ok("POST", f"/leader/orders/{self.id}/shipments", body)

    def hand_out(self, *pieces: dict[str, Any]) -> Any:
        return self.shop.boss.ok("POST", f"/leader/orders/{self.id}/pickup", {"lines": list(pieces)})

    def receive(self) -> Any:
        return self.buyer.ok("POST", f"/orders/{self.id}/receive")

    def refund(self, *pieces: dict[str, Any]) -> None:
        """The leader gives pieces (or everything left) back, and the money is back."""
        body = {"lines": list(pieces), "include_freight": not pieces, "reason": "缺货", "restock": True}
        detail = self.shop.boss.ok("POST", f"/leader/orders/{self.id}/refund", body)
        self.finish_refunds(detail)

    def finish_refunds(self, detail: Any = None) -> None:
        """The leader says that every offline refund was transferred; the events are worked off."""
        waiting = self.row.refunds.exclude(state="succeeded").values_list("id", flat=True)  # type: ignore[attr-defined]
        for refund_id in list(waiting):
            self.shop.boss.ok("POST", f"/leader/refunds/{refund_id}/offline-done")
        outbox.drain()


def make_shop(**options: Any) -> Shop:
    world = make_world(**options)
    return Shop(world, caller(world.leader_person))


def picture(owner: Person, purpose: str = "after_sale") -> Media:
    return Media.objects.create(
        key=short_code(22), owner_id=owner.id, purpose=purpose, private=purpose != "product", mime="image/webp",
        width=8, height=6, size=1, sha256="0" * 64, created_at=now(),
    )  # fmt: skip


CHECKED = (
    "M1",
    "M2",
    "L5",
    "ST1",
    "ST2",
    "ST3",
    "ST4",
    "O1",
    "O2",
    "O3",
    "O4",
    "O5",
    "P1",
    "P4",
    "R1",
    "R2",
)
"""Invariants of money, stock, states and cases that hold after every test, whatever it did.

Not L4: these orders are paid by a stroke of the pen, without the proof that L4 asks for.
"""


def books_add_up() -> None:
    """Every invariant `yantuan check` knows of this part of the shop."""
    reader = Reader(now())
    assert {name: found for name in CHECKED if name in RULES and (found := RULES[name].check(reader))} == {}

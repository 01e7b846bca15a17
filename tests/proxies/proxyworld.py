"""A sale with a pick-up point, a leader who orders for neighbours, and the requests they send."""

from __future__ import annotations

from typing import Any

from django.test import Client

import factories as make
from yantuan.identity import sessions
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.identity.models import Person
from yantuan.orders.models import Order
from yantuan.reports.checks import run_checks


def client_of(person: Person) -> Client:
    client = Client(headers={CLIENT_HEADER: "h5"})
    client.cookies[sessions.COOKIE] = sessions.start(person, "h5")
    return client


class Shop:
    """Two goods at 39.90 and 12.00, handed out at one gate, paid by the leader's own code."""

    def __init__(self) -> None:
        self.leader = make.leader("林小满")
        self.store = make.store(self.leader)
        goods = [
            make.product(self.store, prices=(3990,), title="蓝莓"),
            make.product(self.store, prices=(1200,), title="香蕉"),
        ]
        self.sale = make.group_buy(self.store, goods)
        self.blueberry, self.banana = self.sale.offers.order_by("position")
        self.point_id = self.store.pickup_points.get().id
        self.web = client_of(self.leader)
        self.path = f"/api/leader/group-buys/{self.sale.id}/proxy-orders"

    def wish(self, name: str, blueberries: int = 0, bananas: int = 0, **more: Any) -> dict[str, Any]:
        """What one neighbour wants, priced as it stands there."""
        pairs = ((self.blueberry, blueberries), (self.banana, bananas))
        return {
            "name": name,
            "lines": [{"offer_id": str(offer.id), "quantity": n} for offer, n in pairs if n],
            "expected_total_fen": 3990 * blueberries + 1200 * bananas,
            **more,
        }

    def body(self, *people: dict[str, Any], **more: Any) -> dict[str, Any]:
        return {"pickup_point_id": str(self.point_id), "people": list(people), **more}

    def send(self, *people: dict[str, Any], web: Client | None = None, **more: Any) -> Any:
        return (web or self.web).post(
            self.path, self.body(*people, **more), "application/json", headers={"Idempotency-Key": "k"}
        )

    def agree(self, *people: dict[str, Any], **more: Any) -> list[Any]:
        answer = self.send(*people, **more)
        assert answer.status_code == 200, answer.content
        return list(answer.json())

    def booked(self, name: str, **wanted: Any) -> Any:
        """The one neighbour's answer, placed."""
        [row] = self.agree(self.wish(name, **wanted))
        assert row["problem"] is None, row
        return row

    def post(self, path: str, body: Any = None, web: Client | None = None) -> Any:
        return (web or self.web).post(path, body or {}, "application/json", headers={"Idempotency-Key": "k"})


def order_of(row: Any) -> Order:
    return Order.objects.get(id=int(row["order_id"]))


def token_of(row: Any) -> str:
    return str(row["link"].split("token=")[1])


def healthy() -> bool:
    """The self-check finds nothing: stock, counters, limits, numbers, money and states agree with the orders."""
    rules = ["M1", "M2", "ST1", "ST2", "ST3", "ST4", "ST5", "O1", "O2", "D1", "T1"]
    found = [(one.rule, one.found, one.ids) for one in run_checks(rules).violations]
    assert found == []
    return True

"""The single measurements."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

from bench.load import Figures, request_bytes, run
from bench.service import Service

_TOTALS = """
import json
from django.db.models import Sum
from yantuan.catalog.models import StockPool
from yantuan.groupbuys.models import GroupCounter
from yantuan.orders.models import LimitUse, Order, OrderLine, Participation
pool = StockPool.objects.get(id={pool})
print(json.dumps({{
    "orders": Order.objects.count(), "held": pool.held + pool.sold, "available": pool.available, "total": pool.total,
    "units": OrderLine.objects.aggregate(n=Sum("quantity"))["n"] or 0, "counter": GroupCounter.objects.get().orders,
    "limit_use": LimitUse.objects.aggregate(n=Sum("quantity"))["n"] or 0,
    "numbers": Participation.objects.count(),
    "last_number": GroupCounter.objects.get().last_number,
}}))
"""

_STATEMENTS = """
import json
from contextlib import ExitStack
from django.db import connection
from yantuan.identity.models import Address
from yantuan.kernel.actors import Actor
from yantuan.kernel.ids import new_id
from yantuan.kernel.outbox import _handlers
from yantuan.orders import book
from yantuan.orders.drafts import Draft, DraftLine, Placed
from yantuan.orders.placing import place_orders
addresses = list(Address.objects.order_by("-id")[:200])
def draft(address):
    return Draft(person_id=address.person_id, group_buy_id={group}, lines=(DraftLine({offer}, 1),),
        delivery_method="courier", payment_method="offline", expected_total_fen=3990,
        idempotency_key=str(new_id()), body_hash="a" * 64, actor=Actor("buyer", address.person_id), address_id=address.id)
def statements(size):
    ran = 0
    def watch(execute, sql, params, many, context):
        nonlocal ran
        ran += 1
        return execute(sql, params, many, context)
    engine = type(book.dialect())
    insert = engine.insert
    def counted(self, cursor, table, columns, rows):
        nonlocal ran
        if connection.vendor == "postgresql":
            ran += 1
        return insert(self, cursor, table, columns, rows)
    engine.insert = counted
    with connection.execute_wrapper(watch):
        outcomes = place_orders([draft(a) for a in addresses[:size]])
    engine.insert = insert
    assert all(isinstance(o, Placed) for o in outcomes), outcomes[:1]
    return ran
statements(1)
print(json.dumps({{"handlers": len(_handlers.get("order.placed", ())), **{{str(n): statements(n) for n in (1, 32, 128)}}}}))
"""


def order_requests(service: Service) -> Callable[[], bytes | None]:
    """An endless queue of checkouts: buyers in turn, at most ten each (more unpaid orders are refused)."""
    seed, serial = service.seed, count()
    buyers = seed["buyers"]
    templates: list[bytes] = []

    def make() -> bytes | None:
        number = next(serial)
        if number >= len(buyers) * 9:
            return None
        _, address_id, token = buyers[number % len(buyers)]
        body = templates[0] if templates else _body(seed)
        if not templates:
            templates.append(body)
        return request_bytes(
            "POST", "/api/orders", service.port, body.replace(b"ADDRESS", address_id.encode()),
            Authorization=f"Bearer {token}", Idempotency_Key=f"bench-{number}", Content_Type="application/json",
        )  # fmt: skip

    return make


def _body(seed: dict[str, Any]) -> bytes:
    body = {
        "group_buy_id": seed["group_buy_id"],
        "lines": [{"offer_id": seed["offer_id"], "quantity": 1}],
        "delivery_method": "courier",
        "address_id": "ADDRESS",
        "payment_method": "offline",
        "expected_total_fen": 3990,
    }
    return json.dumps(body).encode()


def place(service: Service, *, clients: int, seconds: float, warm_up: float = 2) -> dict[str, Any]:
    """Checkouts on one hot offer, after which stock, lines, counters and numbers must agree exactly."""
    make = order_requests(service)
    warm = run(service.port, clients, warm_up, make)
    figures = run(service.port, clients, seconds, make)
    totals = check(service, warm, figures)
    return figures.summary() | {"clients": clients, "totals": totals}


def check(service: Service, *runs: Figures) -> dict[str, int]:
    """Raises AssertionError when the books don't agree with each other and with the answers."""
    totals: dict[str, int] = json.loads(service.shell(_TOTALS.format(pool=service.seed["pool_id"])))
    placed = sum(figures.statuses[201] for figures in runs)
    others = {status for figures in runs for status in figures.statuses} - {201}
    assert not others, f"unexpected answers: {others}"
    assert (
        totals["orders"] == totals["units"] == totals["held"] == totals["counter"] == totals["limit_use"]
    ), totals
    assert totals["orders"] == placed, (totals, placed)
    assert totals["numbers"] == totals["last_number"], totals
    assert totals["available"] + totals["held"] == totals["total"], totals
    return totals


def read(service: Service, *, clients: int, seconds: float) -> dict[str, Any]:
    """The public page of a sale."""
    message = request_bytes("GET", f"/api/g/{service.seed['code']}", service.port, Accept_Encoding="gzip")
    run(service.port, clients, 1, lambda: message)
    return run(service.port, clients, seconds, lambda: message).summary() | {"clients": clients}


def statements(service: Service) -> dict[str, int]:
    """SQL statements one batch of 1, 32 and 128 orders needs (without BEGIN and COMMIT)."""
    code = _STATEMENTS.format(group=service.seed["group_buy_id"], offer=service.seed["offer_id"])
    found: dict[str, int] = json.loads(service.shell(code))
    return found

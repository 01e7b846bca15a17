"""What a request may cost: SQL statements and bytes of the answer, per operation, on the fixed town of the matrix.

budget.toml is the promise. A change that needs more fails here and must say so by changing the number in the same commit.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

import factories as make
from matrix.calls import address, owner, send
from matrix.conftest import built
from matrix.sending import SENT
from matrix.town import Caller, Town

pytestmark = pytest.mark.django_db

BUDGET: dict[str, dict[str, int]] = tomllib.loads((Path(__file__).parent / "budget.toml").read_text())
AIR = 1.5
"""Bytes may be this far below their budget (ids and codes vary in length); a wider gap means that the number lies."""
_FRAMES = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")


def statements(call: Callable[[], HttpResponse]) -> tuple[int, HttpResponse]:
    """Statements but those that frame transactions, which tests have more of than the product."""
    with CaptureQueriesContext(connection) as captured:
        answer = call()
    return sum(not query["sql"].startswith(_FRAMES) for query in captured.captured_queries), answer


def content(answer: HttpResponse) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: Any) -> Iterator[Town]:
    with built(django_db_blocker) as made:
        yield made


@pytest.fixture
def undone(town: Town) -> Iterator[Town]:
    """The town, as it was again afterwards."""
    with transaction.atomic():
        yield town
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", sorted(BUDGET))
def test_operation_keeps_its_budget(name: str, undone: Town) -> None:
    allowed = BUDGET[name]
    # What a process learns once (content types, settings) is not what a request costs.
    with transaction.atomic():
        send(undone, name, owner(name, undone), undone.sides["a"])
        transaction.set_rollback(True)
    ran, answer = statements(lambda: send(undone, name, owner(name, undone), undone.sides["a"]))
    assert answer.status_code < 300, (answer.status_code, content(answer)[:300])
    size = len(content(answer))
    assert ran <= allowed["statements"], f"{name}: {ran} statements, {allowed['statements']} allowed"
    assert size <= allowed["bytes"], f"{name}: {size} bytes, {allowed['bytes']} allowed"
    assert allowed["bytes"] <= size * AIR + 200, f"{name}: only {size} bytes; tighten {allowed['bytes']}"


def test_every_hot_operation_has_a_budget() -> None:
    hot = {
        "read_group_buy_page", "read_store_page", "read_joined", "quote_order", "place_order", "pay_order",
        "list_my_orders", "read_my_order", "list_store_orders", "count_store_orders", "read_store_order",
        "read_summary", "read_statement", "ship_order", "refund_order", "cancel_order", "request_export",
    }  # fmt: skip
    assert hot <= set(BUDGET), hot - set(BUDGET)
    assert set(BUDGET) <= set(SENT), set(BUDGET) - set(SENT)


@pytest.mark.parametrize("name", ["list_store_orders", "list_my_orders", "read_joined", "list_my_aftersales"])
def test_a_longer_list_needs_no_more_statements(name: str, undone: Town) -> None:
    caller, side = owner(name, undone), undone.sides["a"]
    path = address(name, side)
    before, answer = statements(lambda: _get(caller, path))
    rows = len(answer.json()["items"])  # type: ignore[attr-defined]
    sale: Any = make.GroupBuy.objects.get(id=side.ids["group_buy_id"])
    for _ in range(5):
        make.aftersale(
            make.received(make.order(sale, make.person("邻居" if name == "read_joined" else ""), quantity=2))
        )
    for _ in range(0 if name == "read_joined" else 5):
        make.aftersale(make.received(make.order(sale, side.buyer, quantity=2)))
    after, answer = statements(lambda: _get(caller, path))
    assert len(answer.json()["items"]) > rows  # type: ignore[attr-defined]
    assert after <= before, (name, before, after)


def _get(caller: Caller, path: str) -> HttpResponse:
    answer: Any = caller.client.get(path)
    assert answer.status_code == 200
    return answer

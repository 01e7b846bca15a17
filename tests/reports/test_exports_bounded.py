"""RAT-05: twenty exports at once by one leader. One is written at a time, and other leaders don't wait for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections

from reports.trade import Trade, open_trade
from yantuan.kernel.db import vendor
from yantuan.kernel.errors import Conflict
from yantuan.kernel.ids import short_code
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.orders.models import Order
from yantuan.reports import exports
from yantuan.reports.models import OrderExport
from yantuan.stores.models import Store


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(exports, "data_folder", lambda: tmp_path)
    yield


def _trade(number_of_stores: int) -> tuple[Trade, list[Store]]:
    """A leader with one order; their other stores list the same orders."""
    trade = open_trade()
    trade.place("one", (0, 1))
    first = Store.objects.get(id=int(trade.shop.store["id"]))
    order = Order.objects.values().get(store_id=first.id)
    stores = [first]
    for _ in range(number_of_stores - 1):
        values = {k: v for k, v in Store.objects.values().get(id=first.id).items() if k != "id"}
        store = Store.objects.create(**values | {"code": short_code()})
        again = {k: v for k, v in order.items() if k != "id"}
        Order.objects.create(**again | {"store_id": store.id, "idempotency_key": f"again-{store.id}"})
        stores.append(store)
    return trade, stores


def _ask(trade: Trade, store: Store) -> str:
    try:
        exports.request(trade.boss, store, group_buy_id=None, tab="all")
    except Conflict as refused:
        return refused.code
    return "queued"


@pytest.mark.django_db
@pytest.mark.urls("stores.shop_urls")
def test_one_after_another_and_nobody_else_waits() -> None:
    mine, stores = _trade(3)
    other, (theirs,) = _trade(1)
    assert [_ask(mine, stores[n % 3]) for n in range(20)] == ["queued"] + ["export_active"] * 19
    assert _ask(other, theirs) == "queued"
    assert OrderExport.objects.count() == 2 == OutboxEvent.objects.filter(topic=exports.TOPIC).count()
    assert AuditEntry.objects.filter(action="export.request").count() == 2
    exports.write(OrderExport.objects.get(store_id=stores[0].id).id)
    assert [_ask(mine, stores[1]), _ask(mine, stores[2])] == ["queued", "export_active"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.urls("stores.shop_urls")
def test_twenty_at_one_instant_are_one() -> None:
    if vendor() != "postgresql":
        pytest.skip("SQLite's in-memory test database has one connection")
    trade, stores = _trade(5)
    gate, answers = threading.Barrier(20), []  # type: ignore[var-annotated]

    def press(store: Store) -> None:
        gate.wait(60)
        try:
            answers.append(_ask(trade, store))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[stores[n % 5]]) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(answers) == ["export_active"] * 19 + ["queued"]
    assert OrderExport.objects.count() == 1

"""A store whose money or stock doesn't agree is stopped, it alone, until an operator has looked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

import factories
from yantuan.catalog.models import StockPool
from yantuan.console import waits
from yantuan.health import alarms
from yantuan.kernel import outbox
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.models import AuditEntry
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.models import OfflineProof
from yantuan.reports import jobs
from yantuan.reports.stopping import STOPPING, release_store
from yantuan.stores.halting import LEADER_WORDS
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db

MINE = "林小满"


class Town:
    """Two stores that sell; the first is the one that goes wrong."""

    def __init__(self) -> None:
        self.sales = []
        for name in (MINE, "周明"):
            store = factories.store(factories.leader(name))
            self.sales.append(factories.group_buy(store, [factories.product(store)]))
        self.order = factories.paid(factories.order(self.sales[0], factories.person()))
        factories.paid(factories.order(self.sales[1], factories.person()))

    @property
    def stores(self) -> list[Store]:
        return [Store.objects.get(id=sale.store_id) for sale in self.sales]

    def halted(self) -> list[bool]:
        return [store.halted_at is not None for store in self.stores]

    def try_order(self, number: int) -> str:
        """The code of the refusal, or nothing."""
        try:
            factories.order(self.sales[number], factories.person())
        except AppError as error:
            return error.code
        return ""


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    return Town()


FAULTS: dict[str, Callable[[Order], Any]] = {
    "M1": lambda o: OrderLine.objects.filter(order=o).update(freight_share_fen=F("freight_share_fen") + 1),
    "M2": lambda o: OrderLine.objects.filter(order=o).update(title="改过"),
    "L4": lambda o: OfflineProof.objects.filter(order=o).update(amount_fen=F("amount_fen") + 1),
    "O2": lambda o: Order.objects.filter(id=o.id).update(paid_at=None),
    "ST2": lambda o: StockPool.objects.filter(id=o.lines.get().pool_id).update(
        available=F("available") - 1, held=F("held") + 1
    ),
}


@pytest.mark.parametrize("rule", FAULTS)
def test_a_fault_of_money_or_stock_stops_that_store_alone(town: Town, rule: str) -> None:
    jobs.run_and_keep()
    assert town.halted() == [False, False]
    FAULTS[rule](town.order)
    run = jobs.run_and_keep()
    assert rule in {v["rule"] for v in run.violations}
    assert town.halted() == [True, False]
    before = Order.objects.count()
    assert (town.try_order(0), Order.objects.count()) == ("store_halted", before)
    assert (town.try_order(1), Order.objects.count()) == ("", before + 1)
    entry = AuditEntry.objects.get(action="store.halt")
    assert (entry.store_id, entry.actor_kind) == (town.stores[0].id, "system")
    assert rule in entry.reason


def test_other_faults_stop_nobody(town: Town) -> None:
    Order.objects.filter(id=town.order.id).update(delivery="shipped")
    run = jobs.run_and_keep()
    assert {"O1", "O3"} <= {v["rule"] for v in run.violations}
    assert town.halted() == [False, False]
    assert "O1" not in STOPPING and "N1" not in STOPPING and "ST2" in STOPPING


def test_release_looks_again_and_may_be_forced_with_a_reason(town: Town) -> None:
    FAULTS["M2"](town.order)
    jobs.run_and_keep()
    store = town.stores[0]
    with pytest.raises(Conflict) as refused:
        release_store(store.id, "已核对", 7)
    assert refused.value.code == "still_wrong"
    assert town.halted() == [True, False] and not AuditEntry.objects.filter(action="store.release").exists()
    release_store(store.id, "标题由运营更正，金额无误", 7, in_spite=True)
    jobs.run_and_keep()
    assert town.halted() == [False, False]
    assert town.try_order(0) == ""
    # Something new is another matter.
    FAULTS["M1"](town.order)
    jobs.run_and_keep()
    assert town.halted() == [True, False]


def test_a_mended_store_is_released_without_force(town: Town) -> None:
    FAULTS["L4"](town.order)
    jobs.run_and_keep()
    OfflineProof.objects.filter(order=town.order).update(amount_fen=F("amount_fen") - 1)
    release_store(town.stores[0].id, "更正了凭证金额", 7)
    assert town.halted() == [False, False]
    entry = AuditEntry.objects.get(action="store.release")
    assert (entry.reason, entry.actor_kind, entry.actor_id) == ("更正了凭证金额", "operator", 7)


def test_leader_and_operator_are_told(town: Town) -> None:
    FAULTS["ST2"](town.order)
    jobs.run_and_keep()
    outbox.drain()
    message = InboxMessage.objects.get(kind="selling")
    assert message.person_id == town.stores[0].leader.person_id
    assert (message.title, message.body) == ("小满的果园：已自动暂停下单和退款", LEADER_WORDS)
    assert f"halted:{town.stores[0].id}" in alarms.evaluate()
    assert waits.halted_stores() == 1


def test_the_console_releases_after_a_fresh_look(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS["M2"](town.order)
    jobs.run_and_keep()
    monkeypatch.setattr(config(), "demo", True)
    desk = Client()
    desk.get("/console/demo/")
    assert "M2" in desk.get(reverse("admin:reports_haltedstore_changelist")).content.decode()
    address = reverse("admin:reports_haltedstore_release", args=[town.stores[0].id])
    assert "仍有 1 处不一致" in desk.post(address, {"reason": "看过了"}).content.decode()
    assert town.halted() == [True, False]
    assert desk.post(address, {"reason": "看过了", "in_spite": "on"}).status_code == 302
    assert town.halted() == [False, False]
    assert desk.get(address).status_code == 403

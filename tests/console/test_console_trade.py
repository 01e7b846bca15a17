"""The console over real trade: every row's page opens, money and states stay, an escalated case is decided."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

import factories
from yantuan.aftersales.models import AfterSale
from yantuan.console import waits
from yantuan.console.urls import console_site
from yantuan.kernel.config import config
from yantuan.kernel.models import AuditEntry
from yantuan.orders.models import Order

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A signed-in operator."""
    monkeypatch.setattr(config(), "demo", True)
    client = Client()
    client.get("/console/demo/")
    return client


@pytest.fixture
def case() -> AfterSale:
    """An escalated after-sale of a received order."""
    owner = factories.leader("林小满")
    store = factories.store(owner)
    sale = factories.group_buy(store, [factories.product(store)])
    order = factories.received(factories.order(sale, factories.person("周明")))
    case = factories.aftersale(order)
    AfterSale.objects.filter(id=case.id).update(state="escalated", escalation="团长不回复")
    case.refresh_from_db()
    return case


def decide(desk: Client, case: AfterSale, amount: str, words: str = "坏果按比例退") -> Any:
    address = reverse("admin:aftersales_aftersale_decide", args=[case.id])
    return desk.post(address, {"amount": amount, "words": words})


def test_every_row_has_a_page(desk: Client, case: AfterSale) -> None:
    opened = set()
    request = RequestFactory().get("/")
    for model, desk_of in console_site._registry.items():
        meta = model._meta
        # A desk of some rows only (stopped stores) has no page for the others.
        row = desk_of.get_queryset(request).first()
        if row is None:
            continue
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
        page = desk.get(address)
        text = page.content.decode()
        assert page.status_code == 200, meta.label
        assert f"{meta.object_name} object" not in text, meta.label
        assert desk.get(reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")).status_code == 200
        opened.add(meta.label_lower)
    assert {
        "orders.order",
        "aftersales.aftersale",
        "catalog.stockpool",
        "stores.store",
        "kernel.auditentry",
    } <= opened


def test_an_order_shows_no_full_personal_data(desk: Client, case: AfterSale) -> None:
    order = Order.objects.get()
    text = desk.get(reverse("admin:orders_order_change", args=[order.id])).content.decode()
    assert order.recipient_name not in text and f"尾号 {order.phone_last4}" in text
    assert order.detail == "" or order.detail not in text
    before = Order.objects.values().get()
    posted = desk.post(
        reverse("admin:orders_order_change", args=[order.id]),
        {"payment": "refunded", "paid_fen": "0", "version": "9"},
    )
    assert posted.status_code == 403
    assert Order.objects.values().get() == before


def test_an_escalated_case_is_decided_once(desk: Client, case: AfterSale) -> None:
    assert waits.aftersales() == 1
    assert "金额格式不对" in decide(desk, case, "abc").content.decode()
    too_much = f"{case.requested_fen // 100 + 1}.00"
    assert "不能超过" in decide(desk, case, too_much).content.decode()
    assert decide(desk, case, "1.00", words="").status_code == 200
    case.refresh_from_db()
    assert (case.state, case.decision) == ("escalated", "")
    assert decide(desk, case, "1.00").status_code == 302
    case.refresh_from_db()
    assert (case.state, case.agreed_fen, case.decision) == ("agreed", 100, "坏果按比例退")
    assert decide(desk, case, "1.00").status_code == 403
    assert waits.aftersales() == 0
    assert AuditEntry.objects.filter(actor_kind="operator", target_id=case.id).count() == 1


def test_the_home_page_counts_today(desk: Client, case: AfterSale) -> None:
    text = desk.get("/console/").content.decode()
    assert "平台介入的售后" in text and "1 单" in text

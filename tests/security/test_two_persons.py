"""An export of many people's data needs two persons: the leader who asks, and an operator who agrees with a fresh code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

import factories as make
from console_login import signed_in_operator
from security.conftest import Browser, Shop, code_of
from yantuan.kernel import outbox
from yantuan.kernel.config import config
from yantuan.kernel.models import AuditEntry
from yantuan.reports import exports
from yantuan.reports.models import OrderExport

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config(), "export_two_person_rows", 1)
    monkeypatch.setattr(exports, "data_folder", lambda: tmp_path)


def ask(shop: Shop, orders: int) -> tuple[Browser, Any]:
    for _ in range(orders):
        make.paid(make.order(shop.sale, make.person()))
    leader = Browser(shop.leader)
    answer = leader.post(f"/api/leader/stores/{shop.store.id}/exports", {"tab": "all"})
    assert answer.status_code == 201
    outbox.drain()
    return leader, json.loads(answer.content)


def download(leader: Browser, export: Any) -> tuple[int, str]:
    return code_of(leader.get(f"/api/leader/exports/{export['id']}/file"))


def act(desk: Client, verb: str, **body: str) -> Any:
    row = OrderExport.objects.get()
    answer = desk.post(reverse(f"admin:reports_orderexport_{verb}", args=[row.id]), body)
    outbox.drain()
    return answer


def test_a_small_export_needs_nobody(shop: Shop) -> None:
    leader, export = ask(shop, 1)
    assert OrderExport.objects.get().state == "done"
    assert download(leader, export) == (200, "")


def test_a_large_one_waits_for_an_operator_with_a_fresh_code(shop: Shop) -> None:
    leader, export = ask(shop, 2)
    assert export["state"] == "waiting_approval"
    assert download(leader, export) == (409, "export_not_ready")
    desk, device = signed_in_operator()
    assert "等待复核的导出" in desk.get("/console/").content.decode()
    assert act(desk, "approve", reason="已电话核实").status_code == 200
    assert act(desk, "approve", reason="已电话核实", code="000000").status_code == 200
    assert OrderExport.objects.get().state == "waiting_approval"
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    code = f"{totp(device.bin_key):06d}"
    assert act(desk, "approve", reason="已电话核实", code=code).status_code == 302
    assert OrderExport.objects.get().state == "done"
    assert download(leader, export) == (200, "")
    note = AuditEntry.objects.get(action="export.approve")
    assert (note.actor_kind, note.reason, note.store_id) == ("operator", "已电话核实", shop.store.id)
    assert act(desk, "approve", reason="再来一次", code=code).status_code == 403


def test_a_refused_one_is_never_written(shop: Shop) -> None:
    leader, export = ask(shop, 2)
    desk, _ = signed_in_operator()
    assert act(desk, "reject", reason="联系不上团长").status_code == 302
    assert OrderExport.objects.get().state == "rejected"
    assert download(leader, export) == (409, "export_not_ready")
    assert AuditEntry.objects.get(action="export.reject").reason == "联系不上团长"


def test_nobody_agrees_to_their_own(shop: Shop) -> None:
    leader, _ = ask(shop, 2)
    row = OrderExport.objects.get()
    for verb in ("approve", "reject"):
        address = reverse(f"admin:reports_orderexport_{verb}", args=[row.id])
        answer = leader.client.post(address, {"reason": "我自己同意", "code": "123456"})
        assert answer.status_code == 302 and "/console/login" in answer["Location"]
    assert OrderExport.objects.get().state == "waiting_approval"

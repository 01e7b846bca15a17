"""What the self-check says of the machine, the schema and the configuration."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import pytest
from django.db import connection

from yantuan.kernel.config import config
from yantuan.kernel.db import vendor
from yantuan.reports.checks import run_checks
from yantuan.reports.rules import house, system


@pytest.mark.django_db
def test_a_full_disk_and_an_old_schema_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(system, "_postgres_settings", lambda read: [])
    monkeypatch.setattr(system.shutil, "disk_usage", lambda path: usage(10**12, 10**12 - 10**9, 10**9))
    assert [v.expected for v in run_checks(["D2"]).violations] == ["数据盘有足够的剩余空间"]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reports'")
    assert "数据库结构与程序版本一致" in [v.expected for v in run_checks(["D2"]).violations]


@pytest.mark.django_db
def test_careless_durability_is_told() -> None:
    """The private test server runs with fsync off; SQLite's defaults here are the product's own."""
    found = run_checks(["D2"])
    names = [v.ids for v in found.violations]
    assert names == (
        [["fsync", "full_page_writes", "synchronous_commit"]] if vendor() == "postgresql" else []
    )


@pytest.mark.django_db
def test_a_configuration_unfit_for_money_is_told(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    assert run_checks(["CF1"]).violations == []
    cfg = config().model_copy(update={"wechatpay_mchid": "1900000001", "wechatpay_apiv3_key": "short"})
    monkeypatch.setattr(house, "config", lambda: cfg)
    settings.DEBUG = True
    ids = [v.ids for v in run_checks(["CF1"]).violations]
    assert ids == [
        [
            "DEBUG",
            "YANTUAN_WECHATPAY_APIV3_KEY",
            "YANTUAN_WECHATPAY_MERCHANT_KEY_PATH",
            "YANTUAN_WECHATPAY_PUBLIC_KEY_PATH",
        ]
    ]

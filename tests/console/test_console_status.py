"""状态: one page that tells whether everything runs, and says loudly when it doesn't."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from yantuan.health import alarms, status
from yantuan.kernel import held
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.models import OutboxEvent, TimedRun
from yantuan.kernel.schedule import HEARTBEAT

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A signed-in operator of an instance whose worker lives."""
    monkeypatch.setattr(config(), "demo", True)
    TimedRun.objects.create(name=HEARTBEAT, next_at=now(), started_at=now())
    status.forget()
    client = Client()
    client.get("/console/demo/")
    return client


def _read(desk: Client, address: str = "/console/status/") -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_all_groups_are_there_and_all_is_calm(desk: Client) -> None:
    text = _read(desk)
    for word in (
        "后台进程",
        "账目自检",
        "数据盘",
        "待办事件",
        "支付通知",
        "核对过的备份",
        "连续副本",
        "雁团",
    ):
        assert word in text
    assert "desk-bad" not in text and "desk-alarm" not in text


def test_an_alarm_stands_on_the_page_the_home_page_and_in_the_corner(desk: Client) -> None:
    at = now() - timedelta(hours=1)
    OutboxEvent.objects.create(topic="t", available_at=at, created_at=at)
    assert alarms.evaluate() == ["queue:outbox"]
    for address in ("/console/status/", "/console/"):
        text = _read(desk, address)
        assert "1 项需要处理" in text
        assert "待办事件积压 1 件，最早的已等 60 分钟" in text
        assert "1 项告警" in text
    assert "1 项告警" in _read(desk, "/console/orders/order/")


def test_a_restored_copy_says_so(desk: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(held, "mark_path", lambda folder=None: tmp_path / held.MARK)
    held.hold({"source": "a.tar.gz", "made_at": "2026-05-12T04:00:00+00:00"})
    text = _read(desk)
    assert "这是一份恢复出来的副本，已暂停对外工作" in text
    assert "2026-05-12T04:00" in text
    assert "恢复副本，已暂停" in _read(desk, "/console/")


def test_nobody_else_sees_it() -> None:
    answer = Client().get("/console/status/")
    assert answer.status_code == 302
    assert "/console/login/" in answer["Location"]

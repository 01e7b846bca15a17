"""Alarms: one message per episode, by every channel; a silent worker is noticed by the web."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from yantuan.gateways.errors import GatewayUnavailable
from yantuan.health import alarms, backups, queues, status
from yantuan.health.jobs import backup_due
from yantuan.health.models import Alarm
from yantuan.kernel import held, metrics
from yantuan.kernel.clock import CHINA, frozen, now
from yantuan.kernel.config import config
from yantuan.kernel.models import OutboxEvent, TimedRun
from yantuan.kernel.schedule import HEARTBEAT
from yantuan.notices import sending
from yantuan.reports.models import CheckRun

pytestmark = pytest.mark.django_db


class Post:
    """Stands for the mail server."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.down = False

    def send(self, to: str, subject: str, text: str, **_: Any) -> str:
        if self.down:
            raise GatewayUnavailable("email", "ConnectionRefusedError")
        self.sent.append((to, text))
        return ""


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """An operator who reads mail, on an instance where all is well."""
    made = Post()
    monkeypatch.setattr(sending, "mail", lambda: made)
    monkeypatch.setattr(config(), "operator_email", "op@example.com")
    monkeypatch.setattr(config(), "smtp_host", "127.0.0.1")
    monkeypatch.setattr(alarms, "_forged_before", None)
    beat()
    status.forget()
    yield made
    status.forget()


def beat() -> None:
    TimedRun.objects.update_or_create(name=HEARTBEAT, defaults={"next_at": now(), "started_at": now()})


def overdue(seconds: float) -> OutboxEvent:
    at = now() - timedelta(seconds=seconds)
    return OutboxEvent.objects.create(topic="t", available_at=at, created_at=at)


def test_all_is_well(post: Post) -> None:
    assert alarms.evaluate() == []
    assert (post.sent, alarms.open_alarms()) == ([], [])


def test_one_message_per_episode(post: Post) -> None:
    event = overdue(200)
    for _ in range(3):
        assert alarms.evaluate() == ["queue:outbox"]
    ((to, text),) = post.sent
    assert to == "op@example.com"
    assert "待办事件积压 1 件" in text and "/console/status/" in text
    event.delete()
    assert alarms.evaluate() == []
    assert alarms.open_alarms() == []
    overdue(200)
    assert alarms.evaluate() == ["queue:outbox"]
    assert len(post.sent) == 2


def test_young_work_is_no_alarm(post: Post) -> None:
    overdue(30)
    assert alarms.evaluate() == []


def test_a_message_that_did_not_go_out_is_tried_again(post: Post) -> None:
    overdue(200)
    post.down = True
    alarms.evaluate()
    assert (post.sent, Alarm.objects.get().told_at) == ([], None)
    post.down = False
    alarms.evaluate()
    alarms.evaluate()
    assert len(post.sent) == 1


def test_a_silent_worker_is_told_with_the_oldest_work_within_two_minutes(post: Post) -> None:
    start = now()
    overdue(0)
    with frozen(start + timedelta(seconds=config().heartbeat_seconds - 1)):
        assert "worker" not in alarms.evaluate()
    with frozen(start + timedelta(seconds=config().heartbeat_seconds + alarms.WATCH_SECONDS)):
        assert alarms.evaluate() == ["queue:outbox", "worker"]
    assert config().heartbeat_seconds + alarms.WATCH_SECONDS <= 120
    said = "\n".join(text for _, text in post.sent)
    assert "没有活动" in said and "最早的已等" in said


def test_violations_and_old_checks(post: Post) -> None:
    CheckRun.objects.create(started_at=now(), seconds_ms=1, violations=[{"rule": "M1"}])
    assert alarms.evaluate() == ["check"]
    CheckRun.objects.create(started_at=now(), seconds_ms=1)
    assert alarms.evaluate() == []
    with frozen(now() + timedelta(hours=4)):
        beat()
        assert alarms.evaluate() == ["check_late"]


def test_forged_notices_in_a_burst(post: Post) -> None:
    assert alarms.evaluate() == []
    metrics.count("notices_refused", by=5)
    assert alarms.evaluate() == []
    metrics.count("notices_refused", by=alarms.FORGED_PER_LOOK)
    assert alarms.evaluate() == ["forged"]


def test_backups(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "backup_dir", "/backups")
    good: backups.Told = {
        "file": "a",
        "at": now().isoformat(),
        "bytes": 1,
        "verified": now().isoformat(),
        "problem": "",
    }
    monkeypatch.setattr(backups, "last", lambda: {"last": good, "verified": good})
    assert alarms.evaluate() == []
    bad = good | {"problem": "备份文件已损坏"}
    monkeypatch.setattr(backups, "last", lambda: {"last": bad, "verified": good})
    assert alarms.evaluate() == ["backup"]
    assert "备份文件已损坏" in post.sent[-1][1]
    monkeypatch.setattr(backups, "last", lambda: {"last": good, "verified": good})
    with frozen(now() + timedelta(hours=27)):
        beat()
        assert "backup_late" in alarms.evaluate()


def test_a_restored_copy_tells_nobody(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "is_held", lambda: True)
    overdue(9999)
    assert alarms.evaluate() == []
    TimedRun.objects.filter(name=HEARTBEAT).delete()
    assert alarms.evaluate() == ["worker"]
    assert post.sent == []


def test_every_queue_can_be_asked(post: Post) -> None:
    found = queues.look()
    assert [w.queue.name for w in found] == [q.name for q in queues.QUEUES]
    assert all((w.depth, w.age) == (0, None) for w in found)


def test_the_daily_backup_is_due_once_a_day() -> None:
    at = now().astimezone(CHINA).replace(hour=12, minute=0)
    four = at.replace(hour=4)
    assert backup_due(None, at, 4)
    assert backup_due(four - timedelta(minutes=1), at, 4)
    assert not backup_due(four + timedelta(minutes=1), at, 4)
    assert not backup_due(four + timedelta(minutes=1), at + timedelta(hours=15), 4)
    assert backup_due(four + timedelta(minutes=1), at + timedelta(hours=17), 4)

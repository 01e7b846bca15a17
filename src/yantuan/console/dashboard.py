"""The console's first page: what waits, whether the machinery runs, and today in figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Sum
from django.http import HttpRequest
from django.urls import reverse

from yantuan.console import waits
from yantuan.health import alarms
from yantuan.kernel import held
from yantuan.kernel.clock import CHINA, china_text, now
from yantuan.kernel.config import config
from yantuan.kernel.ids import EPOCH_MS
from yantuan.kernel.models import OutboxEvent, TimedRun
from yantuan.kernel.money import price_text
from yantuan.leaders.models import Leader
from yantuan.orders.models import Order
from yantuan.reports.models import CheckRun

_HEARTBEAT_LATE = timedelta(minutes=5)
_QUEUE_LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class Sign:
    """One thing about the machinery: `tone` is good, wait or bad."""

    title: str
    text: str
    tone: str
    address: str


def _ago(moment: datetime) -> str:
    seconds = max(0, int((now() - moment).total_seconds()))
    if seconds < 60:
        return f"{seconds} 秒前"
    if seconds < 3600:
        return f"{seconds // 60} 分钟前"
    return china_text(moment)


def _worker() -> Sign:
    address = reverse("admin:kernel_timedrun_changelist")
    last = TimedRun.objects.aggregate(last=Max("started_at"))["last"]
    if last is None:
        return Sign("后台进程", "还没有运行过", "bad", address)
    late = now() - last > _HEARTBEAT_LATE
    return Sign("后台进程", f"最近活动：{_ago(last)}", "bad" if late else "good", address)


def _queue() -> Sign:
    address = reverse("admin:kernel_outboxevent_changelist") + "?state=pending"
    due = OutboxEvent.objects.filter(state="pending", available_at__lte=now())
    oldest = due.order_by("available_at").values_list("available_at", flat=True).first()
    if oldest is None:
        return Sign("待办事件", "全部处理完", "good", address)
    late = now() - oldest > _QUEUE_LATE
    return Sign("待办事件", f"{due.count()} 件到期，最早 {_ago(oldest)}", "bad" if late else "wait", address)


def _check() -> Sign:
    address = reverse("admin:reports_checkrun_changelist")
    last = CheckRun.objects.order_by("-id").first()
    if last is None:
        return Sign("账目自检", "还没有跑过", "wait", address)
    if last.violations:
        return Sign(
            "账目自检", f"{_ago(last.started_at)}发现 {len(last.violations)} 处不一致", "bad", address
        )
    return Sign("账目自检", f"{_ago(last.started_at)}：全部一致", "good", address)


def _today() -> list[tuple[str, str]]:
    start = now().astimezone(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
    # Ids sort by time, so the primary key finds today's rows without a scan of all orders.
    first_id = (int(start.timestamp() * 1000) - EPOCH_MS) << 22
    todays = Order.objects.filter(id__gte=max(1, first_id))
    placed = todays.aggregate(count=Count("id"))["count"]
    paid = todays.filter(paid_fen__gt=0).aggregate(
        count=Count("id"), sum=Sum("paid_fen"), back=Sum("refunded_fen")
    )
    return [
        ("今日下单", f"{placed} 单"),
        ("其中已付", f"{paid['count']} 单"),
        ("收款", price_text(paid["sum"] or 0)),
        ("已退", price_text(paid["back"] or 0)),
        ("在售团长", f"{Leader.objects.filter(certification='approved', suspended_at=None).count()} 位"),
    ]


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The template's values; called by the admin theme."""
    cards = [
        {
            "wait": wait,
            "address": reverse(f"admin:{wait.table}_changelist") + (f"?{wait.query}" if wait.query else ""),
        }
        for wait in waits.everything()
    ]
    return context | {
        "title": "总览",
        "cards": cards,
        "signs": [_worker(), _queue(), _check()],
        "today": _today(),
        "alarms": [(a.text, china_text(a.since)) for a in alarms.open_alarms()],
        "restored": held.facts() if held.is_held() else None,
    }


def environment(request: HttpRequest) -> list[str] | None:
    """A word in the corner of every page: what is urgent first, then that this is a demo."""
    if held.is_held():
        return ["恢复副本，已暂停", "warning"]
    if count := len(alarms.open_alarms()):
        return [f"{count} 项告警", "danger"]
    return ["演示", "warning"] if config().demo else None

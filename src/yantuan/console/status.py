"""状态: whether everything runs, in one page."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Any

import django
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse

from yantuan import __version__
from yantuan.health import alarms, backups
from yantuan.health.alarms import span
from yantuan.health.status import Status, status
from yantuan.kernel import held
from yantuan.kernel.clock import china_text
from yantuan.kernel.config import config

_LOW_DISK_PERCENT = 10


@dataclass(frozen=True)
class Line:
    """One line of the page; `tone` is good, wait, bad or plain."""

    title: str
    text: str
    tone: str = "plain"
    address: str = ""


def page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Drawn from a look that is at most five seconds old."""
    state = status()
    groups = [
        ("运行", _running(state)),
        ("排队的工作", _queues(state)),
        ("备份与副本", _keeping(state)),
        ("版本", _versions()),
    ]
    more = {
        "title": "状态",
        "at": china_text(state.at),
        "alarms": [(a.text, china_text(a.since)) for a in alarms.open_alarms()],
        "restored": held.facts() if state.held else None,
        "groups": groups,
    }
    return TemplateResponse(request, "console/status.html", context | more)


def _running(state: Status) -> list[Line]:
    cfg = config()
    timed = reverse("admin:kernel_timedrun_changelist")
    checks = reverse("admin:reports_checkrun_changelist")
    if state.worker_age is None:
        worker = Line("后台进程", "从未运行", "bad", timed)
    else:
        late = state.worker_age > cfg.heartbeat_seconds
        worker = Line("后台进程", f"{span(state.worker_age)}前有活动", "bad" if late else "good", timed)
    if state.check_age is None:
        check = Line("账目自检", "还没有运行过", "wait", checks)
    elif state.check_violations:
        check = Line(
            "账目自检", f"{span(state.check_age)}前发现 {state.check_violations} 处不一致", "bad", checks
        )
    else:
        late = state.check_age > alarms.CHECK_LATE_SECONDS
        check = Line(
            "账目自检",
            f"{span(state.check_age)}前全部一致，用时 {state.check_ms} 毫秒",
            "wait" if late else "good",
            checks,
        )
    lines = [Line("网页服务", "正在运行", "good"), worker, check, _disk(state)]
    if state.connections is not None:
        lines.append(Line("数据库连接", f"{state.connections} 个"))
    return lines


def _disk(state: Status) -> Line:
    free = state.disk_free / 1024**3
    share = state.disk_free * 100 // max(1, state.disk_total)
    short = state.disk_free < config().disk_min_mb * 1024**2
    tone = "bad" if short else "wait" if share < _LOW_DISK_PERCENT and free < 2 else "good"
    return Line("数据盘", f"剩余 {free:.1f} GB（{share}%）", tone)


def _queues(state: Status) -> list[Line]:
    lines = []
    for waiting in state.waiting:
        query = f"?{waiting.queue.query}" if waiting.queue.query else ""
        address = reverse(f"admin:{waiting.queue.table}_changelist") + query
        if waiting.age is None:
            lines.append(Line(waiting.queue.title, "没有", "good", address))
        else:
            text = f"{waiting.depth} 件，最早的已等 {span(waiting.age)}"
            lines.append(Line(waiting.queue.title, text, "bad" if waiting.late else "wait", address))
    return lines


def _keeping(state: Status) -> list[Line]:
    cfg = config()
    told = backups.last().get("verified")
    if state.backup_age is not None and told:
        size = f"{told.get('bytes', 0) / 1_000_000:.1f} MB"
        late = state.backup_age > alarms.BACKUP_LATE_SECONDS
        lines = [Line("核对过的备份", f"{span(state.backup_age)}前，{size}", "wait" if late else "good")]
        if findings := told.get("findings"):
            rules = "、".join(f"{rule} ×{count}" for rule, count in sorted(findings.items()))
            lines.append(Line("备份里的自检提示", f"{rules}（不影响金额和库存，见 docs/checks.md）"))
    else:
        lines = [Line("核对过的备份", "还没有", "wait")]
    if state.backup_problem:
        lines.append(Line("最近一次备份", state.backup_problem, "bad"))
    daily = (
        f"每天 {cfg.backup_hour} 点，{'加密' if cfg.backup_key_file else '未加密'}"
        if cfg.backup_dir
        else "没有设置（YANTUAN_BACKUP_DIR）"
    )
    lines.append(Line("自动备份", daily, "good" if cfg.backup_dir else "wait"))
    if cfg.database_url:
        lines.append(Line("连续副本", "PostgreSQL 请用它自带的复制"))
    elif not cfg.copy_to:
        lines.append(Line("连续副本", "没有设置（YANTUAN_COPY_TO）"))
    elif state.copy_lag is None:
        lines.append(Line("连续副本", "还没有开始", "bad"))
    else:
        late = state.copy_lag > alarms.COPY_LATE_SECONDS
        lines.append(Line("连续副本", f"落后 {span(state.copy_lag)}", "bad" if late else "good"))
    return lines


def _versions() -> list[Line]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT version()" if connection.vendor == "postgresql" else "SELECT sqlite_version()")
        engine = str(cursor.fetchone()[0])
    name = " ".join(engine.split()[:2]) if connection.vendor == "postgresql" else f"SQLite {engine}"
    return [
        Line("雁团", __version__),
        Line("数据库", name),
        Line("Python", f"{platform.python_version()}，Django {django.__version__}"),
    ]

"""The state of the instance in one look: what probes, the status page, the metrics and the alarms all read."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection
from django.db.models import Count

from yantuan.health import backups, queues
from yantuan.health.copies import lag_seconds
from yantuan.kernel import held
from yantuan.kernel.clock import now
from yantuan.kernel.config import config, data_folder
from yantuan.kernel.models import TimedRun
from yantuan.kernel.schedule import HEARTBEAT
from yantuan.kernel.schema import schema_state
from yantuan.orders.models import Order
from yantuan.reports.models import CheckRun

KEEP_SECONDS = 5.0
KEEP_COUNTS_SECONDS = 60.0
"""Counting orders by state reads an index over all of them."""


@dataclass(frozen=True)
class Status:
    """Ages in seconds; None: never, or not in use."""

    at: datetime
    waiting: list[queues.Waiting]
    worker_age: float | None
    check_age: float | None
    check_violations: int
    check_ms: int
    backup_age: float | None
    """Of the newest backup that was restored and checked."""
    backup_problem: str
    copy_lag: float | None
    disk_free: int
    disk_total: int
    connections: int | None
    """PostgreSQL: connections to this database, by anybody."""
    held: bool


@dataclass(frozen=True)
class Readiness:
    """`problems` keep the instance from serving; `warnings` don't."""

    problems: list[str]
    warnings: list[str]


_lock = threading.Lock()
_kept: tuple[float, Status] | None = None
_kept_counts: tuple[float, dict[str, int]] | None = None


def status(fresh: bool = False) -> Status:
    """The state now, or at most five seconds ago. Raises DatabaseError."""
    global _kept
    with _lock:
        if fresh or _kept is None or time.monotonic() - _kept[0] > KEEP_SECONDS:
            _kept = (time.monotonic(), _look())
        return _kept[1]


def forget() -> None:
    """Look anew next time (tests)."""
    global _kept, _kept_counts
    _kept = _kept_counts = None


def _look() -> Status:
    moment = now()
    check = CheckRun.objects.order_by("-id").first()
    told = backups.last()
    cfg = config()
    disk = shutil.disk_usage(data_folder())
    return Status(
        at=moment,
        waiting=queues.look(moment),
        worker_age=worker_age(moment),
        check_age=(moment - check.started_at).total_seconds() if check else None,
        check_violations=len(check.violations) if check else 0,
        check_ms=check.seconds_ms if check else 0,
        backup_age=backups.age_seconds(told.get("verified")),
        backup_problem=told.get("last", {}).get("problem", ""),
        copy_lag=lag_seconds(data_folder()) if cfg.copy_to and not cfg.database_url else None,
        disk_free=disk.free,
        disk_total=disk.total,
        connections=_connections(),
        held=held.is_held(),
    )


def worker_age(moment: datetime | None = None) -> float | None:
    """Seconds since any worker was last alive; None: never."""
    beat = TimedRun.objects.filter(name=HEARTBEAT).values_list("started_at", flat=True).first()
    return None if beat is None else ((moment or now()) - beat).total_seconds()


def _connections() -> int | None:
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def orders_by_payment() -> dict[str, int]:
    """Orders by the payment axis; at most a minute old."""
    global _kept_counts
    with _lock:
        if _kept_counts is None or time.monotonic() - _kept_counts[0] > KEEP_COUNTS_SECONDS:
            rows = Order.objects.order_by().values_list("payment").annotate(count=Count("id"))
            _kept_counts = (time.monotonic(), dict(rows))
        return _kept_counts[1]


def readiness(intake_running: bool | None = None) -> Readiness:
    """What stands in the way of serving. `intake_running`: whether this process books orders, None where it never does."""
    problems, warnings = [], []
    try:
        if not schema_state().fits:
            problems.append("schema")
        age = worker_age()
        if age is None or age > config().heartbeat_seconds:
            warnings.append("worker")
    except DatabaseError:
        problems.append("database")
    if shutil.disk_usage(data_folder()).free < config().disk_min_mb * 1024 * 1024:
        problems.append("disk")
    if intake_running is False:
        problems.append("intake")
    if held.is_held():
        warnings.append("restored")
    return Readiness(problems, warnings)

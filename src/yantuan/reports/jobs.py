"""The hourly self-check, and the writing and clearing away of order exports."""

from __future__ import annotations

from typing import Any

from yantuan.kernel.outbox import on
from yantuan.kernel.schedule import every
from yantuan.reports import exports
from yantuan.reports.checks import keep, run_checks
from yantuan.reports.models import CheckRun
from yantuan.reports.stopping import stop_stores


def run_and_keep() -> CheckRun:
    """A full run, kept for the console; stores whose money or stock doesn't agree are stopped."""
    report = run_checks()
    stop_stores(report)
    return keep(report)


@every(3600)
def check_hourly() -> None:
    """Look at every invariant and keep what was found for the console."""
    run_and_keep()


@on(exports.TOPIC)
def write_export(payload: dict[str, Any]) -> None:
    """Write the sheet somebody asked for."""
    exports.write(int(payload["export_id"]))


@every(600)
def expire_exports() -> None:
    """Delete sheets after a day."""
    exports.expire()

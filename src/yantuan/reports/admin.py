"""The operator's view of self-checks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.reports.exports_admin import OrderExportAdmin as OrderExportAdmin
from yantuan.reports.halted_admin import HaltedStoreAdmin as HaltedStoreAdmin
from yantuan.reports.models import CheckRun


def _result(row: CheckRun) -> Any:
    if row.violations:
        return desk.label(f"{len(row.violations)} 处不一致", "bad")
    return desk.label("全部一致", "good")


@admin.register(CheckRun)
class CheckRunAdmin(desk.DeskAdmin):
    columns = (
        desk.column("started_at", "时间"),
        desk.column("result", "结果", _result),
        desk.column("seconds_ms", "用时", lambda row: f"{row.seconds_ms} 毫秒"),
    )
    details = (*columns, desk.pretty("violations", "不一致之处"))

    def name_of(self, row: CheckRun) -> str:
        return "自检记录"

"""The operator's view of self-checks."""

from __future__ import annotations

from django.contrib import admin

from yantuan.kernel import desk
from yantuan.reports.models import CheckRun


def _result(row: CheckRun) -> tuple[str, str]:
    return ("bad", f"{len(row.violations)} 处不一致") if row.violations else ("good", "全部一致")


def _result_column() -> object:
    cell = desk.column("result", "结果", _result)
    cell.label = {"good": "success", "bad": "danger"}
    return cell


@admin.register(CheckRun)
class CheckRunAdmin(desk.DeskAdmin):
    columns = (
        desk.column("started_at", "时间"),
        _result_column(),
        desk.column("seconds_ms", "用时", lambda row: f"{row.seconds_ms} 毫秒"),
    )
    details = (*columns, desk.pretty("violations", "不一致之处"))

    def name_of(self, row: CheckRun) -> str:
        return "自检记录"

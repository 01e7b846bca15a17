"""The `yantuan check` command."""

from __future__ import annotations

import json as json_lib
import re
import sys
from datetime import datetime, timedelta

from django.db import DatabaseError

from yantuan.kernel.clock import CHINA, china_text, now
from yantuan.kernel.errors import AppError, Invalid
from yantuan.reports.checks import CheckReport, run_checks

_AGO = re.compile(r"(\d{1,5})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment_of(text: str) -> datetime:
    """`2h`, `30m`, `3d` ago, or an ISO time (Beijing when it names no zone). Raises Invalid `since_unreadable`."""
    if found := _AGO.fullmatch(text.strip()):
        return now() - timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(
            "since_unreadable",
            f"看不懂这个时间：{text}；可以写 30m、2h、3d，或 2026-11-22T08:00",
            f"Not a time: {text}. Write 30m, 2h, 3d or an ISO time.",
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=CHINA)


def check_command(
    json: bool, rules: list[str] | None, since: str | None = None, store_id: int | None = None
) -> int:
    """Print what the self-check found; 0 clean, 1 violations, 2 could not check (also for an unknown rule or time).

    `since`: only orders touched since then (`moment_of`); `store_id`: only this store.
    """
    try:
        report = run_checks(rules or None, since=moment_of(since) if since else None, store_id=store_id)
    except AppError as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
        return 2
    except DatabaseError as error:
        sys.stderr.write(f"数据库不可用：{error}\n")
        return 2
    text = json_lib.dumps(report.as_dict(), ensure_ascii=False, indent=2) if json else _text(report)
    sys.stdout.write(text + "\n")
    return report.exit_code


def _text(report: CheckReport) -> str:
    lines = [
        f"{china_text(report.started_at)} 检查了 {len(report.rules)} 条规则，用时 {report.seconds_ms} 毫秒"
    ]
    for v in report.violations:
        lines += [
            f"✗ {v.rule} [{v.severity}] {v.meaning}",
            f"  编号：{'、'.join(v.ids)}",
            f"  应为：{v.expected}",
            f"  实际：{v.found}",
            f"  建议：{v.suggestion}",
        ]
    lines += [f"? {rule} 无法检查：{why}" for rule, why in report.unchecked.items()]
    if report.exit_code == 0:
        lines.append("✓ 一切正常")
    return "\n".join(lines)

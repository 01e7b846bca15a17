"""The `yantuan check` command."""

from __future__ import annotations

import json as json_lib
import sys

from django.db import DatabaseError

from yantuan.kernel.clock import china_text
from yantuan.kernel.errors import AppError
from yantuan.reports.checks import CheckReport, run_checks


def check_command(json: bool, rules: list[str] | None) -> int:
    """Print what the self-check found; 0 clean, 1 violations, 2 could not check (also for an unknown rule)."""
    try:
        report = run_checks(rules or None)
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

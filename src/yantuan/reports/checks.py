"""`yantuan check`: look at every invariant in one read-only snapshot. It tells; it never mends."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction

from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid
from yantuan.reports.models import CheckRun
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Finding, Reader, Rule, Severity

logger = logging.getLogger(__name__)

KEEP_RUNS = timedelta(days=30)
TIMEOUT_MS = 60_000
"""Longest any one rule may take on PostgreSQL."""


@dataclass(frozen=True)
class Violation:
    """A finding with the rule it breaks."""

    rule: str
    severity: Severity
    meaning: str
    ids: list[str]
    expected: str
    found: str
    suggestion: str


@dataclass
class CheckReport:
    """One run: which rules were looked at, what they found, and which could not be checked (rule → why)."""

    started_at: datetime
    seconds_ms: int = 0
    rules: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    unchecked: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 clean, 1 violations, 2 something could not be checked."""
        if self.unchecked:
            return 2
        return 1 if self.violations else 0

    def as_dict(self) -> dict[str, Any]:
        """JSON-able form for `--json` and the console."""
        return {
            "started_at": self.started_at.isoformat(),
            "seconds_ms": self.seconds_ms,
            "rules": self.rules,
            "violations": [asdict(v) for v in self.violations],
            "unchecked": self.unchecked,
        }


def run_checks(rules: Collection[str] | None = None) -> CheckReport:
    """Check all rules, or the named ones, against one snapshot. Raises Invalid `rule_unknown`."""
    chosen = _chosen(rules)
    report = CheckReport(started_at=now(), rules=[r.id for r in chosen])
    began = time.monotonic()
    with _snapshot():
        reader = Reader(report.started_at)
        for one in chosen:
            _check(one, reader, report)
    report.seconds_ms = round((time.monotonic() - began) * 1000)
    return report


def _chosen(rules: Collection[str] | None) -> list[Rule]:
    unknown = sorted(set(rules or ()) - RULES.keys())
    if unknown:
        raise Invalid(
            "rule_unknown",
            f"没有这条规则：{'、'.join(unknown)}",
            f"No such rule: {', '.join(unknown)}.",
            known=list(RULES),
        )
    return [r for r in RULES.values() if not rules or r.id in rules]


@contextmanager
def _snapshot() -> Iterator[None]:
    """Every rule sees the same instant, and nobody has to wait for us.

    Inside a transaction the caller's own view is the snapshot. SQLite's BEGIN is written by hand, because Django's
    would take the write lock at once.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute(f"SET LOCAL statement_timeout = {TIMEOUT_MS}")
            yield
    else:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _check(one: Rule, reader: Reader, report: CheckReport) -> None:
    try:
        if connection.in_atomic_block:
            # A savepoint, so that one failing rule leaves the others their transaction.
            with transaction.atomic():
                found = one.check(reader)
        else:
            found = one.check(reader)
    except (DatabaseError, OSError) as error:
        logger.exception("rule %s could not be checked", one.id)
        report.unchecked[one.id] = f"{type(error).__name__}: {error}"[:300]
    else:
        report.violations += [_violation(one, f) for f in found]


def _violation(one: Rule, found: Finding) -> Violation:
    return Violation(
        one.id, one.severity, one.meaning, found.ids, found.expected, found.found, found.suggestion
    )


def run_and_keep() -> CheckRun:
    """A full run, kept for the console; runs older than thirty days go."""
    report = run_checks()
    kept = [asdict(v) for v in report.violations]
    kept += [
        {"rule": rule, "severity": "S1", "meaning": RULES[rule].meaning, "ids": [], "expected": "可以检查", "found": why, "suggestion": "查看服务日志"}
        for rule, why in report.unchecked.items()
    ]  # fmt: skip
    if kept:
        logger.error("self-check found %d problems: %s", len(kept), sorted({str(v["rule"]) for v in kept}))
    CheckRun.objects.filter(started_at__lt=report.started_at - KEEP_RUNS).delete()
    return CheckRun.objects.create(
        started_at=report.started_at, seconds_ms=report.seconds_ms, violations=kept
    )

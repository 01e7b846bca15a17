"""`yantuan check`: look at every invariant in one read-only snapshot. It tells; it never mends."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, connection, transaction

from yantuan.kernel.clock import now
from yantuan.kernel.errors import Invalid
from yantuan.reports.models import CheckRun
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Finding, Kind, Reader, Rule, Scope, Severity
from yantuan.reports.snapshot import snapshot, within_time

logger = logging.getLogger(__name__)

KEEP_RUNS = timedelta(days=30)


@dataclass(frozen=True)
class Violation:
    """A finding with the rule it breaks. `stores`: whom it is reason enough to stop, with the offending ids of each."""

    rule: str
    severity: Severity
    kind: Kind
    meaning: str
    ids: list[str]
    expected: str
    found: str
    suggestion: str
    stores: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class CheckReport:
    """One run: which rules were looked at and how long each took, what they found, and which could not be checked
    (rule → why)."""

    started_at: datetime
    seconds_ms: int = 0
    rules: list[str] = field(default_factory=list)
    took_ms: dict[str, int] = field(default_factory=dict)
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
            "took_ms": self.took_ms,
            "violations": [asdict(v) for v in self.violations],
            "unchecked": self.unchecked,
        }


def run_checks(
    rules: Collection[str] | None = None, *, since: datetime | None = None, store_id: int | None = None
) -> CheckReport:
    """Check all rules, or the named ones, against one snapshot. Raises Invalid `rule_unknown`.

    `since`: only orders touched since then; counters aren't compared with the sums of all their rows. `store_id`: only
    this store; rules about the instance as a whole are left out.
    """
    scope = Scope(since, store_id)
    chosen = [r for r in _chosen(rules) if store_id is None or not r.house]
    report = CheckReport(started_at=now(), rules=[r.id for r in chosen])
    began = time.monotonic()
    with snapshot(scope):
        reader = Reader(report.started_at, scope)
        for one in chosen:
            start = time.monotonic()
            _check(one, reader, report)
            report.took_ms[one.id] = round((time.monotonic() - start) * 1000)
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


def _check(one: Rule, reader: Reader, report: CheckReport) -> None:
    try:
        if connection.in_atomic_block:
            # A savepoint, so that one failing rule leaves the others their transaction.
            with transaction.atomic(), within_time():
                found = one.check(reader)
        else:
            with within_time():
                found = one.check(reader)
    except (DatabaseError, OSError) as error:
        logger.exception("rule %s could not be checked", one.id)
        report.unchecked[one.id] = f"{type(error).__name__}: {error}"[:300]
    else:
        report.violations += [_violation(one, f) for f in found]


def _violation(one: Rule, found: Finding) -> Violation:
    stores = {str(store): ids for store, ids in found.owners.items()} if one.kind else {}
    return Violation(
        one.id,
        one.severity,
        one.kind,
        one.meaning,
        found.ids,
        found.expected,
        found.found,
        found.suggestion,
        stores,
    )


def keep(report: CheckReport) -> CheckRun:
    """Keep a full run for the console; runs older than thirty days go."""
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

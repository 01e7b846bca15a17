"""From a finding to the stop: which stores a run of the self-check stops, and how an operator lets them go on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from yantuan.kernel.errors import Conflict
from yantuan.reports.checks import CheckReport, Violation, run_checks
from yantuan.reports.rules import RULES
from yantuan.stores import halting
from yantuan.stores.models import Store

STOPPING = [rule.id for rule in RULES.values() if rule.kind]
"""Rules about money and stock: the only ones that stop a store."""


def findings_of(violations: Iterable[Violation]) -> dict[int, list[str]]:
    """Store → what speaks against it, as `rule:id`."""
    found: dict[int, list[str]] = defaultdict(list)
    for violation in violations:
        for store_id, ids in violation.stores.items():
            found[int(store_id)] += [f"{violation.rule}:{one}" for one in ids]
    return dict(found)


def stop_stores(report: CheckReport) -> list[int]:
    """Stop every store whose money or stock doesn't agree; answers those that were running until now."""
    stopped = []
    for store_id, findings in sorted(findings_of(report.violations).items()):
        mine = [v for v in report.violations if str(store_id) in v.stores]
        told = "；".join(f"{v.rule} {v.meaning}：{'、'.join(v.stores[str(store_id)][:3])}" for v in mine)
        if halting.halt(store_id, findings, told):
            stopped.append(store_id)
    return stopped


def release_store(store_id: int, reason: str, operator_id: int, *, in_spite: bool = False) -> Store:
    """Let a halted store go on, after a fresh look at it.

    Raises Conflict `still_wrong` when its money or stock still doesn't agree, unless the operator decides so in spite of
    it; what is known then doesn't stop the store again.
    """
    report = run_checks(STOPPING, store_id=store_id)
    findings = findings_of(report.violations).get(store_id, [])
    if not in_spite and (findings or report.unchecked):
        rules = sorted({one.split(":")[0] for one in findings} | set(report.unchecked))
        raise Conflict(
            "still_wrong",
            f"刚刚复查，仍有 {len(findings)} 处不一致（{'、'.join(rules)}）；先更正，或勾选「仍要恢复」并写明理由",
            "The store's books still don't agree.",
            findings=findings,
        )
    return halting.release(store_id, reason, operator_id, findings)

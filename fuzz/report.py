"""fuzz/REPORT.md: what was sent and what came back."""

from __future__ import annotations

import platform
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import schemathesis

from fuzz.runs import CHECKS, Result

_HEAD = """# Fuzz

`make fuzz` (`python -m fuzz --seed {seed}` repeats this run; order of requests and ids drawn repeat, times do not).

{date} · Python {python} · schemathesis {version} · {seconds} s · checks: {checks}

**{requests} requests, {errors} answered 5xx, {findings} findings, `yantuan check` exit {check}, {traces} tracebacks in the log.**

| caller | requests | operations | answered 2xx | 2xx | 3xx | 4xx | 429 | 5xx | findings | slowest s |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def _sum(status: dict[str, int], first: str) -> int:
    return sum(n for code, n in status.items() if code.startswith(first))


def _row(result: Result) -> str:
    status = result.status
    slowest = f"{result.slowest[0][0]:.2f}" if result.slowest else ""
    cells = [
        result.role, result.requests, result.operations, len(result.answered), _sum(status, "2"), _sum(status, "3"), _sum(status, "4"),
        status.get("429", 0), _sum(status, "5"), len(result.findings), slowest,
    ]  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def write_report(
    path: Path, seed: int, results: list[Result], check: int, traces: int, seconds: float
) -> None:
    """Write the page."""
    total: Counter[str] = Counter()
    for result in results:
        total.update(result.status)
    head = _HEAD.format(
        seed=seed,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        python=platform.python_version(),
        version=schemathesis.__version__,
        seconds=round(seconds),
        checks=", ".join(CHECKS),
        requests=sum(total.values()),
        errors=_sum(dict(total), "5"),
        findings=sum(len(r.findings) for r in results),
        check=check,
        traces=traces,
    )
    lines = [_row(result) for result in results]
    named = [f"- {r.role}: {finding}" for r in results for finding in r.findings]
    tail = ["", "## Findings", "", *named] if named else []
    path.write_text(head + "\n".join([*lines, *tail]) + "\n")

"""The page a soak leaves behind."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
from pathlib import Path

import psutil

from soak.run import Outcome

ROOT = Path(__file__).resolve().parent.parent


def replay(outcome: Outcome) -> str:
    """The command that runs the same again."""
    database = "" if outcome.database == "PostgreSQL" else " --db sqlite"
    return f"YANTUAN_SOAK_SEED={outcome.seed} YANTUAN_SOAK_THINK={outcome.think} python -m soak{database}"


def text(outcome: Outcome) -> str:
    """Markdown."""
    figures, survived = outcome.figures, len(outcome.reached)
    commit = (
        os.environ.get("YANTUAN_SOAK_COMMIT")
        or subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout.strip()
    )
    loads = " / ".join(f"{load:.1f}" for load in os.getloadavg())
    bad = sum(len(found) for found in outcome.violations.values())
    base = outcome.baseline["answers_per_s"] or 1
    after = statistics.median([w.recovered_per_s / base for w in outcome.windows] or [0])
    lines = [
        "# Soak report",
        "",
        f"{outcome.began_at}, {outcome.database}, seed {outcome.seed}, commit {commit or 'unknown'}, {outcome.seconds:.0f} s on"
        f" {psutil.cpu_count()} cores ({platform.machine()}, Python {platform.python_version()}; load average at the end {loads}). Again: `{replay(outcome)}`.",
        "",
        f"**{survived} fault kinds of {survived + len(outcome.not_reached)}, {figures['orders']} orders placed, {figures['paid_orders']} paid"
        f" (¥{figures['paid_fen'] // 100:,}), {figures['refunds']} refunds (¥{figures['refunded_fen'] // 100:,}),"
        f" {bad} violations.**",
        "",
        f"Before the faults {outcome.baseline['answers_per_s']} answers/s; placing p50 {outcome.baseline['place_p50_ms']} ms, p99"
        f" {outcome.baseline['place_p99_ms']} ms. Over the whole run, faults included: p50 {figures['place_p50_ms']} ms, p99"
        f" {figures['place_p99_ms']} ms. {figures['extra_payments_given_back']} late or double payments given back, {figures['notices']}"
        f" notices taken, {figures.get('bill_rows', 0)} lines of the provider's bill compared, {figures['restarts']} restarts by the supervisor (the first start took {figures['cold_start_s']} s); all work done {figures['quiet_after_s']} s after the last buyer."
        f" In the peace after a fault {after:.0%} of the answers/s of before (median); at most {figures['events_waiting_at_most']} events waited,"
        f" {figures['events']} were done.",
        "",
        "| fault | asked | answered | ready again after | answers/s then |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {w.name} | {w.asked} | {w.answered} | {w.ready_s} s | {w.recovered_per_s} |"
            for w in outcome.windows
        ),
        "",
    ]
    if outcome.not_reached:
        lines += [f"Not reached in the time: {', '.join(outcome.not_reached)}.", ""]
    lines += [f"- {name}: {note}" for name, note in sorted(outcome.notes.items())]
    lines += ["", "## What was checked", "", "| rule | found |", "|---|---|"]
    lines += [
        f"| {rule} | {'nothing' if not found else len(found)} |"
        for rule, found in sorted(outcome.violations.items())
    ]
    lines += [""]
    for rule, found in sorted(outcome.violations.items()):
        if found:
            lines += [f"### {rule}", "", *(f"- {one[:600]}" for one in found[:30]), ""]
    return "\n".join(lines)

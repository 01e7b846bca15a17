"""bench/results.json for programs and bench/REPORT.md for people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_report(found: dict[str, Any], folder: Path) -> None:
    """Write both files."""
    (folder / "results.json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    (folder / "REPORT.md").write_text(_report(found))


def _row(name: str, figures: dict[str, Any]) -> str:
    return f"| {name} | {figures['per_second']:,.0f} | {figures['p50_ms']} | {figures['p99_ms']} |"


def _report(found: dict[str, Any]) -> str:
    embedded, machine = found["embedded"], found["machine"]
    statements = found["statements"]
    return "\n".join(
        [
            "# Bench report",
            "",
            f"`python -m bench all` on {machine['cpus']} CPU cores, Python {machine['python']}; load generator, web",
            "process and database share these cores. PostgreSQL with fsync and synchronous_commit on. One sale, one hot",
            f"offer, {found['place']['clients']} buyers at a time, every answer after the commit. Absolute numbers belong to",
            "the machine and its other load; the ratio is what counts.",
            "",
            "| what | per second | p50 ms | p99 ms |",
            "|---|---|---|---|",
            _row("limit: pgbench, same statements, one order per transaction", found["limit"]),
            _row("place: checkouts over HTTP, PostgreSQL", found["place"]),
            _row("place: checkouts over HTTP, embedded SQLite", embedded["place"]),
            _row("read: public page over HTTP, PostgreSQL", found["read"]),
            _row("read: public page over HTTP, embedded SQLite", embedded["read"]),
            "",
            f"**Placing over HTTP reaches {found['ratio']:.2f} × what the database gives one order per transaction.**",
            "",
            f"- SQL statements per batch: {statements['1']} for 1 order, {statements['32']} for 32, {statements['128']} for 128",
            f"  ({statements['128'] / 128:.2f} per order).",
            "- After each run: units sold = units in lines = per-person counters = live orders = answers 201; the pool adds up;",
            "  跟团号 without gaps; no answer other than 201.",
            f"- Embedded service (supervisor, web and worker together): cold start to the first page {embedded['cold_start_s']} s;",
            f"  memory idle {embedded['idle_mib']['rss']} MiB RSS ({embedded['idle_mib']['pss']} PSS), after the load",
            f"  {embedded['busy_mib']['rss']} MiB RSS ({embedded['busy_mib']['pss']} PSS). RSS counts shared pages in each process.",
            "",
        ]
    )

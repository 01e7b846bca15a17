"""`python -m bench limit|place|read|embedded|all`: everything is started, measured, checked and removed again."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from bench import runs  # noqa: E402
from bench.limit import database_limit  # noqa: E402
from bench.report import write_report  # noqa: E402
from bench.service import service  # noqa: E402
from pgserver import DURABLE, postgres  # noqa: E402

CLIENTS = 64


def _on_postgres(what: str, seconds: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with postgres(DURABLE) as url, service(url) as running:
        found["postgres_cold_start_s"] = running.cold_start_s
        if what in ("place", "all"):
            found["place"] = runs.place(running, clients=CLIENTS, seconds=seconds)
            found["postgres_service_mib"] = running.rss_mib()
        if what in ("read", "all"):
            found["read"] = runs.read(running, clients=CLIENTS, seconds=seconds)
        found["statements"] = runs.statements(running)
        handlers = found["statements"].pop("handlers")
        if what in ("limit", "all"):
            found["limit"] = database_limit(
                url, running.seed, clients=CLIENTS, seconds=seconds, handlers=handlers
            )
    return found


def _embedded(seconds: int) -> dict[str, Any]:
    with service() as running:
        first = {"cold_start_s": running.cold_start_s, "idle_mib": running.rss_mib()}
        placed = runs.place(running, clients=CLIENTS, seconds=seconds)
        return first | {
            "place": placed,
            "read": runs.read(running, clients=CLIENTS, seconds=seconds),
            "busy_mib": running.rss_mib(),
        }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("what", choices=["limit", "place", "read", "embedded", "all"])
    parser.add_argument("--seconds", type=int, default=8)
    options = parser.parse_args()
    found: dict[str, Any] = {"machine": {"cpus": os.cpu_count(), "python": platform.python_version()}}
    if options.what != "embedded":
        found |= _on_postgres(options.what, options.seconds)
    if options.what in ("embedded", "all"):
        found["embedded"] = _embedded(options.seconds)
    if "limit" in found and "place" in found:
        found["ratio"] = round(found["place"]["per_second"] / found["limit"]["per_second"], 2)
    print(json.dumps(found, indent=2, ensure_ascii=False))
    if options.what == "all":
        write_report(found, ROOT / "bench")


if __name__ == "__main__":
    main()

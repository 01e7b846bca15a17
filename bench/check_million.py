"""How long `yantuan check` takes on a long past: `python -m bench.check_million [orders]`, on SQLite and PostgreSQL.

Prints seconds per rule as JSON, for the whole run and for one of the last two hours.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

# Found only on the path set above.
from pgserver import DURABLE, postgres  # noqa: E402


def measure_check(environment: Mapping[str, str]) -> dict[str, Any]:
    """Check the instance `environment` names (as of `bench.service`), wholly and since two hours ago.

    Answers `seconds`, `cpu_seconds` (of the asking process: on SQLite all there is), `recent_seconds`, `rules_ms` and
    `violations` (ids of broken rules; none in a seeded instance).
    """
    whole, seconds, cpu = _check(environment)
    recent, _, _ = _check(environment, "--since", "2h")
    return {
        "seconds": round(whole["seconds_ms"] / 1000, 1),
        "wall_seconds": seconds,
        "cpu_seconds": cpu,
        "recent_seconds": round(recent["seconds_ms"] / 1000, 1),
        "rules_ms": dict(sorted(whole["took_ms"].items(), key=lambda pair: -pair[1])),
        "violations": sorted({v["rule"] for v in whole["violations"] + recent["violations"]}),
        "unchecked": whole["unchecked"] | recent["unchecked"],
    }


def _check(environment: Mapping[str, str], *options: str) -> tuple[dict[str, Any], float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "yantuan", "check", "--json", *options]
    answer = subprocess.run(
        command, env=dict(environment), cwd=ROOT, capture_output=True, text=True, check=False
    )
    after, seconds = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - began
    if not answer.stdout.startswith("{"):
        raise RuntimeError(answer.stderr[-2000:])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report: dict[str, Any] = json.loads(answer.stdout)
    return report, round(seconds, 1), round(cpu, 1)


def on_a_past_of(orders: int, database_url: str = "") -> dict[str, Any]:
    """Fill an instance of its own with `orders` orders, then measure."""
    with tempfile.TemporaryDirectory(prefix="yantuan-check-") as folder:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
        environment = clean | {
            "YANTUAN_DATA": folder, "YANTUAN_DATABASE_URL": database_url, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "YANTUAN_SECRET_KEY": "bench-only-secret-that-is-long-enough-0123456789",
            "DJANGO_SETTINGS_MODULE": "yantuan.settings",
        }  # fmt: skip
        began = time.perf_counter()
        fill = [sys.executable, "-m", "bench.orders_seed", str(orders)]
        subprocess.run(fill, env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        filled = round(time.perf_counter() - began, 1)
        return {"orders": orders, "fill_seconds": filled} | measure_check(environment)


def main(orders: int) -> None:
    print(json.dumps({"sqlite": on_a_past_of(orders)}, indent=2), flush=True)
    with postgres(DURABLE) as url:
        print(json.dumps({"postgres": on_a_past_of(orders, url)}, indent=2))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

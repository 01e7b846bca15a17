"""Where and with what a run was made."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pgserver import binaries


def described(seconds: float, rounds: int) -> dict[str, Any]:
    """Date, machine, versions and the length of the run."""
    postgres = subprocess.run(
        [binaries() / "postgres", "--version"], check=True, capture_output=True, text=True
    )
    return {
        "date": datetime.now(tz=UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "django": version("django"),
        "granian": version("granian"),
        "postgres": postgres.stdout.split()[2],
        "sqlite": sqlite3.sqlite_version,
        "seconds": seconds,
        "rounds": rounds,
    }


def _cpu() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine()
    )

"""The service under measure: a process of its own on a free port, with a data folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Service:
    """A running service with its seed."""

    port: int
    seed: dict[str, Any]
    environment: dict[str, str]
    cold_start_s: float
    pid: int

    def rss_mib(self) -> dict[str, float]:
        """Memory of the whole service: supervisor, web and worker. `rss` counts shared pages in each, `pss` once."""
        main = psutil.Process(self.pid)
        infos = [p.memory_full_info() for p in [main, *main.children(recursive=True)]]
        return {
            "rss": round(sum(info.rss for info in infos) / 2**20, 1),
            "pss": round(sum(getattr(info, "pss", info.rss) for info in infos) / 2**20, 1),
        }

    def wait_for_worker(self) -> None:
        """The worker starts after the web answers; wait until all three processes are there and settled."""
        for _ in range(200):
            if len(psutil.Process(self.pid).children(recursive=True)) >= 2:
                time.sleep(5)
                return
            time.sleep(0.1)
        raise RuntimeError("the worker did not start")

    def shell(self, code: str) -> str:
        """Run Python with the product's settings beside the service; answers its standard output."""
        prelude = "import django; django.setup()\n"
        return subprocess.run(
            [sys.executable, "-c", prelude + code],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(data: Path, database_url: str, port: int) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    return clean | {
        "YANTUAN_DATA": str(data),
        "YANTUAN_DATABASE_URL": database_url,
        "YANTUAN_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "YANTUAN_SECRET_KEY": "bench-only-secret-that-is-long-enough-0123456789",
        "DJANGO_SETTINGS_MODULE": "yantuan.settings",
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }


@contextmanager
def service(
    database_url: str = "", *, buyers: int = 6000, units: int = 10_000_000, workers: int = 1
) -> Iterator[Service]:
    """Seed and start; without a URL on SQLite. Everything is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="yantuan-bench-"))
    port = free_port()
    environment = _environment(folder / "data", database_url, port)
    (folder / "data").mkdir()
    process: subprocess.Popen[bytes] | None = None
    try:
        seeded = subprocess.run(
            [sys.executable, "-m", "bench.seed", str(buyers), str(units)],
            env=environment, check=True, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
        seed = json.loads(seeded.stdout)
        command = [sys.executable, "-m", "yantuan", "up", "--port", str(port), "--workers", str(workers)]
        page = f"http://127.0.0.1:{port}/api/g/{seed['code']}"
        # The first start prepares the data folder; the second one is what people wait for after a restart.
        for _ in range(2):
            _stop(process)
            began = time.perf_counter()
            process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
            _wait(page, process)
            cold_start_s = round(time.perf_counter() - began, 2)
        running = Service(port, seed, environment, cold_start_s, process.pid)
        running.wait_for_worker()
        yield running
    finally:
        _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _stop(process: subprocess.Popen[bytes] | None) -> None:
    if process is not None:
        process.terminate()
        process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError("the service ended while starting")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError("the service did not start")

"""The service under measure: processes of its own on a free port, with a data folder of its own."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.stage import Copy
from ports import free_port

ROOT = Path(__file__).resolve().parent.parent
Cpu = dict[str, float]


@dataclass
class Service:
    """A running service."""

    port: int
    copy: Copy
    environment: dict[str, str]
    pid: int

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Its processes by part: `web` (with the supervisor), `worker`, and `database` where that is a server."""
        main = psutil.Process(self.pid)
        parts: dict[str, list[psutil.Process]] = {"web": [main], "worker": []}
        for child in main.children(recursive=True):
            words = _words(child)
            parts["worker" if "worker" in words else "web"].append(child)
        if self.copy.postmaster:
            server = psutil.Process(self.copy.postmaster)
            parts["database"] = [server, *server.children(recursive=True)]
        return parts

    def cpu(self) -> Cpu:
        """CPU seconds used so far by part; those of processes already gone are in their parents' sums."""
        found: Cpu = {}
        for part, processes in self.processes().items():
            found[part] = sum(_used(process, reaped=i == 0) for i, process in enumerate(processes))
        return found

    def rss_mib(self) -> dict[str, float]:
        """Memory of the whole service: supervisor, web and worker. `rss` counts shared pages in each, `pss` once."""
        parts = self.processes()
        infos = [p.memory_full_info() for p in [*parts["web"], *parts["worker"]]]
        return {
            "rss": round(sum(info.rss for info in infos) / 2**20, 1),
            "pss": round(sum(getattr(info, "pss", info.rss) for info in infos) / 2**20, 1),
        }

    def wait_for_worker(self, settle: float = 2) -> None:
        """The worker starts after the web answers; wait until it is there and has done its first round."""
        for _ in range(300):
            if self.processes()["worker"]:
                time.sleep(settle)
                return
            time.sleep(0.1)
        raise RuntimeError("the worker did not start")


def _words(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


def _used(process: psutil.Process, *, reaped: bool) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0
    return times.user + times.system + ((times.children_user + times.children_system) if reaped else 0)


@contextmanager
def service(
    copy: Copy, *, workers: int = 1, port: int = 0, settle: float = 2, **settings: str
) -> Iterator[Service]:
    """The product on this copy, serving, its worker running. `settings` are names without YANTUAN_."""
    port = port or free_port()
    environment = copy.environment(public_url=f"http://127.0.0.1:{port}", **settings)
    with started(environment, port, workers=workers) as process:
        running = Service(port, copy, environment, process.pid)
        running.wait_for_worker(settle)
        yield running


@contextmanager
def started(environment: dict[str, str], port: int, *, workers: int = 1) -> Iterator[subprocess.Popen[bytes]]:
    """`yantuan up` until it serves; stopped afterwards."""
    command = [sys.executable, "-m", "yantuan", "up", "--port", str(port), "--workers", str(workers)]
    log = Path(environment["YANTUAN_DATA"]) / "service.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=sink)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            yield process
        except BaseException:
            sys.stderr.write(log.read_text(errors="replace")[-3000:])
            raise
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end and wait for it."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the address answers. Raises RuntimeError when the process ends or three minutes pass."""
    for _ in range(3600):
        if process.poll() is not None:
            raise RuntimeError("the service ended while starting")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError("the service did not start")

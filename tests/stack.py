"""The whole product as its users meet it: web, worker and simulator as processes on free ports, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

import migrated
from ports import free_ports

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Stack:
    """Where the running product answers."""

    app: str
    simulator: str
    data: Path
    log: Path
    environment: dict[str, str]

    def check(self) -> subprocess.CompletedProcess[str]:
        """Run `yantuan check --json` on this instance."""
        command = [sys.executable, "-m", "yantuan", "check", "--json"]
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False, timeout=120
        )


@contextmanager
def running_stack(
    *, database_url: str = "", workers: int = 1, from_nothing: bool = False, **settings: str
) -> Iterator[Stack]:
    """Start `yantuan up --demo`, wait until it serves, stop it and remove its folder.

    On SQLite it finds a database that was migrated before, unless it is to begin `from_nothing` as a user's first start does.
    """
    folder = Path(tempfile.mkdtemp(prefix="yantuan-stack-"))
    if not database_url and not from_nothing:
        (folder / "data").mkdir()
        shutil.copyfile(migrated.sqlite_file(), folder / "data" / "yantuan.sqlite3")
    port, simulator_port = free_ports(2)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    environment |= {
        "YANTUAN_DATA": str(folder / "data"),
        "YANTUAN_SECRET_KEY": "stack-only-secret-that-is-long-enough-0123456789",
        "PYTHONPATH": str(ROOT / "src"),
        **{f"YANTUAN_{name.upper()}": value for name, value in settings.items()},
    }
    if database_url:
        environment["YANTUAN_DATABASE_URL"] = database_url
    command = [sys.executable, "-m", "yantuan", "up", "--demo", "--port", str(port)]
    command += ["--simulator-port", str(simulator_port), "--workers", str(workers)]
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink, start_new_session=True)
    try:
        _wait(process, f"http://127.0.0.1:{port}/readyz", log)
        _wait(process, f"http://127.0.0.1:{simulator_port}/", log)
        environment |= {"YANTUAN_DEMO": "1", "YANTUAN_PUBLIC_URL": f"http://127.0.0.1:{port}"}
        app, simulator = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator_port}"
        yield Stack(app, simulator, folder / "data", log, environment)
    finally:
        _stop(process)
        _tell_trouble(log)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    with httpx.Client(timeout=2, trust_env=False) as knocking:
        while time.monotonic() < end:
            if process.poll() is not None:
                raise RuntimeError(f"the product ended with {process.returncode}:\n{log.read_text()[-4000:]}")
            try:
                if knocking.get(url).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer:\n{log.read_text()[-4000:]}")


def _tell_trouble(log: Path) -> None:
    """A child that died or an unexpected failure is named on the terminal: the log goes with the folder."""
    lines = log.read_text(errors="replace").splitlines()
    if any("Traceback" in line or "starting it again" in line for line in lines):
        sys.__stderr__.write("\n".join(["", "the product's log ends:", *lines[-40:], ""]))


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.test import override_settings
from payworld import Simulator, World, make_world

from ports import free_port
from yantuan.kernel import clock
from yantuan.kernel.config import config
from yantuan.payments import gateway
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader
from yantuan.simulator.credentials import ensure_credentials


def _free_pair() -> int:
    """A free port whose neighbour (for mail) is free too."""
    for _ in range(50):
        port = free_port()
        try:
            with httpx.Client(trust_env=False, timeout=0.2) as probe:
                probe.get(f"http://127.0.0.1:{port + 1}/")
        except httpx.HTTPError:
            return port
    raise RuntimeError("no pair of free ports")


def _started(folder: Path, port: int) -> subprocess.Popen[bytes] | None:
    """The simulator at the port, once it answers; None when somebody else took the port or its neighbour first."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("YANTUAN_")}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2] / "src")
    with (folder / "log").open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "yantuan.simulator", str(folder / "sim"), "127.0.0.1", str(port)],
            env=environment, stdout=sink, stderr=sink, start_new_session=True,
        )  # fmt: skip
    for _ in range(600):
        taken = "address already in use" in (folder / "log").read_text()
        if taken or process.poll() is not None:
            _ended(process)
            return None
        try:
            url = f"http://127.0.0.1:{port}/_sim/config"
            if httpx.get(url, timeout=2, trust_env=False).status_code == 200:
                return process
        except httpx.HTTPError:
            time.sleep(0.1)
    _ended(process)
    raise RuntimeError((folder / "log").read_text()[-3000:])


def _ended(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def _simulator_process() -> Iterator[tuple[str, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="yantuan-pay-sim-"))
    process = None
    try:
        for _ in range(5):
            port = _free_pair()
            if process := _started(folder, port):
                break
        else:
            raise RuntimeError((folder / "log").read_text()[-3000:])
        yield f"http://127.0.0.1:{port}", folder / "sim"
    finally:
        if process is not None:
            _ended(process)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sim(_simulator_process: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The simulator, empty, holding its notices back; this process configured to use it."""
    url, folder = _simulator_process
    credentials = ensure_credentials(folder)
    for name, value in credentials.product_env(url, "http://127.0.0.1:8123").items():
        monkeypatch.setenv(name, value)
    config.cache_clear()
    gateway.reset()
    simulator = Simulator(url)
    simulator.reset()
    with override_settings(ALLOWED_HOSTS=["*"]):
        yield simulator
    gateway.reset()
    config.cache_clear()


CHECKED = (
    "M1",
    "M2",
    "L4",
    "L5",
    "ST1",
    "ST2",
    "ST3",
    "ST4",
    "O1",
    "O2",
    "O4",
    "P1",
    "P4",
    "R1",
    "PS1",
    "PS3",
)
"""Invariants of money, stock and states that hold after every test, whatever it did."""


@pytest.fixture(autouse=True)
def _the_books_add_up(request: pytest.FixtureRequest) -> Iterator[None]:
    if not {"db", "transactional_db"} & set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    yield
    reader = Reader(clock.now())
    assert {rule: found for rule in CHECKED if (found := RULES[rule].check(reader))} == {}


@pytest.fixture
def world(db: None, sim: Simulator) -> World:
    return make_world()

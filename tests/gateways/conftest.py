"""One simulator per run, reset for every test that asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gateways.sim_process import Simulator, wait_until_up
from ports import free_port
from yantuan.gateways.wechatpay import WeChatPayClient
from yantuan.simulator.credentials import ensure_credentials


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("simulator")
    credentials = ensure_credentials(folder)
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    source = str(Path(__file__).parents[2] / "src")
    running = subprocess.Popen(
        [sys.executable, "-m", "yantuan.simulator", str(folder), "127.0.0.1", str(port)],
        env=os.environ | {"PYTHONPATH": source},
    )
    try:
        with httpx.Client(base_url=base, trust_env=False) as control:
            wait_until_up(control, running)
            yield Simulator(base, credentials, port + 1, control)
    finally:
        running.terminate()
        running.wait(20)


@pytest.fixture
def sim(simulator_process: Simulator) -> Simulator:
    simulator_process.control.delete("/_sim/faults")
    simulator_process.post("/reset")
    simulator_process.post("/config", notice_mode="hold", refund_seconds=0, bills_at_once=True)
    return simulator_process


@pytest.fixture
def pay(sim: Simulator) -> Iterator[WeChatPayClient]:
    client = sim.pay_client()
    yield client
    client.shutdown()


@pytest.fixture
def sub_mchid(sim: Simulator) -> str:
    """A sub-merchant that has granted the demo's partner everything."""
    return str(sim.post("/sub_merchants", name="杭州阿禾果业有限公司")["sub_mchid"])


@pytest.fixture
def partner(sim: Simulator, sub_mchid: str) -> Iterator[WeChatPayClient]:
    """The demo's partner speaking for `sub_mchid`; its shares are done at once."""
    sim.post("/config", share_seconds=0, share_wait_seconds=0)
    client = sim.partner_client(sub_mchid)
    yield client
    client.shutdown()

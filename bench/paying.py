"""Money: signed notices by the thousand, and whole lifecycles (order, prepay, payment, notice, paid) with the simulator."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psycopg

from bench.load import Figures, request_bytes, run
from bench.place import Checkouts
from bench.service import Service, service, stop, wait_for
from bench.stage import Copy, Stage, run_module
from ports import free_port
from yantuan.simulator.credentials import ensure_credentials

ROOT = Path(__file__).resolve().parent.parent
NOTICES = 2_000
LIFECYCLE_CLIENTS = 16


def provider(copy: Copy, simulator_url: str, port: int) -> dict[str, str]:
    """The product's settings for this simulator, by their short names."""
    made = ensure_credentials(copy.data / "simulator").product_env(simulator_url, f"http://127.0.0.1:{port}")
    named = {name.removeprefix("YANTUAN_").lower(): value for name, value in made.items()}
    return {name: value for name, value in named.items() if name != "public_url"}


def notices_round(stage: Stage, clients: int = 64) -> dict[str, Any]:
    """Each of `NOTICES` notices once, then all of them again; every one must be answered 204 and pay its order once."""
    with stage.copy() as copy:
        port = free_port()
        settings = provider(copy, "http://127.0.0.1:9", port)
        path = copy.data / "notices.jsonl"
        run_module("bench.notices_seed", str(NOTICES), str(path), env=copy.environment(**settings))
        messages = [_message(json.loads(line), port) for line in path.read_text().splitlines()]
        with service(copy, port=port, **settings):
            began = time.monotonic()
            first = run(port, clients, 120, messages)
            # In a storm a notice is stored and answered first; the worker applies it.
            paid = json.loads(run_module("bench.paid", str(NOTICES), env=copy.environment(**settings)))
            applied = time.monotonic() - began
            again = run(port, clients, 120, messages)
        kept = json.loads(run_module("bench.paid", str(NOTICES), env=copy.environment(**settings)))
        log = (copy.data / "service.log").read_text(errors="replace")
    if set(first.statuses) | set(again.statuses) != {204} or not paid == kept == {
        "paid": NOTICES,
        "notices": NOTICES,
    }:
        raise AssertionError(
            f"notices went wrong: {first.statuses} {again.statuses} {paid} {first.refusals}\n{log[-3000:]}"
        )
    return {
        "fresh": first.summary(),
        "repeated": again.summary(),
        "answered_within_s": first.quantile(1) / 1000,
        "applied_within_s": applied,
    }


def _message(notice: dict[str, Any], port: int) -> bytes:
    return request_bytes(
        "POST", "/notify/wechatpay/transactions", port, notice["body"].encode(), **notice["headers"]
    )


@contextmanager
def _simulator(copy: Copy, port: int, product_url: str) -> Iterator[None]:
    command = [
        sys.executable,
        "-m",
        "yantuan",
        "simulator",
        "--port",
        str(port),
        "--product-url",
        product_url,
    ]
    with (copy.data / "simulator.log").open("wb") as log:
        process = subprocess.Popen(command, env=copy.environment(), cwd=ROOT, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/", process)
            yield
        finally:
            stop(process)


def lifecycle_round(stage: Stage, seconds: float) -> dict[str, Any]:
    """Buyers order, get a payment from the simulator, pay there; it counts when the signed notice made the order paid."""
    with stage.copy() as copy:
        port, simulator = free_port(), free_port()
        url = f"http://127.0.0.1:{simulator}"
        settings = provider(copy, url, port)
        with (
            _simulator(copy, simulator, f"http://127.0.0.1:{port}"),
            service(copy, port=port, **settings) as running,
        ):
            lives = _Lives(running, simulator)
            lives.run(1)
            lives.figures = Figures()
            lives.run(seconds)
        paid = json.loads(run_module("bench.paid", "0", env=copy.environment(**settings)))["paid"]
    if paid != lives.finished or set(lives.refused) - {503}:
        raise AssertionError(f"{lives.finished} paid at the simulator, {paid} here, {lives.refused}")
    return lives.figures.summary() | {"asked_to_come_again": lives.refused[503]}


class _Lives:
    """Threads that each take one order after the other from the first press to paid."""

    def __init__(self, running: Service, simulator: int) -> None:
        self._service = running
        self._simulator = simulator
        self._lock = threading.Lock()
        self._checkouts = Checkouts(running.port)
        self.figures = Figures()
        self.refused: Counter[int] = Counter()
        """Lives cut short; 503 where all places in front of the provider were taken."""
        self.finished = 0

    def run(self, seconds: float) -> None:
        began = time.perf_counter()
        until = began + seconds
        threads = [threading.Thread(target=self._live, args=[until]) for _ in range(LIFECYCLE_CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.figures.seconds = time.perf_counter() - began

    def _live(self, until: float) -> None:
        shop, cashier = _Line(self._service.port), _Line(self._simulator)
        numbers = _Numbers(self._service.copy)
        while time.perf_counter() < until:
            began = time.perf_counter()
            status = self._one(shop, cashier, numbers)
            with self._lock:
                if status != 200:
                    self.refused[status] += 1
                    continue
                self.figures.statuses[status] += 1
                self.figures.waits.append((time.perf_counter() - began) * 1000)
                self.finished += 1

    def _one(self, shop: _Line, cashier: _Line, numbers: _Numbers) -> int:
        """The status of the step that failed, or 200 once the order is paid."""
        with self._lock:
            headers, body = self._checkouts.next("spread", "wechatpay")
        status, placed = shop.call("POST", "/api/orders", headers, body)
        if status != 201:
            return status
        order = f"/api/orders/{placed['id']}"
        status, _ = shop.call("POST", f"{order}/pay", headers, b'{"channel":"native","return_path":"/"}')
        if status != 200:
            return status
        number = json.dumps({"out_trade_no": numbers.of(int(placed["id"]))}).encode()
        status, _ = cashier.call("POST", "/_sim/pay", {"Content-Type": "application/json"}, number)
        if status >= 300:
            return status
        for _ in range(400):
            status, detail = shop.call("GET", order, headers, None)
            if status != 200 or detail["payment"] == "paid":
                return status
            time.sleep(0.02)
        return 504


class _Line:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, Any]:
        """Status and decoded answer."""
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None


class _Numbers:
    """The provider's number of an order, which a buyer's WeChat would read from the payment sheet."""

    _SQL = "SELECT out_trade_no FROM payments_paymentattempt WHERE order_id = "

    def __init__(self, copy: Copy) -> None:
        self._postgres = psycopg.connect(copy.url, autocommit=True) if copy.url else None
        self._sqlite = None if copy.url else sqlite3.connect(f"file:{copy.sqlite}?mode=ro", uri=True)

    def of(self, order_id: int) -> str:
        """`out_trade_no` of the order's attempt."""
        if self._postgres is not None:
            row = self._postgres.execute(f"{self._SQL}%s", [order_id]).fetchone()
        else:
            assert self._sqlite is not None
            row = self._sqlite.execute(f"{self._SQL}?", [order_id]).fetchone()
        assert row is not None
        return str(row[0])

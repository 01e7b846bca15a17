"""A running shop in which free things are ordered as fast as answers come, and the power cut that ends it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from instance import Instance
from PIL import Image

from ports import free_ports
from stack import ROOT

SECONDS = float(os.environ.get("YANTUAN_COPY_SECONDS", "12"))
"""How long orders are placed before the blow."""
THREADS = 4
PEOPLE = 200

MAKE_PEOPLE = """
import sys, django; django.setup()
sys.path.insert(0, sys.argv[1])
import factories
from django.db import transaction
from yantuan.identity.sessions import start
with transaction.atomic():
    for _ in range(int(sys.argv[2])):
        buyer = factories.person()
        print(start(buyer, "mp"), factories.address(buyer).id)
"""


@contextmanager
def up(shop: Instance) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port, simulator = free_ports(2)
    command = [sys.executable, "-m", "yantuan", "up", "--demo", "--port", str(port), "--simulator-port", str(simulator)]  # fmt: skip
    shop.data.parent.mkdir(parents=True, exist_ok=True)
    log = (shop.data.parent / "log").open("ab")
    process = subprocess.Popen(command, env=shop.environment, stdout=log, stderr=log, start_new_session=True)
    try:
        until(lambda: _answers(f"http://127.0.0.1:{port}/readyz"), "the shop", 120)
        yield f"http://127.0.0.1:{port}", process
    finally:
        kill_all(process.pid)
        process.wait()
        log.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def until(look: Any, what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.05)


def _family(pid: int) -> list[int]:
    """A process and all it started, itself first."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def kill_all(pid: int) -> None:
    """At once, as a power cut would."""
    try:
        family = _family(pid)
    except FileNotFoundError:
        return
    for member in family:
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue


class Person:
    """One signed-in person."""

    def __init__(self, app: str, role: str) -> None:
        self.http = httpx.Client(base_url=f"{app}/api", headers={"X-Yantuan-Client": "h5"}, timeout=30, trust_env=False)  # fmt: skip
        self._number = 0
        self.call("POST", "/demo/sign-in", {"role": role})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        self._number += 1
        answer = self.http.request(
            method, path, json=body, headers={"Idempotency-Key": f"copy-{id(self)}-{self._number}"}
        )
        assert answer.status_code < 300, f"{path}: {answer.text[:300]}"
        return answer.json()


def gifts(app: str) -> dict[str, Any]:
    """A group buy of things that cost nothing, so that every order is final at once; answers an order's body."""
    leader = Person(app, "leader")
    store = leader.call("POST", "/leader/stores", {"name": "赠品店", "freight_fen": 0})
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), (9, 99, 9)).save(picture, "JPEG")
    sent = leader.http.post("/media", files={"file": ("a.jpg", picture.getvalue(), "image/jpeg")}, data={"purpose": "product"})  # fmt: skip
    goods = leader.call(
        "POST", f"/leader/stores/{store['id']}/products",
        {"title": "赠品", "picture_media_ids": [sent.json()["id"]], "skus": [{"name": "一份", "price_fen": 0, "stock": 99_999}]},
    )  # fmt: skip
    start = datetime.now(UTC)
    sale = leader.call(
        "POST", f"/leader/stores/{store['id']}/group-buys",
        {"title": "赠品团", "starts_at": start.isoformat(), "ends_at": (start + timedelta(days=2)).isoformat(),
         "offers": [{"sku_id": goods["skus"][0]["id"], "price_fen": 0}]},
    )  # fmt: skip
    leader.call("POST", f"/leader/group-buys/{sale['id']}/publish")
    page = leader.call("GET", f"/g/{sale['code']}")
    return {
        "group_buy_id": page["id"], "delivery_method": "courier", "expected_total_fen": 0,
        "lines": [{"offer_id": page["products"][0]["offers"][0]["id"], "quantity": 1}],
    }  # fmt: skip


def rush(
    app: str,
    body: dict[str, Any],
    people: list[list[str]],
    acknowledged: list[tuple[float, str]],
    stop: threading.Event,
) -> None:
    """Place orders as fast as answers come, each for the next person; keep what was acknowledged, and when."""
    http = httpx.Client(base_url=f"{app}/api", timeout=30, trust_env=False)
    for number in count():
        token, address = people[number % len(people)]
        headers = {
            "Authorization": f"Bearer {token}",
            "X-Yantuan-Client": "mp",
            "Idempotency-Key": f"rush-{number}",
        }
        try:
            answer = http.post("/orders", json=body | {"address_id": address}, headers=headers)
        except httpx.HTTPError:
            return
        if stop.is_set() or answer.status_code == 429:
            return
        assert answer.status_code == 201, answer.text
        acknowledged.append((time.time(), str(answer.json()["id"])))


def start_rush(
    app: str, shop: Instance, acknowledged: list[tuple[float, str]], stop: threading.Event
) -> list[threading.Thread]:
    """People, a sale of gifts, and threads that order until `stop` is set or nobody answers any more."""
    body = gifts(app)
    people = [
        line.split() for line in shop.python(MAKE_PEOPLE, str(ROOT / "tests"), str(PEOPLE)).splitlines()
    ]
    threads = [
        threading.Thread(target=rush, args=[app, body, people[n::THREADS], acknowledged, stop])
        for n in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    return threads

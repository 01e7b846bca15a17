"""The continuous copy: everything is killed in the middle of the rush, and the shop comes back out of the copy."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
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
import pytest
from instance import Instance
from PIL import Image

from stack import ROOT, free_ports
from yantuan.commands.copy import settings
from yantuan.health.copies import copy_files, lag_seconds
from yantuan.kernel.config import config

SECONDS = float(os.environ.get("YANTUAN_COPY_SECONDS", "12"))
"""How long orders are placed before the blow."""
MOST_LOST = 60.0
"""Seconds of acknowledged orders that may be missing."""
THREADS = 4
PEOPLE = 200

_MAKE_PEOPLE = """
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
def _up(shop: Instance) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port, simulator = free_ports(2)
    command = [sys.executable, "-m", "yantuan", "up", "--demo", "--port", str(port), "--simulator-port", str(simulator)]  # fmt: skip
    shop.data.parent.mkdir(parents=True, exist_ok=True)
    log = (shop.data.parent / "log").open("ab")
    process = subprocess.Popen(command, env=shop.environment, stdout=log, stderr=log, start_new_session=True)
    try:
        _until(lambda: _answers(f"http://127.0.0.1:{port}/readyz"), "the shop", 120)
        yield f"http://127.0.0.1:{port}", process
    finally:
        _kill_all(process.pid)
        process.wait()
        log.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _until(look: Any, what: str, seconds: float = 60) -> None:
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


def _kill_all(pid: int) -> None:
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


def _gifts(app: str) -> dict[str, Any]:
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


def _rush(
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


@pytest.mark.stack
def test_killed_in_the_rush_and_back_out_of_the_copy(tmp_path: Path) -> None:
    place = tmp_path / "copy"
    rules = {"YANTUAN_COPY_TO": str(place), "YANTUAN_RATE_LIMIT_TIMES": "100000"}
    shop = Instance(tmp_path / "shop" / "data", settings=rules)
    acknowledged: list[tuple[float, str]] = []
    stop = threading.Event()
    with _up(shop) as (app, process):
        body = _gifts(app)
        _until(lambda: any((place / "database" / "ltx" / "0").glob("*.ltx")), "the copy to begin")
        _until(lambda: any((place / "media").rglob("*.webp")), "the pictures")
        assert stat.S_IMODE((shop.data / "litestream.yml").stat().st_mode) == 0o600
        people = [
            line.split() for line in shop.python(_MAKE_PEOPLE, str(ROOT / "tests"), str(PEOPLE)).splitlines()
        ]
        threads = [
            threading.Thread(target=_rush, args=[app, body, people[n::THREADS], acknowledged, stop])
            for n in range(THREADS)
        ]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        time.sleep(SECONDS)
        rate = len(acknowledged) / (time.monotonic() - began)
        _kill_all(process.pid)
        blow = time.time()
        stop.set()
        for thread in threads:
            thread.join(40)
    (shop.data / "yantuan.sqlite3").unlink()
    back = Instance(tmp_path / "back", settings=rules | {"YANTUAN_DEMO": "1"})
    done = back.run("restore", "--from-copy")
    assert done.returncode == 0, done.stderr
    kept = {str(row[0]) for row in back.rows("SELECT id FROM orders_order")}
    lost = [at for at, number in acknowledged if number not in kept]
    seconds = blow - min(lost) if lost else 0.0
    sys.stdout.write(json.dumps({"placed": len(acknowledged), "per_s": round(rate), "lost": len(lost), "lost_s": round(seconds, 2)}) + "\n")  # fmt: skip
    assert len(acknowledged) > 50
    assert seconds <= MOST_LOST
    assert [v for v in back.violations() if v["severity"] == "S1"] == []
    assert (back.data / "restored.json").exists()


def test_files_are_copied_once_and_only_whole(tmp_path: Path) -> None:
    data, place = tmp_path / "data", tmp_path / "place"
    (data / "media" / "ab").mkdir(parents=True)
    (data / "media" / "ab" / "x.webp").write_bytes(b"1234")
    (data / "media" / "ab" / "y.webp.part").write_bytes(b"12")
    (data / "secret_key").write_text("s" * 48)
    assert copy_files(place, data) == 2
    assert copy_files(place, data) == 0
    assert sorted(p.name for p in place.rglob("*") if p.is_file()) == ["secret_key", "x.webp"]
    assert stat.S_IMODE((place / "secret_key").stat().st_mode) == 0o600


def test_the_lag_is_the_age_of_what_was_not_taken_up(tmp_path: Path) -> None:
    assert lag_seconds(tmp_path) is None
    taken = tmp_path / ".yantuan.sqlite3-litestream" / "ltx" / "0" / "1.ltx"
    taken.parent.mkdir(parents=True)
    taken.touch()
    log = tmp_path / "yantuan.sqlite3-wal"
    log.touch()
    now = time.time()
    os.utime(taken, (now - 100, now - 100))
    os.utime(log, (now - 100, now - 100))
    assert lag_seconds(tmp_path) == 0.0
    os.utime(log, (now, now))
    lag = lag_seconds(tmp_path)
    assert lag is not None and 100 <= lag < 130


def test_settings_hold_no_key_and_only_known_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LITESTREAM_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setattr(config(), "copy_s3_endpoint", "http://127.0.0.1:9000")
    made: Any = settings("s3://bucket/shop/a", tmp_path / "d.sqlite3")
    replica = made["dbs"][0]["replica"]
    assert (replica["bucket"], replica["path"]) == ("bucket", "shop/a/database")
    assert (replica["endpoint"], replica["force-path-style"]) == ("http://127.0.0.1:9000", True)
    assert "very-secret" not in json.dumps(made)
    with pytest.raises(Exception, match="copy_place_invalid"):
        settings("ftp://x/y", tmp_path / "d.sqlite3")

"""The continuous copy: everything is killed in the middle of the rush, and the shop comes back out of the copy."""

from __future__ import annotations

import json
import os
import stat
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from instance import Instance, migrated_instance
from rushing import SECONDS, kill_all, start_rush, until, up

from yantuan.commands.copy import settings
from yantuan.health.copies import copy_files, lag_seconds
from yantuan.kernel.config import config

WAITING = {("N1", "S2"), ("N2", "S2"), ("FL1", "S2")}
"""Rules about work and messages left waiting, and about pictures, of which the last half minute is not in the copy."""
MOST_LOST = 60.0
"""Seconds of acknowledged orders that may be missing."""


@pytest.mark.stack
def test_killed_in_the_rush_and_back_out_of_the_copy(tmp_path: Path) -> None:
    place = tmp_path / "copy"
    rules = {"YANTUAN_COPY_TO": str(place), "YANTUAN_RATE_LIMIT_TIMES": "100000"}
    acknowledged: list[tuple[float, str]] = []
    stop = threading.Event()
    with (
        migrated_instance("", "copy", tmp_path / "shop" / "data", **rules) as shop,
        up(shop) as (app, process),
    ):
        until(lambda: any((place / "database" / "ltx" / "0").glob("*.ltx")), "the copy to begin")
        until(lambda: any((place / "media").rglob("*.webp")), "the pictures")
        assert stat.S_IMODE((shop.data / "litestream.yml").stat().st_mode) == 0o600
        threads = start_rush(app, shop, acknowledged, stop)
        began = time.monotonic()
        time.sleep(SECONDS)
        rate = len(acknowledged) / (time.monotonic() - began)
        kill_all(process.pid)
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
    found = {(v["rule"], v["severity"]) for v in back.violations()}
    # What was under way when everything died still waits, for a restored copy is held, and the newest pictures may lack;
    # nothing else is out of order.
    assert found <= WAITING, found
    said = done.stdout.splitlines()[-1]
    assert said.startswith("自检：") and all(rule in said for rule, _ in found)
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

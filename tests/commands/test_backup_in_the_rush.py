"""A backup of a shop in the middle of a rush is of one instant: sound, and nothing acknowledged before it is missing."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from instance import Instance, migrated_instance, scratch_database
from rushing import kill_all, start_rush, until, up

pytestmark = pytest.mark.stack


def test_backed_up_while_it_serves(durable_server: str, tmp_path: Path) -> None:
    with (
        migrated_instance(
            durable_server, "rush", tmp_path / "shop" / "data", YANTUAN_RATE_LIMIT_TIMES="100000"
        ) as shop,
        scratch_database(durable_server, "rush_back") as other,
    ):
        acknowledged: list[tuple[float, str]] = []
        stop = threading.Event()
        with up(shop) as (app, process):
            threads = start_rush(app, shop, acknowledged, stop)
            until(lambda: len(acknowledged) > 100, "a hundred orders")
            began, before = time.time(), len(acknowledged)
            done = shop.run("backup", str(tmp_path / "b.tar.gz"), "--verify")
            assert done.returncode == 0, done.stdout + done.stderr
            during = len(acknowledged) - before
            stop.set()
            for thread in threads:
                thread.join(40)
            kill_all(process.pid)
        assert during > 0
        back = Instance(tmp_path / "back", other, {"YANTUAN_DEMO": "1"})
        assert back.run("restore", str(tmp_path / "b.tar.gz")).returncode == 0
        kept = {str(row[0]) for row in back.rows("SELECT id FROM orders_order")}
        assert [number for at, number in acknowledged if at < began and number not in kept] == []
        assert [v for v in back.violations() if v["severity"] == "S1"] == []

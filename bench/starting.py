"""The embedded default: how long until the first page after a start, and how much memory idle and after a rush."""

from __future__ import annotations

import time
from typing import Any

from bench import world
from bench.place import Checkouts, place_run
from bench.service import service, started, wait_for
from bench.stage import Stage
from ports import free_port


def start_round(stage: Stage, seconds: float) -> dict[str, Any]:
    """Start twice on one copy: the first start prepares the data folder, the second is what people wait for."""
    with stage.copy() as copy:
        port = free_port()
        environment = copy.environment(public_url=f"http://127.0.0.1:{port}")
        page = f"http://127.0.0.1:{port}/api/g/{world.sale_code(world.SALE_0)}"
        with started(environment, port):
            pass
        began = time.perf_counter()
        with started(environment, port) as process:
            wait_for(page, process)
            cold = time.perf_counter() - began
        with service(copy, settle=5) as running:
            idle = running.rss_mib()
            place_run(running, Checkouts(running.port), "spread", 64, seconds)
            busy = running.rss_mib()
    return {"cold_start_s": round(cold, 2), "idle": idle, "busy": busy}

"""The server's own ceiling: the same granian around an application that does nothing, under the same loader."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.load import run
from bench.place import Checkouts
from bench.service import stop
from ports import free_port

ROOT = Path(__file__).resolve().parent.parent


def http_limit(seconds: float, clients: int = 64) -> dict[str, Any]:
    """Answers per second to the very requests of `place`; `loader_us_per_request` is the loader's own cost."""
    port = free_port()
    command = [Path(sys.executable).parent / "granian", "--interface", "asgi", "--port", str(port)]
    command += ["--no-ws", "--log-level", "critical", "bench.bare:application"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        messages = Checkouts(port).prepare("spread", 20_000)
        endless = (messages[i % len(messages)] for i in range(10**9))
        run(port, clients, 0.5, endless)
        return run(port, clients, seconds, endless).summary()
    finally:
        stop(process)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the bare server did not start")

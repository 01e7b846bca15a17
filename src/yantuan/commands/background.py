"""`yantuan worker`: background work, without the console and the API."""

from __future__ import annotations

import argparse
import os
import signal
from types import FrameType

import django

os.environ["YANTUAN_ROLE"] = "worker"
django.setup()

from yantuan.kernel.worker import Worker  # noqa: E402 - models can be imported only after Django is set up


def worker(options: argparse.Namespace) -> int:
    """Run background work until SIGINT or SIGTERM."""
    running = Worker(options.threads)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    running.run()
    return 0

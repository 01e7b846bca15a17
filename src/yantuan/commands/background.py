"""`yantuan worker`: background work, without the console and the API."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from types import FrameType

from yantuan.kernel.lean import keep_lean

os.environ["YANTUAN_ROLE"] = "worker"
keep_lean()

import django  # noqa: E402 - nothing of it may come before
from django.db import DatabaseError  # noqa: E402

django.setup()

# Models can be imported only after Django is set up.
from yantuan.kernel.schema import SchemaMismatch, refuse_misfit  # noqa: E402
from yantuan.kernel.worker import Worker  # noqa: E402


def worker(options: argparse.Namespace) -> int:
    """Run background work until SIGINT or SIGTERM; exit 3 when the database is not of this version."""
    try:
        refuse_misfit()
    except SchemaMismatch as error:
        sys.stderr.write(f"{error.zh}\n{error.en}\n")
        return 3
    except DatabaseError:
        # It is waited for, as later.
        pass
    running = Worker(options.threads)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if not running.run():
        # A provider keeps a thread waiting; the lease of its work ends by itself, so nobody waits for the thread.
        logging.shutdown()
        os._exit(0)
    return 0

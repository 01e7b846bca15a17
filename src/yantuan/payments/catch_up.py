"""Notices of a storm: stored and answered first, applied a moment later by one thread of the same process."""

from __future__ import annotations

import logging
import threading
from queue import Empty, SimpleQueue

from django.db import close_old_connections, connection

from yantuan.payments import inbox

log = logging.getLogger("yantuan.payments")

_IDLE_SECONDS = 30
"""After so long without work the thread ends and gives its database connection back."""


class CatchUp:
    """Applies stored notices one after the other. What a process leaves behind when it ends, a timed job applies."""

    def __init__(self) -> None:
        self._ids: SimpleQueue[int] = SimpleQueue()
        self._lock = threading.Lock()
        self._running = False

    def soon(self, notice_id: int) -> None:
        """Apply this stored notice as soon as those before it are done."""
        self._ids.put(notice_id)
        with self._lock:
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="notices", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                notice_id = self._ids.get(timeout=_IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if self._ids.empty():
                        self._running = False
                        break
                continue
            self._apply(notice_id)
        connection.close()

    def _apply(self, notice_id: int) -> None:
        try:
            close_old_connections()
            inbox.handle(notice_id)
        except Exception:
            log.exception("notice %s waits for the timed job", notice_id)

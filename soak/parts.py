"""The processes of an instance, and a supervisor that starts a dead one again within a second."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
RESTART_SECONDS = 0.3


@dataclass
class Part:
    """One process (with its children) that is kept alive unless held."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    extra: dict[str, str] = field(default_factory=dict)
    """Environment of the next starts only, such as an armed crash point."""
    held: bool = True
    starts: int = 0
    status: int | None = None
    """How it ended last."""
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                env=self.environment | self.extra,
                cwd=ROOT,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        self.starts += 1
        self.held = False

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process is not None else 0

    def family(self) -> list[psutil.Process]:
        """The process and its children; empty when it is dead."""
        try:
            parent = psutil.Process(self.pid) if self.alive else None
            return [parent, *parent.children(recursive=True)] if parent else []
        except psutil.NoSuchProcess:
            return []

    def signal(self, what: signal.Signals) -> None:
        """To the whole family at one instant."""
        if self._process is not None and self.alive:
            os.killpg(self._process.pid, what)

    def kill(self) -> None:
        """`kill -9` of all of it."""
        self.signal(signal.SIGKILL)
        self._reap(10)

    def kill_child(self) -> int:
        """`kill -9` of the serving child only; the web server itself must replace it. Answers its pid, 0 for none."""
        children = self.family()[1:]
        if children:
            children[0].kill()
        return children[0].pid if children else 0

    def stop(self, seconds: float = 15) -> float:
        """SIGTERM, and how long it took to end; killed when longer than `seconds`."""
        self.held = True
        if self._process is None:
            return 0
        began = time.monotonic()
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
            if not self._reap(seconds):
                self.signal(signal.SIGKILL)
                self._reap(5)
        return time.monotonic() - began

    def wait_dead(self, seconds: float) -> bool:
        """Whether it ended within `seconds`."""
        return self._reap(seconds)

    def _reap(self, seconds: float) -> bool:
        if self._process is None:
            return True
        try:
            self.status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        # What a dying parent leaves behind (a forked server) goes with it.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return True


class Supervisor:
    """Looks every 0.3 s and starts again what died and is not held."""

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts
        self.restarts = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def pause(self) -> None:
        """Start nothing again from now on: somebody else does."""
        self._stopping.set()

    def stop(self) -> None:
        """Watch no longer, then end every part."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(5)
        for part in self.parts:
            part.stop()

    def _watch(self) -> None:
        while not self._stopping.wait(RESTART_SECONDS):
            for part in self.parts:
                if not part.held and not part.alive:
                    part._reap(0)
                    part.start()
                    self.restarts += 1

"""The other load generator: requests at a fixed rate, whatever the service does (open loop), from a process of its own.

The wait of each is counted from the moment it was due, so that a service that stalls is not spared the requests it kept
from being sent.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from multiprocessing import get_context

from bench.load import Figures, error_code, missing

_PATIENCE = 30
"""Seconds the last answers are waited for."""


class _Line:
    """One connection; opened again when the service closes it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.due = 0.0
        self.answer = b""
        self.waiting = False
        self._open()

    def _open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self._port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fd = self.socket.fileno()

    def again(self) -> None:
        self.socket.close()
        self.answer, self.waiting = b"", False
        self._open()


class _Pace:
    def __init__(self, port: int, clients: int, messages: Sequence[bytes]) -> None:
        self._messages = cycle(messages)
        self._poll = select.epoll()
        self._lines: dict[int, _Line] = {}
        self._free: deque[_Line] = deque()
        self.figures = Figures()
        for _ in range(clients):
            self._add(_Line(port))

    def run(self, rate: float, seconds: float) -> None:
        began, used = time.perf_counter(), time.process_time()
        number, total = 0, int(rate * seconds)
        while time.perf_counter() < began + seconds + _PATIENCE:
            while number < total and self._free and began + number / rate <= time.perf_counter():
                self._ask(self._free.popleft(), began + number / rate)
                number += 1
            if number == total and len(self._free) == len(self._lines):
                break
            ahead = began + number / rate - time.perf_counter() if number < total and self._free else 0.5
            for fd, _ in self._poll.poll(max(0.0, min(ahead, 0.5))):
                self._hear(self._lines[fd])
        # What was due and never sent is lost as well as what was never answered.
        self.figures.lost += total - number + len(self._lines) - len(self._free)
        self.figures.seconds = time.perf_counter() - began
        self.figures.cpu_seconds = time.process_time() - used
        for line in self._lines.values():
            line.socket.close()
        self._poll.close()

    def _add(self, line: _Line) -> None:
        self._lines[line.fd] = line
        self._poll.register(line.fd, select.EPOLLIN)
        self._free.append(line)

    def _ask(self, line: _Line, due: float) -> None:
        line.due, line.waiting = due, True
        # Refused before all was sent, the answer may be there all the same.
        with suppress(OSError):
            line.socket.sendall(next(self._messages))

    def _hear(self, line: _Line) -> None:
        try:
            part = line.socket.recv(262_144)
        except OSError:
            part = b""
        if not part:
            self._reopen(line)
            return
        line.answer += part
        if missing(line.answer):
            return
        status = int(line.answer[9:12])
        self.figures.statuses[status] += 1
        self.figures.waits.append((time.perf_counter() - line.due) * 1000)
        if status >= 400:
            self.figures.refusals[error_code(line.answer)] += 1
        closing = b"\r\nconnection: close" in line.answer.lower()
        line.answer, line.waiting = b"", False
        if closing:
            self._reopen(line)
        else:
            self._free.append(line)

    def _reopen(self, line: _Line) -> None:
        """A request without an answer is lost; a connection closed between two is nothing."""
        self.figures.lost += line.waiting
        self._poll.unregister(line.fd)
        del self._lines[line.fd]
        if line in self._free:
            self._free.remove(line)
        line.again()
        self._add(line)


def paced(port: int, clients: int, rate: float, seconds: float, messages: Sequence[bytes]) -> Figures:
    """`rate` requests a second for `seconds` over `clients` connections, `messages` in turns; all answers are waited for."""
    gc.disable()
    try:
        pace = _Pace(port, clients, messages)
        pace.run(rate, seconds)
    finally:
        gc.enable()
    return pace.figures


@contextmanager
def beside() -> Iterator[ProcessPoolExecutor]:
    """A second process to call `paced` in, already started."""
    with ExitStack() as stack:
        pool = stack.enter_context(ProcessPoolExecutor(1, mp_context=get_context("spawn")))
        ready: Future[int] = pool.submit(gc.collect)
        ready.result()
        yield pool

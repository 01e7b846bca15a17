"""The load generator: a fixed number of keep-alive connections in one thread over epoll, each sending a prepared request
as soon as the last one is answered. Requests are built before the clock starts, so that on a machine it shares with the
service it takes as little as a program in Python can (`limit.http` in the report tells how much)."""

from __future__ import annotations

import gc
import re
import select
import socket
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_LENGTH = b"content-length: "


@dataclass
class Figures:
    """What one load run gave. Latencies in milliseconds; `lost` are connections the service closed."""

    seconds: float = 0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    lost: int = 0
    cpu_seconds: float = 0
    """What this generator itself used."""
    refusals: Counter[str] = field(default_factory=Counter)
    """Error codes of answers of 400 and above."""

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        return self.answered / self.seconds if self.seconds else 0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.waits)
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else 0

    def summary(self) -> dict[str, object]:
        return {
            "per_second": round(self.rate, 1),
            "p50_ms": self.quantile(0.5),
            "p99_ms": self.quantile(0.99),
            "max_ms": self.quantile(1),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "lost": self.lost,
            "loader_us_per_request": round(self.cpu_seconds / max(1, self.answered) * 1e6, 1),
        }


def request_bytes(method: str, path: str, port: int, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP/1.1 request, ready to send."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def missing(answer: bytes) -> int:
    """Bytes that still have to come; -1 while not even the head is whole."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return -1
    at = answer.find(_LENGTH, 0, head)
    if at < 0:
        at = answer[:head].lower().find(_LENGTH)
    if at < 0:
        return 0
    end = answer.find(b"\r\n", at)
    return int(answer[at + len(_LENGTH) : end]) - (len(answer) - head - 4)


def error_code(answer: bytes) -> str:
    """The error code of a refusal, or the beginning of its body."""
    body = answer.partition(b"\r\n\r\n")[2].decode(errors="replace")
    named = re.search(r'"code": ?"([a-z_0-9]+)"', body)
    return named[1] if named else body[:60]


@dataclass
class _Line:
    """One connection and what it waits for."""

    socket: socket.socket
    began: float = 0
    answer: bytes = b""


class _Loop:
    def __init__(self, port: int, messages: Iterator[bytes], figures: Figures) -> None:
        self._port = port
        self._messages = messages
        self._figures = figures
        self._lines: dict[int, _Line] = {}
        self._poll = select.epoll()

    def run(self, clients: int, seconds: float) -> None:
        for _ in range(clients):
            self._connect()
        began, used = time.perf_counter(), time.process_time()
        until = began + seconds
        for line in list(self._lines.values()):
            self._ask(line)
        while self._lines and time.perf_counter() < until + 30:
            for fd, _ in self._poll.poll(1):
                self._hear(self._lines[fd], until)
        self._figures.lost += len(self._lines)
        self._figures.seconds = time.perf_counter() - began
        self._figures.cpu_seconds = time.process_time() - used
        for line in list(self._lines.values()):
            self._close(line)
        self._poll.close()

    def _connect(self) -> _Line:
        opened = socket.create_connection(("127.0.0.1", self._port))
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = self._lines[opened.fileno()] = _Line(opened)
        self._poll.register(opened.fileno(), select.EPOLLIN)
        return line

    def _close(self, line: _Line) -> None:
        fd = line.socket.fileno()
        self._poll.unregister(fd)
        del self._lines[fd]
        line.socket.close()

    def _ask(self, line: _Line) -> None:
        message = next(self._messages, None)
        if message is None:
            self._close(line)
            return
        line.began = time.perf_counter()
        line.socket.sendall(message)

    def _hear(self, line: _Line, until: float) -> None:
        try:
            part = line.socket.recv(262_144)
        except OSError:
            part = b""
        if not part:
            self._figures.lost += 1
            self._close(line)
            return
        answer = line.answer + part if line.answer else part
        if missing(answer):
            line.answer = answer
            return
        moment = time.perf_counter()
        line.answer = b""
        status = int(answer[9:12])
        self._figures.statuses[status] += 1
        self._figures.waits.append((moment - line.began) * 1000)
        if status >= 400:
            self._figures.refusals[error_code(answer)] += 1
        if moment < until:
            self._ask(line)
        else:
            self._close(line)


def run(port: int, clients: int, seconds: float, messages: Iterable[bytes]) -> Figures:
    """`clients` connections for `seconds`, or until `messages` ends; what was sent is waited for."""
    figures = Figures()
    gc.collect()
    gc.disable()
    try:
        _Loop(port, iter(messages), figures).run(clients, seconds)
    finally:
        gc.enable()
    return figures

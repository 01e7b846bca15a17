"""A TCP proxy in front of PostgreSQL (or any server) that is slow, cuts, swallows or lies on command.

    with pg_proxy(url) as proxy:
        connect(proxy.url)
        proxy.slow(100)                 # every statement waits 100 ms on its way to the server
        proxy.lose_commit_replies(1)    # the next COMMIT happens, its answer never comes
        proxy.heal()

It runs in a thread of its own. In front of PostgreSQL it reads the client's messages, so a delay is per statement
(however many packets that is) and only the answer to a COMMIT can be lost; `protocol="tcp"` treats bytes as bytes.
Time is in milliseconds. One seed makes jitter repeatable.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Protocol = Literal["postgres", "tcp"]
_UNTYPED = {80877102, 80877103, 80877104}
"""Cancel, SSL and GSS requests: the first packet of a connection may be one, and carries no type byte."""
_SSL, _GSS = 80877103, 80877104
_ENDS_STATEMENT = (b"Q", b"S", b"H")
"""Query, Sync, Flush: after these the client waits for an answer."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with the line now. The default is nothing."""

    delay_ms: float = 0
    jitter_ms: float = 0
    bytes_per_second: int = 0
    black_hole: bool = False
    refuse: bool = False
    cut_after: int = 0
    """Reset a connection once that many bytes came from the server; 0 is never."""


@dataclass
class Counted:
    """What has passed since the proxy started."""

    connections: int = 0
    statements: int = 0
    replies_lost: int = 0
    resets: int = 0


@dataclass(eq=False)
class _Line:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    lose_reply: bool = False
    passed: int = 0
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def reset(self) -> None:
        """End both sides with a RST, as a crashed machine in between would."""
        for writer in (self.client, self.server):
            sock = writer.get_extra_info("socket")
            if sock is not None:
                linger = struct.pack("ii", 1, 0)
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        for task in self.tasks:
            task.cancel()


class Proxy:
    """A running proxy; made by `pg_proxy` or `tcp_proxy`. Its verbs may be called from any thread."""

    def __init__(
        self, host: str, port: int, protocol: Protocol = "tcp", seed: int = 0, listen: int = 0
    ) -> None:
        self.host, self.target, self.protocol = host, port, protocol
        self.port = listen
        self.counted = Counted()
        self._fault = Fault()
        self._lose = 0
        self._needle = b"COMMIT"
        self._random = random.Random(seed)
        self._lines: set[_Line] = set()
        self._healed = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)
        self._stop: asyncio.Event | None = None

    def start(self) -> None:
        """Listen. Raises RuntimeError when that takes longer than ten seconds."""
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the proxy did not start")

    def stop(self) -> None:
        """Reset every connection and end."""
        self._call(self._end)
        self._thread.join(10)

    @property
    def fault(self) -> Fault:
        """What is wrong now."""
        return self._fault

    def change(self, **values: float) -> None:
        """Set single fields of `fault`; what else is wrong stays."""
        changed = replace(self._fault, **values)  # type: ignore[arg-type]

        def set_it() -> None:
            self._fault = changed
            if not changed.black_hole:
                self._healed.set()
                self._healed = asyncio.Event()

        self._call(set_it)

    def slow(self, delay_ms: float, jitter_ms: float = 0) -> None:
        """Every statement (tcp: every chunk the client sends) waits `delay_ms` ± `jitter_ms` first."""
        self.change(delay_ms=delay_ms, jitter_ms=jitter_ms)

    def throttle(self, bytes_per_second: int) -> None:
        """What the server sends comes at most this fast."""
        self.change(bytes_per_second=bytes_per_second)

    def black_hole(self) -> None:
        """Nothing passes, nothing is closed: a half-open line."""
        self.change(black_hole=True)

    def refuse(self) -> None:
        """Reset every connection and each new one at once."""
        self.change(refuse=True)
        self.reset_all()

    def cut_after(self, count: int) -> None:
        """Reset a connection when `count` bytes came from the server."""
        self.change(cut_after=count)

    def lose_commit_replies(self, count: int = 1, needle: bytes = b"COMMIT") -> None:
        """The next `count` statements with `needle` in them are done by the server; then the connection is reset."""

        def set_it() -> None:
            self._lose, self._needle = count, needle

        self._call(set_it)

    def reset_all(self) -> int:
        """Reset the connections of now; answers how many there were."""
        found = len(self._lines)

        def reset() -> None:
            for line in list(self._lines):
                self._reset(line)

        self._call(reset)
        return found

    def heal(self) -> None:
        """Nothing is wrong any more. Connections held by a black hole go on."""
        self._call(lambda: setattr(self, "_lose", 0))
        self.change(**Fault().__dict__)

    def _call(self, work: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            try:
                work()
            finally:
                done.set()

        self._loop.call_soon_threadsafe(run)
        if not done.wait(10):
            raise RuntimeError("the proxy hangs")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for line in list(self._lines):
            line.reset()
        await asyncio.sleep(0)

    def _end(self) -> None:
        if self._stop is not None:
            self._stop.set()

    def _reset(self, line: _Line) -> None:
        self.counted.resets += 1
        line.reset()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._fault.refuse:
            writer.transport.abort()
            return
        try:
            from_server, to_server = await asyncio.open_connection(self.host, self.target)
        except OSError:
            writer.transport.abort()
            return
        self.counted.connections += 1
        line = _Line(writer, to_server)
        self._lines.add(line)
        up = self._statements if self.protocol == "postgres" else self._chunks
        line.tasks = [
            asyncio.create_task(self._guarded(up(line, reader), line)),
            asyncio.create_task(self._guarded(self._answers(line, from_server), line)),
        ]
        await asyncio.wait(line.tasks)
        self._lines.discard(line)

    async def _guarded(self, work: object, line: _Line) -> None:
        """One direction; when it ends, so does the other."""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await work  # type: ignore[misc]
        for writer in (line.client, line.server):
            if not writer.transport.is_closing():
                writer.close()

    async def _hold(self) -> None:
        while self._fault.black_hole:
            await self._healed.wait()

    async def _wait(self) -> None:
        fault = self._fault
        spread = self._random.uniform(-fault.jitter_ms, fault.jitter_ms) if fault.jitter_ms else 0
        pause = max(0.0, fault.delay_ms + spread) / 1000
        if pause:
            await asyncio.sleep(pause)

    async def _chunks(self, line: _Line, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(65536):
            await self._wait()
            await self._hold()
            line.server.write(chunk)
            await line.server.drain()

    async def _statements(self, line: _Line, reader: asyncio.StreamReader) -> None:
        """Pass whole messages on; what ends a statement is delayed and, if told so, marked to lose its reply."""
        await self._greet(line, reader)
        needle_seen = False
        while True:
            kind = await reader.readexactly(1)
            size = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack("!I", size)[0] - 4)
            if kind in (b"Q", b"P"):
                needle_seen = needle_seen or self._needle in body[:400].upper()
            if kind in _ENDS_STATEMENT:
                self.counted.statements += 1
                await self._wait()
                if needle_seen and self._lose > 0:
                    self._lose -= 1
                    line.lose_reply = True
                needle_seen = False
            await self._hold()
            line.server.write(kind + size + body)
            await line.server.drain()

    async def _greet(self, line: _Line, reader: asyncio.StreamReader) -> None:
        while True:
            size = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack("!I", size)[0] - 4)
            await self._hold()
            line.server.write(size + body)
            await line.server.drain()
            if struct.unpack("!I", body[:4])[0] not in (_SSL, _GSS):
                return

    async def _answers(self, line: _Line, reader: asyncio.StreamReader) -> None:
        while chunk := await reader.read(65536):
            if line.lose_reply:
                self.counted.replies_lost += 1
                self._reset(line)
                return
            await self._hold()
            fault = self._fault
            line.passed += len(chunk)
            if fault.cut_after and line.passed > fault.cut_after:
                self._reset(line)
                return
            if fault.bytes_per_second:
                await asyncio.sleep(len(chunk) / fault.bytes_per_second)
            line.client.write(chunk)
            await line.client.drain()


@contextmanager
def tcp_proxy(host: str, port: int, seed: int = 0, listen: int = 0) -> Iterator[Proxy]:
    """A proxy in front of any TCP server; it listens on `proxy.port` of 127.0.0.1 (`listen`, or a free one)."""
    proxy = Proxy(host, port, "tcp", seed, listen)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


class PgProxy(Proxy):
    """A proxy in front of the PostgreSQL of a URL."""

    def __init__(self, url: str, seed: int = 0, listen: int = 0) -> None:
        parts = urlsplit(url)
        super().__init__(parts.hostname or "127.0.0.1", parts.port or 5432, "postgres", seed, listen)
        self._parts = parts

    @property
    def url(self) -> str:
        """The same database, through the proxy."""
        who = self._parts.netloc.rpartition("@")[0]
        return urlunsplit(
            self._parts._replace(netloc=f"{who}@127.0.0.1:{self.port}" if who else f"127.0.0.1:{self.port}")
        )


@contextmanager
def pg_proxy(url: str, seed: int = 0, listen: int = 0) -> Iterator[PgProxy]:
    """A proxy in front of a PostgreSQL; connect to `proxy.url`."""
    proxy = PgProxy(url, seed, listen)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


def main() -> None:
    """`python -m tests.harness.pgproxy URL --delay 100`: a slow database to try things on by hand."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("--listen", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0, help="milliseconds per statement")
    parser.add_argument("--jitter", type=float, default=0)
    given = parser.parse_args()
    with pg_proxy(given.url, listen=given.listen) as proxy:
        proxy.slow(given.delay, given.jitter)
        sys.stdout.write(f"{proxy.url}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()

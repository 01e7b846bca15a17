"""A small load generator: keep-alive connections over asyncio streams, a fixed number of them, each sending as fast as it is answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Figures:
    """What one load run gave. Latencies in milliseconds."""

    seconds: float = 0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return sum(self.statuses.values()) / self.seconds if self.seconds else 0

    def quantile(self, share: float) -> float:
        ordered = sorted(self.waits)
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else 0

    def summary(self) -> dict[str, object]:
        return {
            "per_second": round(self.rate, 1),
            "p50_ms": self.quantile(0.5),
            "p99_ms": self.quantile(0.99),
            "statuses": {str(status): n for status, n in sorted(self.statuses.items())},
            "seconds": round(self.seconds, 2),
        }


def request_bytes(method: str, path: str, port: int, body: bytes = b"", **headers: str) -> bytes:
    """One HTTP/1.1 request, ready to send."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    if length:
        await reader.readexactly(length)
    return status


async def _client(port: int, make: Callable[[], bytes | None], until: float, figures: Figures) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while time.perf_counter() < until:
            message = make()
            if message is None:
                return
            began = time.perf_counter()
            writer.write(message)
            status = await _answer(reader)
            figures.waits.append((time.perf_counter() - began) * 1000)
            figures.statuses[status] += 1
    finally:
        writer.close()


async def _run(port: int, clients: int, seconds: float, make: Callable[[], bytes | None]) -> Figures:
    figures = Figures()
    began = time.perf_counter()
    await asyncio.gather(*(_client(port, make, began + seconds, figures) for _ in range(clients)))
    figures.seconds = time.perf_counter() - began
    return figures


def run(port: int, clients: int, seconds: float, make: Callable[[], bytes | None]) -> Figures:
    """`clients` connections for `seconds`; `make` gives the next request, None when there are no more."""
    return asyncio.run(_run(port, clients, seconds, make))

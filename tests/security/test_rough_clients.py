"""The running service against clients that don't keep to HTTP, send far too much, or far too slowly."""

from __future__ import annotations

import gzip
import json
import re
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest

from stack import Stack, running_stack

pytestmark = pytest.mark.stack
JSON = b"Content-Type: application/json\r\n"
SECOND = 1.0


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


def talk(stack: Stack, first: bytes, headers: bytes = b"", body: bytes = b"") -> tuple[int, float]:
    """Status and seconds of a request written by hand; 0 where the connection was just closed."""
    host, port = stack.app.removeprefix("http://").split(":")
    named = b"" if b"Host:" in headers else f"Host: {host}:{port}\r\n".encode()
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(first + b" HTTP/1.1\r\nConnection: close\r\n" + named + headers + b"\r\n" + body)
        answer = b""
        while b"\r\n" not in answer:
            chunk = line.recv(65536)
            if not chunk:
                break
            answer += chunk
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0, time.monotonic() - began


ODD: dict[str, tuple[bytes, bytes, bytes, set[int]]] = {
    "TRACE": (b"TRACE /", b"", b"", {405}),
    "unknown method": (b"BREW /api/me", b"", b"", {405}),
    "CONNECT": (b"CONNECT example.com:443", b"", b"", {400, 403, 404, 405}),
    "a header of a megabyte": (b"GET /api/me", b"X-A: " + b"a" * 1_000_000 + b"\r\n", b"", {431}),
    "a thousand headers": (b"GET /api/me", b"".join(b"X-%d: a\r\n" % n for n in range(1000)), b"", {431}),
    "an endless address": (b"GET /" + b"a" * 100_000, b"", b"", {414}),
    "two lengths": (b"POST /api/orders", JSON + b"Content-Length: 2\r\nContent-Length: 5\r\n", b"{}abc", {400}),
    "a negative length": (b"POST /api/orders", JSON + b"Content-Length: -1\r\n", b"{}", {400}),
    "an unknown transfer": (b"POST /api/orders", JSON + b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n", {400}),
    "length and chunks": (
        b"POST /api/orders", JSON + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\nG", {400, 401},
    ),
    "a foreign host": (b"GET /", b"Host: evil.example\r\n", b"", {400}),
    "noise": (b"\x16\x03\x01\x02\x00\x01\x00", b"", b"", {400}),
    "up the folders": (b"GET /assets/%2e%2e/%2e%2e/secret_key", b"", b"", {404}),
    "a folder": (b"GET /assets/", b"", b"", {404}),
    "a packed body": (b"POST /api/auth/sms", JSON + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n", b"\x1f\x8b\x08\x00", {400}),
    "xml": (b"POST /api/auth/sms", b"Content-Type: text/xml\r\nContent-Length: 4\r\n", b"<a/>", {400}),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(ODD))
def test_odd_requests_are_refused_at_once(what: str, stack: Stack) -> None:
    first, headers, body, expected = ODD[what]
    tries = [talk(stack, first, headers, body) for _ in range(3)]
    assert {status for status, _ in tries} <= expected
    assert min(seconds for _, seconds in tries) < SECOND


HUGE = {
    "ten megabytes": b'{"phone":"' + b"x" * 10_000_000 + b'"}',
    "a hundred thousand brackets": b"[" * 100_000,
    "five thousand objects": b'{"a":' * 5000,
    "ten thousand lines": json.dumps({"lines": [{"offer_id": "1", "quantity": 1}] * 10_000}).encode(),
    "a packed bomb": gzip.compress(b"0" * 50_000_000),
}
ADDRESSES = ("/api/orders", "/api/orders/quote", "/api/auth/sms", "/notify/wechatpay/transactions")


def web_memory(stack: Stack) -> int:
    """Bytes of the processes that listen on the app's port, children included."""
    port = int(stack.app.rsplit(":", 1)[1])
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except psutil.Error:
            continue
        if "up" in command and str(port) in command:
            return sum(p.memory_info().rss for p in [process, *process.children(recursive=True)])
    raise AssertionError("the product does not run")


def test_huge_bodies_are_refused_and_leave_no_trace_in_memory(stack: Stack) -> None:
    with httpx.Client(base_url=stack.app, timeout=30) as client:
        client.post("/api/auth/sms", content=HUGE["ten megabytes"])
        before = web_memory(stack)
        for _ in range(3):
            for body in HUGE.values():
                for path in ADDRESSES:
                    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
                    assert 400 <= answer.status_code < 500, (path, answer.status_code)
        assert web_memory(stack) - before < 50 * 2**20


def test_a_storm_of_junk_leaves_orders_alone(stack: Stack) -> None:
    """Junk notices from eight clients, as fast as they can; a person's pages are answered meanwhile."""
    stop, counts = threading.Event(), [0] * 8
    wrong: list[int] = []

    def junk(number: int) -> None:
        with httpx.Client(base_url=stack.app, timeout=30) as client:
            while not stop.is_set():
                answer = client.post("/notify/wechatpay/transactions", content=b"{}" * 100)
                counts[number] += 1
                if answer.status_code != 401:
                    wrong.append(answer.status_code)

    before = web_memory(stack)
    threads = [threading.Thread(target=junk, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    waits = []
    with httpx.Client(base_url=stack.app, timeout=30) as person:
        person.post("/api/demo/sign-in", json={"role": "buyer"})
        for _ in range(40):
            began = time.monotonic()
            assert person.get("/api/orders").status_code == 200
            waits.append(time.monotonic() - began)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert wrong == [] and sum(counts) > 200
    assert sorted(waits)[-2] < SECOND
    assert web_memory(stack) - before < 50 * 2**20
    assert stack.check().returncode == 0


def test_slow_senders_hold_nobody_up(stack: Stack) -> None:
    """A hundred bodies that never end: others are answered, and the senders are let go."""
    host, port = stack.app.removeprefix("http://").split(":")
    head = b"POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"
    lines = [socket.create_connection((host, int(port)), timeout=30) for _ in range(100)]
    try:
        for line in lines:
            line.sendall(head)
        waits = []
        for _ in range(20):
            began = time.monotonic()
            assert httpx.get(f"{stack.app}/api/instance", timeout=10).status_code == 200
            waits.append(time.monotonic() - began)
        assert sorted(waits)[-2] < SECOND
        assert b" 408 " in lines[0].recv(100)
    finally:
        for line in lines:
            line.close()

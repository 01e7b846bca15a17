"""The loader that measures other shops: it counts orders, refusals and failures exactly, and the report hides nothing."""

from __future__ import annotations

import asyncio
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from bench.peers import load
from bench.peers.peer import Buyer, Failed, Outcome
from bench.peers.report import best, oversold, section
from bench.peers.wire import Connection


class Shop(ThreadingHTTPServer):
    """A shop with a stock; every third request it answers 500 when told to stumble."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, stock: int, *, stumbles: bool = False, protocol: str = "HTTP/1.1") -> None:
        self.stock, self.sold, self.requests, self.lock = stock, 0, 0, threading.Lock()
        self.stumbles = stumbles
        self.cookies: list[str | None] = []
        handler = type("Handler", (_Handler,), {"protocol_version": protocol})
        super().__init__(("127.0.0.1", 0), handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    server: Shop
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        shop = self.server
        with shop.lock:
            shop.requests += 1
            shop.cookies.append(self.headers["Cookie"])
            status = (
                500 if shop.stumbles and shop.requests % 3 == 0 else 201 if shop.sold < shop.stock else 409
            )
            shop.sold += status == 201
        self.send_response(status)
        self.send_header("Set-Cookie", "session=abc; Path=/")
        self.send_header("Transfer-Encoding", "chunked") if self.protocol_version == "HTTP/1.1" else None
        self.end_headers()
        body = b'{"ok": true}'
        self.wfile.write(
            b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if self.protocol_version == "HTTP/1.1" else body
        )

    def log_message(self, format: str, *args: Any) -> None:
        pass


class ShopBuyer(Buyer):
    async def order(self, good: str) -> Outcome:
        answer = await self.connection.post("/orders", {"good": good})
        if answer.status == 500:
            raise Failed("orders 500")
        assert answer.json() == {"ok": True}
        return Outcome.PLACED if answer.status == 201 else Outcome.REFUSED


@pytest.fixture
def opened() -> Iterator[Any]:
    shops: list[Shop] = []

    def start(stock: int, **options: Any) -> Shop:
        shop = Shop(stock, **options)
        shops.append(shop)
        threading.Thread(target=shop.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return shop

    yield start
    for shop in shops:
        shop.shutdown()
        shop.server_close()


@pytest.mark.parametrize("protocol", ["HTTP/1.0", "HTTP/1.1"])
def test_hot_ends_when_everybody_was_told_sold_out(opened: Any, protocol: str) -> None:
    shop = opened(20, protocol=protocol)
    tally = load.hot(lambda: ShopBuyer(shop.port, {}), 8, "hot-0", limit=30)
    assert (len(tally.waits), tally.refused, dict(tally.failed)) == (20, 8, {})
    assert (shop.sold, shop.requests) == (20, 28)


def test_failures_are_counted_and_tried_again(opened: Any) -> None:
    shop = opened(20, stumbles=True)
    tally = load.hot(lambda: ShopBuyer(shop.port, {}), 4, "hot-0", limit=30)
    assert (len(tally.waits), tally.refused) == (20, 4)
    assert tally.failed == {"orders 500": shop.requests - 24}
    assert shop.requests // 3 == shop.requests - 24
    assert tally.summary()["failed"] == {"orders 500": shop.requests - 24}


def test_a_session_is_kept_on_a_kept_connection(opened: Any) -> None:
    shop = opened(3)

    async def thrice() -> list[int]:
        connection = Connection(shop.port)
        found = [(await connection.post("/orders", {})).status for _ in range(3)]
        connection.close()
        return found

    assert asyncio.run(thrice()) == [201, 201, 201]
    assert shop.cookies == [None, "session=abc", "session=abc"]


def test_a_shop_that_is_away_is_a_failure_and_no_order() -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as gone:
        port = int(gone.server_address[1])
    tally = load.spread(lambda: ShopBuyer(port, {}), 2, 0.2)
    assert (tally.waits, tally.refused, tally.rate) == ([], 0, 0)
    assert set(tally.failed) == {"ConnectionRefusedError"}
    assert "failed" in tally.summary()


def _peer(**hot: Any) -> dict[str, Any]:
    run = {"orders_per_s": 4.5, "p50_ms": 200.0, "p99_ms": 900.0, "placed": 9, "cpu_ms_per_order": 150.0}
    return {
        "title": "Shop", "version": "1.2", "orders_per_s": 5.5, "calls_per_order": 2, "flow": "two calls", "notes": "four workers",
        "spread": {"orders_per_s": 4.5, "by_clients": {"64": run}},
        "hot": run | {"clients": 64, "stock": 200, "sold": [256, 200], "oversold": [56, 0], "stopped": [0, 3]} | hot,
    }  # fmt: skip


def _found(load_before: float = 0.1) -> dict[str, Any]:
    return {
        "machine": {"cpus": 2, "date": "2026-01-02", "load_before": load_before, "postgresql": "15"},
        "rounds": 2,
        "seconds": 3,
        "peers": {
            "shop": _peer(failed={"orders 500": 3}),
            "other": {"title": "Other", "skipped": "not installed"},
        },
    }


def test_the_report_shows_oversell_failures_and_what_was_skipped() -> None:
    text = section(_found())
    assert "| 256, 200 (ended by time) |" in text
    assert "3 × orders 500" in text
    assert "- Other: skipped, not installed" in text
    assert "busy" not in text
    assert "busy with other work (load 9)" in section(_found(9))


def test_the_best_and_the_worst() -> None:
    found = _found()
    assert best(found) == 5.5
    assert oversold(found) == {"shop": 56}
    # 2 cores at 150 ms an order: on a busy machine the peer is given what it could do on an idle one.
    assert best(_found(9)) == 13.3
    found["peers"].pop("shop")
    assert best(found) is None
    assert "skipped" in section(found)

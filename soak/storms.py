"""What many clients do at once."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx
from PIL import Image

from soak.system import System
from soak.wire import NotSent, Reply, Unknown, Wire


def slow_clients(port: int, count: int, seconds: float) -> None:
    """Open `count` connections, send half a request on each, and hold them."""
    held = []
    for _ in range(count):
        with suppress(OSError):
            one = socket.create_connection(("127.0.0.1", port), timeout=2)
            one.sendall(b"POST /api/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
            held.append(one)
    time.sleep(seconds)
    for one in held:
        one.close()


def junk_flood(port: int, seconds: float, found: list[str]) -> str:
    """Bodies too big, too deep, not text, not numbers: each a 4xx, never a 5xx but 503."""
    bodies = (
        b"x" * (10 * 2**20), b"[" * 50_000, b'{"lines": [' + b'{"offer_id": "1", "quantity": 1},' * 10_000 + b"]}",
        b"\x00" * 1000, b'{"group_buy_id": "\\ud800"}', b'{"expected_total_fen": 1e400}',
    )  # fmt: skip
    statuses: Counter[int] = Counter()
    end = time.monotonic() + seconds
    turn = 0
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
        while time.monotonic() < end:
            path = "/api/orders" if turn % 2 else "/notify/wechatpay/transactions"
            status = 0
            with suppress(httpx.HTTPError):
                status = client.post(path, content=bodies[turn % len(bodies)]).status_code
            statuses[status] += 1
            turn += 1
    bad = {s: n for s, n in statuses.items() if s and not (400 <= s < 500 or s == 503)}
    if bad:
        found.append(f"junk_flood: answers {bad}")
    return f"{turn} junk requests, answers {dict(sorted(statuses.items()))}"


def rush(system: System, count: int, found: list[str]) -> str:
    """`count` buyers press for the last offer of the first shop at one instant; answers add up to its stock."""
    return asyncio.run(_rush(system, count, found))


async def _rush(system: System, count: int, found: list[str]) -> str:
    shop = system.world["shops"][0]
    offer = shop["offers"][1]
    buyers = system.world["buyers"][:count]

    async def one(n: int, buyer: dict[str, str]) -> int:
        body = {
            "group_buy_id": shop["group_buy_id"], "delivery_method": "courier", "address_id": buyer["address"],
            "expected_total_fen": offer["price"] + 300, "lines": [{"offer_id": offer["id"], "quantity": 1}],
        }  # fmt: skip
        headers = _headers(buyer) | {"Idempotency-Key": f"soak-rush-{n}"}
        wire = Wire("127.0.0.1", system.front.port)
        with suppress(Unknown, NotSent):
            reply: Reply = await wire.send("POST", "/api/orders", headers, json.dumps(body).encode(), 20)
            wire.close()
            return reply.status
        return 0

    statuses = Counter(await asyncio.gather(*(one(n, buyer) for n, buyer in enumerate(buyers))))
    bad = {s: n for s, n in statuses.items() if s >= 500 and s != 503}
    if bad:
        found.append(f"rush: answers {bad}")
    return f"{count} at one instant, answers {dict(sorted(statuses.items()))}"


def _headers(buyer: dict[str, str]) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {buyer['token']}", "X-Yantuan-Client": "mp", "Content-Type": "application/json",
    }  # fmt: skip


def upload(system: System) -> int:
    """One picture from a buyer; the status of the answer, 0 for none."""
    out = io.BytesIO()
    Image.new("RGB", (300, 300), (200, 90, 60)).save(out, "JPEG")
    headers: dict[str, Any] = _headers(system.world["buyers"][-1])
    del headers["Content-Type"]
    for _ in range(5):
        with suppress(httpx.HTTPError):
            return httpx.post(
                f"{system.app}/api/media", files={"file": ("a.jpg", out.getvalue(), "image/jpeg")},
                data={"purpose": "after_sale"}, headers=headers, timeout=20, trust_env=False,
            ).status_code  # fmt: skip
        time.sleep(0.5)
    return 0

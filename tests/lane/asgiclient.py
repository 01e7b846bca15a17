"""Calls an ASGI application in this process, and builds the lane with stand-ins for what lies behind it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections

from yantuan.api import lane_wire
from yantuan.api.lane import Lane
from yantuan.api.lane_wire import App, Receive, Scope, Send
from yantuan.orders.intake import Intake


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.body)


async def call(
    app: App, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None
) -> Answer:
    scope: Scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        "headers": [(n.lower().encode(), v.encode("latin-1")) for n, v in (headers or {}).items()],
    }  # fmt: skip
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    fields = {n.decode(): v.decode("latin-1") for n, v in start["headers"]}
    return Answer(start["status"], fields, b"".join(m.get("body", b"") for m in sent[1:]))


def ask(app: App, method: str, path: str, **more: Any) -> Answer:
    return asyncio.run(call(app, method, path, **more))


async def elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for Django and for the live stream."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@contextmanager
def running_lane(intake: Intake | None = None) -> Iterator[Lane]:
    chosen = intake or Intake()
    chosen.start()
    try:
        yield Lane(elsewhere, elsewhere, chosen)
    finally:
        chosen.stop()
        _leave_database()


def _leave_database() -> None:
    """Close the connections of the lane's threads, so that the test database can be dropped."""
    meeting = threading.Barrier(lane_wire._threads._max_workers)

    def leave() -> None:
        meeting.wait(10)
        connections.close_all()

    for future in [lane_wire._threads.submit(leave) for _ in range(meeting.parties)]:
        future.result(20)

"""The outermost layer: names every request, counts and times it, and answers the probes without Django's threads.

Added to every request, the hot lane's included: one context variable, one header, two dictionary updates (about 3 µs).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import time
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import DatabaseError, close_old_connections

from yantuan import __version__
from yantuan.api.health import is_insider, ready_answer
from yantuan.api.lane_wire import App, Headers, Receive, Scope, Send, send_answer, send_error
from yantuan.api.metrics import render
from yantuan.health import alarms
from yantuan.kernel import logs, metrics
from yantuan.kernel.config import config
from yantuan.kernel.errors import NotFound
from yantuan.kernel.schema import SchemaMismatch, schema_state
from yantuan.orders.intake import Intake

_access = logging.getLogger("yantuan.access")
_log = logging.getLogger(__name__)

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_CLASSES = frozenset(
    [
        "auth",
        "me",
        "orders",
        "leader",
        "leaders",
        "stores",
        "media",
        "notices",
        "events",
        "demo",
        "config",
        "aftersales",
        "groupbuys",
        "share",
    ]
)
_AREAS = frozenset(
    ["console", "desk", "media", "notify", "share", "assets", "static", "console-static", "g", "s"]
)
PROBE_SECONDS = 2.0
"""A database that takes longer to answer is not ready."""
# Threads of their own: the lane's may all be waiting for a silent database.
_ready_thread = ThreadPoolExecutor(1, thread_name_prefix="ready")
_metrics_thread = ThreadPoolExecutor(1, thread_name_prefix="scrape")
PLAIN = [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8"), (b"cache-control", b"no-store")]
JSON = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]


def route_class(method: str, path: str) -> str:
    """One of a few names for what was asked: never an id, so that the number of figures stays small."""
    if path.startswith("/api/"):
        first = path[5:].split("/", 1)[0]
        if first == "g":
            return "api_page"
        if path == "/api/orders" and method == "POST":
            return "place"
        return f"api_{first}" if first in _CLASSES else "api_other"
    first = path[1:].split("/", 1)[0]
    return first if first in _AREAS else "app"


class Observed:
    """Wraps the whole application of one web process."""

    def __init__(self, app: App, intake: Intake) -> None:
        self._app = app
        self._intake = intake
        self._misfit: SchemaMismatch | None = None
        self._probe: asyncio.Future[tuple[int, dict[str, object]]] | None = None
        self._stop = threading.Event()
        self._access = config().access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        threading.Thread(target=self._start, name="watch", daemon=True).start()
        try:
            await self._app(scope, receive, send)
        finally:
            self._stop.set()

    def _start(self) -> None:
        """Everything of this process that may wait for the database: not at the cost of the start."""
        metrics.start_flushing()
        while not self._stop.is_set():
            try:
                state = schema_state()
            except DatabaseError:
                self._stop.wait(1)
                continue
            if not state.fits:
                self._misfit = SchemaMismatch(state)
                _log.error("not serving: %s", self._misfit.en)
            break
        alarms.watch_the_worker(self._stop)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        request_id = logs.begin_request(_given_id(scope))
        name = (b"x-request-id", request_id.encode())
        status = 0

        async def named(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), name]}
            await send(message)

        kind = route_class(scope["method"], scope["path"])
        try:
            await self._route(scope, receive, named)
        finally:
            seconds = time.perf_counter() - began
            metrics.count("requests", kind, str(status))
            if kind != "api_events":
                metrics.observe("request_seconds", seconds, kind)
            if self._access:
                fields = {
                    "route": kind,
                    "method": scope["method"],
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                }
                _access.info("request", extra={"fields": fields})

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/healthz":
            await send_answer(send, 200, json.dumps({"ok": True, "version": __version__}).encode(), JSON)
        elif path == "/readyz":
            status, body = await self._ready()
            await send_answer(send, status, json.dumps(body).encode(), JSON)
        elif self._misfit is not None:
            await send_error(send, self._misfit)
        elif path == "/metrics":
            await self._metrics(scope, send)
        else:
            await self._app(scope, receive, send)

    async def _ready(self) -> tuple[int, dict[str, object]]:
        """One look at a time: while the database is silent, askers wait for the same look and are told after two seconds."""
        if self._probe is None or self._probe.done():
            loop = asyncio.get_running_loop()
            self._probe = loop.run_in_executor(_ready_thread, _look, self._intake.running)
        try:
            return await asyncio.wait_for(asyncio.shield(self._probe), PROBE_SECONDS)
        except TimeoutError:
            return 503, {"ok": False, "problems": ["database"], "warnings": []}

    async def _metrics(self, scope: Scope, send: Send) -> None:
        peer = (scope.get("client") or ("", 0))[0]
        if not is_insider(str(peer), Headers(scope["headers"])):
            await send_error(send, NotFound())
            return
        waiting = self._intake.figures().waiting
        text = await asyncio.get_running_loop().run_in_executor(_metrics_thread, render, waiting)
        await send_answer(send, 200, text, PLAIN)


def _look(intake_running: bool) -> tuple[int, dict[str, object]]:
    close_old_connections()
    return ready_answer(intake_running)


def _given_id(scope: Scope) -> str:
    """The id a trusted proxy gave the request, if it is a plain one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            peer = (scope.get("client") or ("", 0))[0]
            text = value.decode("latin-1")
            return text if peer in config().trusted_peers and _GIVEN_ID.fullmatch(text) else ""
    return ""

"""The ASGI application: two hot paths and the live stream answered here, everything else by Django (design §5)."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

from yantuan.api.lane_orders import OrderLane
from yantuan.api.lane_pages import PageLane
from yantuan.api.lane_wire import App, Disconnected, Receive, Scope, Send, send_error
from yantuan.kernel.errors import AppError
from yantuan.kernel.lean import settle
from yantuan.orders.intake import Intake

_log = logging.getLogger(__name__)
_PAGE = "/api/g/"
_TURN_SECONDS = 0.0005
"""How long a busy thread may keep the interpreter from another. The booking thread waits for its turn after each answer
of the database; at Python's usual 5 ms a batch would spend most of its time waiting for the event loop."""


def _settle_down() -> None:
    """Everything is loaded and this process serves from now on."""
    sys.setswitchinterval(_TURN_SECONDS)
    settle()


class Lane:
    """Routes requests; its lifespan starts the intake and drains it at the end."""

    def __init__(self, rest: App, events: App, intake: Intake) -> None:
        self._rest = rest
        self._events = events
        self._intake = intake
        self._orders = OrderLane(intake)
        self._pages = PageLane()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._route(scope, receive, watched)
        except Disconnected:
            return
        except AppError as error:
            await send_error(send, error)
        except Exception:
            _log.exception("unexpected failure on %s", scope["path"])
            if started:
                raise
            failure = AppError(
                "internal_error", "服务出错了，请稍后再试", "Something went wrong here.", status=500
            )
            await send_error(send, failure)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        method, path = scope["method"], scope["path"]
        if method == "POST" and path == "/api/orders":
            await self._orders(scope, receive, send)
        elif method == "GET" and path.startswith(_PAGE) and "/" not in path[len(_PAGE) :]:
            await self._pages(scope, path[len(_PAGE) :], send)
        elif method == "GET" and path == "/api/events":
            await self._events(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                _settle_down()
                self._intake.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self._intake.stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

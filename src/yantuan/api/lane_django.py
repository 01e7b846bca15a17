"""Everything that is not hot: Django behind a bounded pool of threads.

Bodies are read here first, so that a slow sender holds no thread, and headers with an underscore are dropped, for WSGI
could not tell them from those with a dash.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import WSGIApp

from yantuan.api.lane_wire import App, Receive, Scope, Send, read_body

THREADS = 8
MAX_BODY = 13 * 1024 * 1024


class DjangoApp:
    """Answers one request in one of `THREADS` threads."""

    def __init__(self, wsgi: WSGIApp) -> None:
        self._app = cast(App, WSGIMiddleware(wsgi, workers=THREADS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, MAX_BODY)
        kept = [
            (n, v) for n, v in scope["headers"] if b"_" not in n and n not in (b"content-length", b"expect")
        ]
        kept.append((b"content-length", str(len(body)).encode()))
        query = scope["query_string"].decode("latin-1").encode("ascii", "replace")
        given = False

        async def replay() -> MutableMapping[str, Any]:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app({**scope, "headers": kept, "query_string": query}, replay, send)

"""Everything that is not hot: Django behind a bounded pool of threads.

Bodies are read here first, so that a slow sender holds no thread, and headers with an underscore are dropped, for WSGI
could not tell them from those with a dash.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, cast

from a2wsgi import WSGIMiddleware
from a2wsgi.wsgi_typing import WSGIApp

from yantuan.api.lane_wire import App, Receive, Scope, Send, read_body, too_large
from yantuan.kernel.errors import Busy

THREADS = 8
MAX_BODY = 13 * 1024 * 1024
"""Of the few addresses that take files."""
MAX_PLAIN_BODY = 512 * 1024
MAX_HELD = 4 * MAX_BODY
"""All bodies above `MAX_PLAIN_BODY` that are being read together; more is asked to come again."""
_FILES = ("/api/media", "/console/")
_SHEETS = ("/ship-imports", "/goods-imports")


def body_limit(path: str) -> int:
    """Most bytes a body of this address may have."""
    return MAX_BODY if path.startswith(_FILES) or path.endswith(_SHEETS) else MAX_PLAIN_BODY


class DjangoApp:
    """Answers one request in one of `THREADS` threads."""

    def __init__(self, wsgi: WSGIApp) -> None:
        self._app = cast(App, WSGIMiddleware(wsgi, workers=THREADS))
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._read(scope, receive)
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

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        """The body; only addresses for files may hold a large one, and only so many at once."""
        limit = body_limit(scope["path"])
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if declared.isdigit() and int(declared) > limit:
            raise too_large()
        small = declared.isdigit() and int(declared) <= MAX_PLAIN_BODY
        if small or limit == MAX_PLAIN_BODY or scope["method"] in ("GET", "HEAD"):
            return await read_body(receive, MAX_PLAIN_BODY)
        if self._held + limit > MAX_HELD:
            raise Busy(retry_after=2)
        self._held += limit
        try:
            return await read_body(receive, limit)
        finally:
            self._held -= limit

"""`GET /api/g/{code}` in the hot lane: encoded once, sent many times, never older than half a second."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from dataclasses import dataclass, field

from yantuan.api.lane_wire import JSON, Headers, Pairs, Scope, Send, in_thread, send_answer
from yantuan.groupbuys.queries import group_buy_page
from yantuan.kernel.errors import NotFound

FRESH_SECONDS = 0.5
_MAX_PAGES = 1000


@dataclass
class Encoded:
    """One page as bytes; the compressed copy is made when first asked for."""

    body: bytes
    etag: bytes
    _packed: bytes = field(default=b"", repr=False)

    @property
    def packed(self) -> bytes:
        if not self._packed:
            self._packed = gzip.compress(self.body, compresslevel=4, mtime=0)
        return self._packed


def encode_page(code: str) -> Encoded:
    """Read and encode one public page. Raises NotFound."""
    body = group_buy_page(code).model_dump_json().encode()
    return Encoded(body, b'W/"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"')


class PageLane:
    """Public pages of group buys. However many ask at once, each page is read once per half second."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[float, asyncio.Task[Encoded]]] = {}

    async def __call__(self, scope: Scope, code: str, send: Send) -> None:
        if not (code.isascii() and code.isalnum() and len(code) <= 16):
            raise NotFound("没有找到这个团购，可能已被删除或链接不对", "No such group buy.")
        page = await self._page(code)
        headers = Headers(scope["headers"])
        common: Pairs = [(b"etag", page.etag), (b"cache-control", b"no-cache"), (b"vary", b"accept-encoding")]
        if page.etag.decode() in headers.get("if-none-match", ""):
            await send_answer(send, 304, b"", common)
        elif "gzip" in headers.get("accept-encoding", ""):
            await send_answer(send, 200, page.packed, [*JSON, *common, (b"content-encoding", b"gzip")])
        else:
            await send_answer(send, 200, page.body, [*JSON, *common])

    async def _page(self, code: str) -> Encoded:
        moment = time.monotonic()
        known = self._pages.get(code)
        if known is None or known[0] <= moment:
            if len(self._pages) >= _MAX_PAGES:
                self._pages = {c: kept for c, kept in self._pages.items() if kept[0] > moment}
            task = asyncio.create_task(in_thread(encode_page, code))
            self._pages[code] = known = (moment + FRESH_SECONDS, task)
        # One impatient client must not cancel the read the others wait for.
        return await asyncio.shield(known[1])

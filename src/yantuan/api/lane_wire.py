"""Requests and answers of the hot lane: plain ASGI, no framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http.cookies import CookieError, SimpleCookie
from typing import Any, ParamSpec, TypeVar

import msgspec
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from yantuan.kernel.errors import AppError, Busy
from yantuan.kernel.logs import request_id

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Pairs = list[tuple[bytes, bytes]]

P = ParamSpec("P")
T = TypeVar("T")

JSON: Pairs = [(b"content-type", b"application/json; charset=utf-8"), (b"x-content-type-options", b"nosniff")]
NO_STORE: Pairs = [(b"cache-control", b"no-store")]
PRIVATE_JSON: Pairs = [*JSON, *NO_STORE]

BODY_SECONDS = 10
SLOWEST_BYTES_PER_SECOND = 128 * 1024
"""Who sends slower than this, beyond `BODY_SECONDS`, is not waited for: idle connections must not add up."""

_threads = ThreadPoolExecutor(4, thread_name_prefix="lane")


class Disconnected(Exception):
    """The client left before its body was read."""


class Headers(Mapping[str, str]):
    """Request headers, found whatever their case; a repeated one is joined with commas."""

    def __init__(self, pairs: Pairs) -> None:
        self._values: dict[str, str] = {}
        for raw_name, raw_value in pairs:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            if name in self._values:
                joint = "; " if name == "cookie" else ","
                value = f"{self._values[name]}{joint}{value}"
            self._values[name] = value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:
        # Without the detour through an exception that Mapping's own takes.
        return self._values.get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def cookies(self) -> dict[str, str]:
        """Cookies by name; an unreadable header counts as none."""
        sent = self._values.get("cookie")
        if not sent:
            return {}
        try:
            return {name: morsel.value for name, morsel in SimpleCookie(sent).items()}
        except CookieError:
            return {}


def too_large() -> AppError:
    """The refusal of a body above its limit."""
    return AppError("body_too_large", "提交的内容太大了", "The body is too large.", status=413)


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body.

    Raises AppError `body_too_large` (413) above `limit` bytes, `body_too_slow` (408) when it does not come, Disconnected
    when the client left.
    """
    try:
        async with asyncio.timeout(BODY_SECONDS + limit / SLOWEST_BYTES_PER_SECOND):
            return await _read_body(receive, limit)
    except TimeoutError:
        raise AppError(
            "body_too_slow",
            "网络太慢，请求没有发完，请重试",
            "The request did not arrive in time.",
            status=408,
        ) from None


async def _read_body(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large()
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def send_answer(send: Send, status: int, body: bytes, headers: Pairs) -> None:
    """One complete answer."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def send_error(send: Send, error: AppError) -> None:
    """The envelope every refusal uses."""
    headers = [*JSON, *NO_STORE]
    if error.retry_after is not None:
        headers.append((b"retry-after", str(error.retry_after).encode()))
    await send_answer(send, error.status, msgspec.json.encode(error.body(request_id())), headers)


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a read in one of the lane's few threads, once more on a fresh connection if the first was lost.

    Raises Busy when the database does not answer.
    """

    def run() -> T:
        close_old_connections()
        try:
            return work(*args, **kwargs)
        except (OperationalError, InterfaceError):
            connection.close()
        try:
            return work(*args, **kwargs)
        except DatabaseError as error:
            connection.close()
            raise Busy(retry_after=2) from error

    return await asyncio.get_running_loop().run_in_executor(_threads, run)

"""Live messages: one look at the database per process and half second, however many people watch."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from yantuan.identity import sessions
from yantuan.identity.auth import pick_token
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, SignInNeeded
from yantuan.kernel.ids import EPOCH_MS
from yantuan.notices.models import InboxMessage
from yantuan.notices.queries import message_out

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LOOK_SECONDS = 0.4
PING_SECONDS = 15
OVERLAP_MS = 15_000
"""How far back every look reaches: a message whose commit came late has an older id than one already seen."""
REPLAY = 100
MAX_WATCHERS = 2000
QUEUE = 200


def _recent(after: int) -> list[tuple[int, int, str]]:
    close_old_connections()
    rows = InboxMessage.objects.filter(id__gt=after).order_by("id")[:1000]
    return [(row.person_id, row.id, message_out(row).model_dump_json()) for row in rows]


def _missed(person_id: int, after: int) -> list[tuple[int, str]]:
    close_old_connections()
    rows = InboxMessage.objects.filter(person_id=person_id, id__gt=after).order_by("id")[:REPLAY]
    return [(row.id, message_out(row).model_dump_json()) for row in rows]


def _resolve(token: str) -> int | None:
    close_old_connections()
    return sessions.resolve(token)


class Hub:
    """The watchers of this process and the one task that looks for them."""

    def __init__(self) -> None:
        self._watchers: dict[int, set[asyncio.Queue[tuple[int, str]]]] = {}
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    def join(self, person_id: int) -> asyncio.Queue[tuple[int, str]] | None:
        """A queue that receives (id, json); None when the house is full."""
        if self._count >= MAX_WATCHERS:
            return None
        queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue(QUEUE)
        self._watchers.setdefault(person_id, set()).add(queue)
        self._count += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())
        return queue

    def leave(self, person_id: int, queue: asyncio.Queue[tuple[int, str]]) -> None:
        mine = self._watchers.get(person_id, set())
        if queue in mine:
            mine.discard(queue)
            self._count -= 1
            if not mine:
                self._watchers.pop(person_id, None)

    async def _look(self) -> None:
        seen: dict[int, None] = {message_id: None for _, message_id, _ in await self._fetch()}
        while self._watchers:
            await asyncio.sleep(LOOK_SECONDS)
            fresh = await self._fetch()
            for person_id, message_id, text in fresh:
                if message_id in seen:
                    continue
                seen[message_id] = None
                for queue in self._watchers.get(person_id, ()):
                    # A watcher that doesn't read loses messages here and gets them by Last-Event-ID.
                    with contextlib.suppress(asyncio.QueueFull):
                        queue.put_nowait((message_id, text))
            while len(seen) > 5000:
                seen.pop(next(iter(seen)))

    async def _fetch(self) -> list[tuple[int, int, str]]:
        since = (int(now().timestamp() * 1000) - EPOCH_MS - OVERLAP_MS) << 22
        try:
            return await sync_to_async(_recent, thread_sensitive=False)(since)
        except Exception:
            # The database is away; the next look tries again.
            return []


hub = Hub()


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").title(): value.decode("latin-1") for name, value in scope["headers"]}


async def events_app(scope: Scope, receive: Receive, send: Send) -> None:
    """GET /api/events: text/event-stream of the signed-in person's messages; Last-Event-ID replays what was missed."""
    headers = _headers(scope)
    cookies = {k: v.value for k, v in SimpleCookie(headers.get("Cookie", "")).items()}
    try:
        token = pick_token("GET", headers, cookies)
        person_id = await sync_to_async(_resolve, thread_sensitive=False)(token) if token else None
        if person_id is None:
            raise SignInNeeded()
    except AppError as error:
        await _refuse(send, error)
        return
    queue = hub.join(person_id)
    if queue is None:
        await _refuse(
            send,
            AppError("busy", "现在人有点多，请稍后刷新", "Too many watchers.", status=503, retry_after=30),
        )
        return
    try:
        await _stream(person_id, headers.get("Last-Event-Id", ""), queue, receive, send)
    finally:
        hub.leave(person_id, queue)


async def _stream(
    person_id: int, last: str, queue: asyncio.Queue[tuple[int, str]], receive: Receive, send: Send
) -> None:
    kinds = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": kinds})
    await _write(send, "retry: 3000\n\n")
    sent: set[int] = set()
    if last.isascii() and last.isdigit():
        for message_id, text in await sync_to_async(_missed, thread_sensitive=False)(person_id, int(last)):
            sent.add(message_id)
            await _write(send, f"id: {message_id}\nevent: message\ndata: {text}\n\n")
    gone = asyncio.create_task(_until_gone(receive))
    try:
        while not gone.done():
            getter = asyncio.create_task(queue.get())
            done, _ = await asyncio.wait(
                {getter, gone}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if getter in done:
                message_id, text = getter.result()
                if message_id not in sent:
                    await _write(send, f"id: {message_id}\nevent: message\ndata: {text}\n\n")
                continue
            getter.cancel()
            if gone not in done:
                await _write(send, ": ping\n\n")
    finally:
        gone.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _refuse(send: Send, error: AppError) -> None:
    body = json.dumps(error.body(), ensure_ascii=False).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

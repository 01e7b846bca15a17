"""Live messages: one look at the database per process and half second, however many people watch."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from http.cookies import SimpleCookie
from typing import Any

from asgiref.sync import sync_to_async
from django.db import DatabaseError, InterfaceError, close_old_connections

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
MAX_ID_DIGITS = 19
MAX_WATCHERS = 2000
QUEUE = 200
CHECK_SECONDS = 60.0
"""How often an open stream's session is looked at again: signing out elsewhere must end it."""

_AWAY = (DatabaseError, InterfaceError)


def _recent(after: int) -> dict[int, int]:
    """Person by message id, of every message after an id: two numbers a row, so that a burst is no burden."""
    close_old_connections()
    return dict(InboxMessage.objects.filter(id__gt=after).values_list("id", "person_id"))


def _texts(ids: Sequence[int]) -> list[tuple[int, int, str]]:
    rows = InboxMessage.objects.filter(id__in=ids).order_by("id")
    return [(row.person_id, row.id, message_out(row).model_dump_json()) for row in rows]


def _missed(person_id: int, after: int) -> list[tuple[int, str]]:
    close_old_connections()
    rows = InboxMessage.objects.filter(person_id=person_id, id__gt=after).order_by("id")[:REPLAY]
    return [(row.id, message_out(row).model_dump_json()) for row in rows]


def _resolve(token: str) -> int | None:
    close_old_connections()
    return sessions.resolve(token)


def _signed_out(token: str) -> bool:
    """Whether the session has surely ended; a database that is away says nothing."""
    try:
        return _resolve(token) is None
    except _AWAY:
        return False


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
        seen: Collection[int] = await self._fetch() or ()
        while self._watchers:
            await asyncio.sleep(LOOK_SECONDS)
            found = await self._fetch()
            if found is None:
                continue
            wanted = [i for i, person in found.items() if i not in seen and person in self._watchers]
            if wanted and not await self._hand_out(wanted):
                continue
            # What has left the window can't come back, so nothing older needs to be remembered.
            seen = found

    async def _hand_out(self, ids: Sequence[int]) -> bool:
        """Put the messages into their watchers' queues; False when they could not be read."""
        try:
            messages = await sync_to_async(_texts, thread_sensitive=False)(ids)
        except _AWAY:
            return False
        for person_id, message_id, text in messages:
            for queue in self._watchers.get(person_id, ()):
                # A watcher that doesn't read loses messages here and gets them by Last-Event-ID.
                with contextlib.suppress(asyncio.QueueFull):
                    queue.put_nowait((message_id, text))
        return True

    async def _fetch(self) -> dict[int, int] | None:
        """The window's messages; None while the database is away, and the next look tries again."""
        since = (int(now().timestamp() * 1000) - EPOCH_MS - OVERLAP_MS) << 22
        try:
            return await sync_to_async(_recent, thread_sensitive=False)(since)
        except _AWAY:
            return None


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
        await _open(send)
        sent = await _replay(person_id, headers.get("Last-Event-Id", ""), send)
        await _stream(token, queue, sent, receive, send)
    finally:
        hub.leave(person_id, queue)


async def _open(send: Send) -> None:
    kinds = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": kinds})
    await _write(send, "retry: 3000\n\n")


async def _replay(person_id: int, last: str, send: Send) -> set[int]:
    """Send what came after the last event the browser has; answers the ids sent. Anything but an id replays nothing."""
    sent: set[int] = set()
    if last.isascii() and last.isdigit() and len(last) <= MAX_ID_DIGITS:
        for message_id, text in await sync_to_async(_missed, thread_sensitive=False)(person_id, int(last)):
            sent.add(message_id)
            await _write(send, _event(message_id, text))
    return sent


async def _stream(
    token: str, queue: asyncio.Queue[tuple[int, str]], sent: set[int], receive: Receive, send: Send
) -> None:
    gone = asyncio.create_task(_until_gone(receive))
    checked = time.monotonic()
    try:
        while not gone.done():
            getter = asyncio.create_task(queue.get())
            done, _ = await asyncio.wait(
                {getter, gone}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if getter in done:
                message_id, text = getter.result()
                if message_id not in sent:
                    await _write(send, _event(message_id, text))
            else:
                getter.cancel()
                if gone not in done:
                    await _write(send, ": ping\n\n")
            if time.monotonic() - checked >= CHECK_SECONDS:
                checked = time.monotonic()
                if await sync_to_async(_signed_out, thread_sensitive=False)(token):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
    finally:
        gone.cancel()


def _event(message_id: int, text: str) -> str:
    return f"id: {message_id}\nevent: message\ndata: {text}\n\n"


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

"""Who wants which event: `@on("wxa_media_check")` above a function that takes a `Push`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from yantuan.kernel import outbox
from yantuan.push import inbox
from yantuan.push.messages import Push, topic_of

__all__ = ["Push", "PushHandler", "on"]

PushHandler = Callable[[Push], None]


def on(event: str) -> Callable[[PushHandler], PushHandler]:
    """Register a handler for one event name (any case). Put it into the app's `jobs.py`, which every process imports.

    Called by the worker, outside any transaction, at least once: the effect must bear a repeat. An exception means
    again later with growing pauses; `outbox.Later(seconds)` too, without counting as a failure. Several handlers of
    one event do not disturb each other.
    """

    def register(handler: PushHandler) -> PushHandler:
        @functools.wraps(handler)
        def work(payload: dict[str, Any]) -> None:
            push = inbox.load(int(payload["push_id"]))
            if push is not None:
                handler(push)
                inbox.handled(push.id)

        outbox.on(topic_of(event.lower()))(work)
        return handler

    return register

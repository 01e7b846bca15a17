"""The live stream to open apps: nothing missed, nothing for strangers, an end with the session."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from yantuan.identity import sessions
from yantuan.kernel.clock import now
from yantuan.notices import actions, sse
from yantuan.notices.models import InboxMessage
from yantuan.notices.rules import Words
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db(transaction=True)


async def _watch(token: str, last_id: str, until: int) -> list[dict[str, Any]]:
    """Open the stream as a browser does and read until `until` events came."""
    headers = [(b"cookie", f"{sessions.COOKIE}={token}".encode()), (b"last-event-id", last_id.encode())]
    parts: list[dict[str, Any]] = []
    enough = asyncio.Event()
    text: list[str] = []

    async def receive() -> dict[str, Any]:
        await enough.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        parts.append(message)
        text.append(message.get("body", b"").decode())
        if "".join(text).count("event: message") >= until or message.get("status", 200) != 200:
            enough.set()

    await asyncio.wait_for(sse.events_app({"headers": headers, "method": "GET"}, receive, send), 20)
    return [{"status": parts[0]["status"], "text": "".join(text)}]


def test_the_stream_replays_what_was_missed(store: Store) -> None:
    person = store.leader.person
    token = sessions.start(person, "h5", "test")
    for n in range(3):
        actions.post(person.id, "leader", "order_paid", Words(f"m{n}", ""), f"l{n}")
    first = InboxMessage.objects.order_by("id").values_list("id", flat=True)[0]
    got = async_to_sync(_watch)(token, str(first), 2)[0]
    assert got["status"] == 200
    shown = [json.loads(line[6:])["title"] for line in got["text"].splitlines() if line.startswith("data: ")]
    assert shown == ["m1", "m2"]


def test_a_stranger_gets_no_stream() -> None:
    got = async_to_sync(_watch)("nobody", "", 1)[0]
    assert got["status"] == 401
    assert json.loads(got["text"])["code"] == "sign_in_needed"


def test_a_burst_of_others_hides_no_message_from_its_watcher(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many messages fall into the window a look reaches back over, each watcher sees all of its own."""
    person = store.leader.person
    token = sessions.start(person, "h5", "test")
    monkeypatch.setattr(sse, "LOOK_SECONDS", 0.2)
    strangers = [(person.id + 1, f"b{n}") for n in range(1200)]

    def crowd() -> None:
        InboxMessage.objects.bulk_create(
            InboxMessage(
                person_id=who, role="leader", kind="order_paid", title=text, dedupe=text, created_at=now()
            )
            for who, text in [*strangers, (person.id, "mine")]
        )

    async def story() -> list[dict[str, Any]]:
        watching = asyncio.create_task(_watch(token, "", 1))
        await asyncio.sleep(0.3)
        await sync_to_async(crowd)()
        return await watching

    assert '"title":"mine"' in async_to_sync(story)()[0]["text"]


@pytest.mark.parametrize("last", ["9" * 5000, "9" * 19, "-1", "x"])
def test_a_last_event_that_cannot_be_one_replays_nothing(store: Store, last: str) -> None:
    actions.post(store.leader.person_id, "leader", "order_paid", Words("m", ""), "l")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    assert async_to_sync(sse._replay)(store.leader.person_id, last, send) == set()
    assert sent == []


def test_signing_out_elsewhere_ends_an_open_stream(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    person = store.leader.person
    token = sessions.start(person, "h5", "test")
    monkeypatch.setattr(sse, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(sse, "PING_SECONDS", 0.05)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def story() -> None:
        headers = [(b"cookie", f"{sessions.COOKIE}={token}".encode())]
        stream = asyncio.create_task(sse.events_app({"headers": headers, "method": "GET"}, receive, send))
        while not any(b"ping" in message.get("body", b"") for message in sent):
            await asyncio.sleep(0.01)
        await sync_to_async(sessions.revoke)(token)
        await asyncio.wait_for(stream, 10)

    async_to_sync(story)()
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}

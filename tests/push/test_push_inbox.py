"""The route, the store, and the worker's part of pushes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings

from yantuan.gateways.wechat_push import PushSettings, encrypt, signature
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.models import OutboxEvent
from yantuan.push import inbox, jobs
from yantuan.push.models import PushMessage
from yantuan.push.registry import Push, on

pytestmark = pytest.mark.django_db

ROUTE = "/notify/wechat/push"
KEY = "k" * 43
SETTINGS = PushSettings("tok3n", "secure", ("wxmini",), KEY)
EVENT: dict[str, Any] = {
    "ToUserName": "gh_1",
    "FromUserName": "oPERSON",
    "CreateTime": 1714112445,
    "MsgType": "event",
    "Event": "Test_Kept",
    "trace_id": "t-1",
}
seen: list[Push] = []


@on("test_kept")
def keep(push: Push) -> None:
    seen.append(push)


@on("test_kept")
def keep_too(push: Push) -> None:
    if push.text("trouble"):
        raise RuntimeError("not now")


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "WECHAT_MINI_APPID": "wxmini", "WECHAT_PUSH_TOKEN": "tok3n", "WECHAT_PUSH_AES_KEY": KEY,
        "WECHAT_PUSH_MODE": "secure",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"YANTUAN_{name}", value)
    config.cache_clear()
    seen.clear()
    with override_settings(ALLOWED_HOSTS=["*"]):
        yield
    config.cache_clear()


def post(message: str, **changes: str) -> tuple[int, str]:
    sealed = encrypt(SETTINGS, message.encode(), appid=changes.pop("appid", "wxmini"))
    stamp = changes.pop("timestamp", str(int(now().timestamp())))
    query = {
        "timestamp": stamp, "nonce": "n0nce", "encrypt_type": "aes",
        "msg_signature": signature("tok3n", stamp, "n0nce", sealed), **changes,
    }  # fmt: skip
    address = ROUTE + "?" + "&".join(f"{k}={v}" for k, v in query.items())
    answer = Client().post(address, json.dumps({"ToUserName": "gh_1", "Encrypt": sealed}), "application/json")
    return answer.status_code, answer.content.decode()


def nothing_kept() -> bool:
    return (
        not PushMessage.objects.exists()
        and not OutboxEvent.objects.filter(topic__startswith="push.").exists()
    )


def test_an_event_is_kept_answered_and_handled_by_the_worker() -> None:
    assert post(json.dumps(EVENT)) == (200, "success")
    row = PushMessage.objects.get()
    assert (row.event, row.seen, row.handlers, row.handled_at) == ("test_kept", 1, 2, None)
    assert "oPERSON" not in row.sealed and seen == []
    assert outbox.drain() == 2
    assert [(p.event, p.sender, p.text("trace_id"), p.number("CreateTime")) for p in seen] == [
        ("test_kept", "oPERSON", "t-1", 1714112445)
    ]
    row.refresh_from_db()
    assert row.handled_at is not None


def test_the_same_again_is_counted_and_another_is_not_swallowed() -> None:
    for _ in range(3):
        assert post(json.dumps(EVENT))[0] == 200
    assert PushMessage.objects.get().seen == 3
    assert post(json.dumps(EVENT | {"trace_id": "t-2"}))[0] == 200
    outbox.drain()
    assert sorted(p.text("trace_id") for p in seen) == ["t-1", "t-2"]


def test_one_failing_handler_is_asked_again_alone() -> None:
    post(json.dumps(EVENT | {"trouble": "yes"}))
    outbox.drain()
    assert len(seen) == 1
    left = OutboxEvent.objects.get(topic="push.test_kept", state="pending")
    assert left.attempts == 1 and "keep_too" in left.payload["_handler"]


def test_events_nobody_wants_are_kept_and_messages_of_people_are_not() -> None:
    assert post(json.dumps(EVENT | {"Event": "something_new"})) == (200, "success")
    assert PushMessage.objects.get().handlers == 0
    PushMessage.objects.all().delete()
    text = {"FromUserName": "o", "MsgType": "text", "Content": "在吗", "MsgId": 1}
    assert post(json.dumps(text)) == (200, "success")
    assert nothing_kept()


def test_entries_of_a_list_in_every_shape() -> None:
    one, two = {"TemplateId": "A"}, {"TemplateId": "B"}
    for fields, wanted in (
        ({"List": one}, [one]),
        ({"List": [one, two]}, [one, two]),
        ({"SubscribeMsgChangeEvent": {"List": one}}, [one]),
        ({}, []),
    ):
        assert Push(1, "e", "o", None, fields).entries() == wanted


def test_the_check_of_the_address() -> None:
    stamp = str(int(now().timestamp()))
    query = {"timestamp": stamp, "nonce": "1", "signature": signature("tok3n", stamp, "1"), "echostr": "<b>1"}
    answer = Client().get(ROUTE, query)
    assert answer.status_code == 200 and answer.content == b"<b>1"
    assert answer["Content-Type"].startswith("text/plain")
    assert Client().get(ROUTE, query | {"signature": "0"}).status_code == 403
    assert Client().get(ROUTE).status_code == 403


@pytest.mark.parametrize(
    ("send", "status"),
    [
        (lambda: post(json.dumps(EVENT), msg_signature="0" * 40), 403),
        (lambda: post(json.dumps(EVENT), appid="wxother"), 403),
        (lambda: post(json.dumps(EVENT), timestamp="1714112445"), 403),
        (lambda: post(json.dumps(EVENT), timestamp="x"), 403),
        (lambda: post("not a message"), 400),
        (lambda: post("<!DOCTYPE xml [<!ENTITY a 'b'>]><xml><Event>&a;</Event></xml>"), 400),
        (lambda: post(json.dumps({"Event": "x" * 200_000})), 413),
    ],
)
def test_what_is_refused_leaves_nothing(send: Callable[[], tuple[int, str]], status: int) -> None:
    assert send()[0] == status
    assert nothing_kept()


def test_without_a_token_everything_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YANTUAN_WECHAT_PUSH_TOKEN")
    config.cache_clear()
    assert post(json.dumps(EVENT)) == (403, "not_configured")
    assert Client().get(ROUTE, {"signature": "x", "timestamp": "1", "nonce": "1"}).status_code == 403
    assert nothing_kept()


def test_a_wrong_key_is_told_to_the_operator(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("YANTUAN_WECHAT_PUSH_AES_KEY", "w" * 43)
    config.cache_clear()
    with caplog.at_level(logging.ERROR, logger="yantuan.push"):
        assert post(json.dumps(EVENT))[0] == 500
    assert "wechat_push_aes_key" in caplog.text and nothing_kept()


def test_plain_mode_in_xml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YANTUAN_WECHAT_PUSH_MODE", "plain")
    config.cache_clear()
    stamp = str(int(now().timestamp()))
    query = f"?timestamp={stamp}&nonce=1&signature={signature('tok3n', stamp, '1')}"
    xml = "<xml><FromUserName>o1</FromUserName><MsgType>event</MsgType><Event>test_kept</Event></xml>"
    answer = Client().post(ROUTE + query, xml, content_type="text/xml")
    assert (answer.status_code, answer.content) == (200, b"success")
    outbox.drain()
    assert [p.sender for p in seen] == ["o1"]


def test_pushes_go_after_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    post(json.dumps(EVENT))
    assert jobs.prune() == 0
    PushMessage.objects.update(received_at=now().replace(year=now().year - 1))
    assert jobs.prune() == 1 and inbox.load(1) is None


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="SQLite's test database serves one thread at a time"
)
@pytest.mark.django_db(transaction=True)
def test_copies_at_the_same_moment_are_handled_once() -> None:
    message = json.dumps(EVENT | {"trace_id": "at once"})

    def send(_: int) -> int:
        try:
            return post(message)[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert set(threads.map(send, range(12))) == {200}
    assert PushMessage.objects.get().seen == 12
    outbox.drain()
    assert [p.text("trace_id") for p in seen] == ["at once"]

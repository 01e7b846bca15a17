"""Probes and metrics, asked of the application as the server runs it."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import threading
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from django.db import DatabaseError

from yantuan.api import health, observed
from yantuan.api.lane_wire import Receive, Scope, Send, send_answer
from yantuan.api.metrics import render
from yantuan.api.observed import Observed, route_class
from yantuan.health import status
from yantuan.kernel import logs, metrics, schema
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.models import TimedRun
from yantuan.kernel.schedule import HEARTBEAT
from yantuan.orders.intake import Intake

pytestmark = pytest.mark.django_db(transaction=True)


class Answer:
    def __init__(self, messages: list[MutableMapping[str, Any]]) -> None:
        self.status = messages[0]["status"]
        self.headers = {n.decode(): v.decode() for n, v in messages[0]["headers"]}
        self.body = b"".join(m.get("body", b"") for m in messages[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@pytest.fixture
def intake() -> Iterator[Intake]:
    made = Intake()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def app(intake: Intake) -> Observed:
    """The outermost layer over an application that answers 200 with the request's id, or fails."""

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/api/boom":
            raise RuntimeError("boom")
        await send_answer(send, 200, logs.request_id().encode(), [])

    return Observed(inner, intake)


def ask(app: Observed, path: str, *, method: str = "GET", peer: str = "127.0.0.1", **headers: str) -> Answer:
    messages: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        messages.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    pairs = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": pairs,
        "client": (peer, 1),
        "query_string": b"",
    }
    asyncio.run(app(scope, receive, send))
    return Answer(messages)


def beat() -> None:
    TimedRun.objects.update_or_create(name=HEARTBEAT, defaults={"next_at": now(), "started_at": now()})


def test_alive_and_ready(app: Observed) -> None:
    assert ask(app, "/healthz").json["ok"] is True
    beat()
    ready = ask(app, "/readyz")
    assert (ready.status, ready.json) == (200, {"ok": True, "problems": [], "warnings": []})


def test_a_silent_worker_is_a_warning_only(app: Observed) -> None:
    TimedRun.objects.all().delete()
    ready = ask(app, "/readyz")
    assert (ready.status, ready.json["warnings"]) == (200, ["worker"])


def test_not_ready_without_intake(app: Observed, intake: Intake) -> None:
    intake.stop()
    ready = ask(app, "/readyz")
    assert (ready.status, ready.json["problems"]) == (503, ["intake"])


def test_not_ready_without_space(app: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "disk_min_mb", shutil.disk_usage("/").total)
    assert ask(app, "/readyz").json["problems"] == ["disk"]


def test_a_silent_database_is_told_after_two_seconds_and_asked_once(
    app: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, asked = threading.Event(), []

    def stuck(_running: bool) -> tuple[int, dict[str, object]]:
        asked.append(1)
        free.wait(20)
        return 200, {}

    monkeypatch.setattr(observed, "_look", stuck)
    monkeypatch.setattr(observed, "PROBE_SECONDS", 0.2)
    try:
        ready = ask(app, "/readyz")
        assert (ready.status, ready.json["problems"]) == (503, ["database"])
        assert ask(app, "/healthz").status == 200
        assert len(asked) == 1
    finally:
        free.set()


def test_a_lost_database_is_a_problem_not_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(status, "schema_state", lost)
    assert health.ready_answer(True) == (503, {"ok": False, "problems": ["database"], "warnings": []})


def test_a_foreign_schema_is_not_served(app: Observed) -> None:
    app._misfit = schema.SchemaMismatch(schema.SchemaState(unknown=("orders.0999_future",)))
    refused = ask(app, "/api/me")
    assert (refused.status, refused.json["code"]) == (503, "schema_newer")
    assert ask(app, "/healthz").status == 200


def test_every_answer_carries_its_id_and_the_body_the_same(app: Observed) -> None:
    first, second = ask(app, "/api/me"), ask(app, "/api/me")
    assert first.headers["x-request-id"] == first.body.decode() != second.body.decode()
    given = ask(app, "/api/me", x_request_id="proxy-id-12345678")
    assert given.headers["x-request-id"] == "proxy-id-12345678"
    for peer, text in (
        ("203.0.113.9", "proxy-id-12345678"),
        ("127.0.0.1", "bad id\nx"),
        ("127.0.0.1", "x" * 99),
    ):
        assert ask(app, "/api/me", peer=peer, x_request_id=text).headers["x-request-id"] != text


def test_metrics_are_for_insiders(app: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(app, "/metrics").status == 200
    assert ask(app, "/metrics", peer="203.0.113.9").status == 404
    assert ask(app, "/metrics", x_forwarded_for="203.0.113.9").status == 404
    monkeypatch.setattr(config(), "public_url", "https://shop.example")
    assert ask(app, "/metrics").status == 404
    monkeypatch.setattr(config(), "metrics_token", "t" * 20)
    assert ask(app, "/metrics").status == 404
    assert ask(app, "/metrics", authorization="Bearer wrong").status == 404
    assert ask(app, "/metrics", peer="203.0.113.9", authorization="Bearer " + "t" * 20).status == 200


def _figure(text: bytes, start: str) -> float:
    (line,) = [line for line in text.decode().splitlines() if line.startswith(start + " ")]
    return float(line.rsplit(" ", 1)[1])


def test_requests_are_counted_by_class_and_status(app: Observed) -> None:
    begun = ask(app, "/metrics").body.decode()
    name = 'yantuan_requests_total{route="place",status="200"}'
    before = _figure(begun.encode(), name) if name in begun else 0
    ask(app, "/api/orders", method="POST")
    ask(app, "/api/orders", method="POST")
    after = ask(app, "/metrics").body
    assert _figure(after, name) == before + 2
    assert _figure(after, 'yantuan_request_seconds_count{route="place"}') == before + 2


def test_figures_of_all_processes_are_added(app: Observed) -> None:
    metrics.count("provider_calls", "wechatpay", "5xx", by=3)
    metrics.flush()
    other = metrics.folder() / "999999.json"
    other.write_text('{"counts": [["provider_calls", ["wechatpay", "5xx"], 4]], "spreads": []}')
    broken = metrics.folder() / "999998.json"
    broken.write_text('{"counts": [')
    try:
        text = render(7)
    finally:
        other.unlink()
        broken.unlink()
    assert _figure(text, 'yantuan_provider_calls_total{outcome="5xx",provider="wechatpay"}') >= 7
    assert _figure(text, "yantuan_intake_waiting") == 7


def test_figures_stay_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(status, "status", lost)
    text = render(0)
    assert _figure(text, "yantuan_database_up") == 0
    assert b"yantuan_requests" in text


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("POST", "/api/orders", "place"), ("GET", "/api/orders", "api_orders"), ("GET", "/api/g/abc", "api_page"),
     ("GET", "/api/zzz/1", "api_other"), ("GET", "/media/x.webp", "media"), ("GET", "/anything", "app"), ("GET", "/", "app")],
)  # fmt: skip
def test_classes_are_few(method: str, path: str, expected: str) -> None:
    assert route_class(method, path) == expected


def test_the_access_log_tells_class_and_time_only(
    app: Observed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "yantuan.access"):
        ask(app, "/api/orders")
        assert caplog.records == []
        monkeypatch.setattr(app, "_access", True)
        ask(app, "/api/me/13912345678")
    (record,) = caplog.records
    assert record.fields["route"] == "api_me"  # type: ignore[attr-defined]
    assert "13912345678" not in logs.JsonLines().format(record)

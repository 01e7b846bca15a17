"""What stands behind the lane gets whole bodies, honest headers and bounded threads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any

from asgiclient import Answer, ask, elsewhere
from django.core.wsgi import get_wsgi_application

from yantuan.api.lane import Lane
from yantuan.api.lane_django import MAX_BODY, DjangoApp
from yantuan.orders.intake import Intake


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answers what it was given."""
    body = environ["wsgi.input"].read()
    facts = {
        name: value for name, value in environ.items() if name.startswith(("HTTP_", "CONTENT_")) and value
    }
    start_response(
        "200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    )
    return [json.dumps({"body": body.decode(), "query": environ["QUERY_STRING"], **facts}).encode()]


def through(method: str, path: str, **more: Any) -> Answer:
    return ask(Lane(DjangoApp(echo), elsewhere, Intake()), method, path, **more)  # type: ignore[arg-type]


def test_bodies_and_headers_arrive() -> None:
    headers = {"X-Forwarded-For": "1.2.3.4", "X_Forwarded_For": "6.6.6.6", "Content-Length": "999"}
    answer = through("POST", "/api/media", body=b"hello", headers=headers)
    assert answer.status == 200
    assert answer.data["body"] == "hello" and answer.data["CONTENT_LENGTH"] == "5"
    assert answer.data["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"


def test_too_much_is_refused_before_any_thread_is_taken() -> None:
    answer = through("POST", "/api/media", body=b"x" * (MAX_BODY + 1))
    assert (answer.status, answer.data["code"]) == (413, "body_too_large")


def test_a_bug_behind_is_an_envelope() -> None:
    def broken(environ: object, start_response: object) -> Iterable[bytes]:
        raise RuntimeError("a bug")

    answer = ask(Lane(DjangoApp(broken), elsewhere, Intake()), "GET", "/")  # type: ignore[arg-type]
    assert (answer.status, answer.data["code"]) == (500, "internal_error")


def test_django_answers_behind_the_lane() -> None:
    lane = Lane(DjangoApp(get_wsgi_application()), elsewhere, Intake())
    answer = ask(lane, "GET", "/healthz", headers={"Host": "127.0.0.1"})
    assert (answer.status, answer.data["ok"]) == (200, True)


def test_the_lifespan_starts_and_drains_the_intake() -> None:
    intake = Intake()
    lane = Lane(elsewhere, elsewhere, intake)
    seen: list[str] = []
    states: list[bool] = []

    async def life() -> None:
        messages = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, Any]:
            states.append(intake.running)
            return {"type": next(messages)}

        async def send(message: Any) -> None:
            seen.append(message["type"])

        await lane({"type": "lifespan"}, receive, send)

    asyncio.run(life())
    assert seen == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (states, intake.running) == ([False, True], False)

"""What stands in front of everything: limits of bodies, of tries per person and address, names given twice, headers."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lane"))

from asgiclient import Answer, ask, call, running_lane

from orders.orderworld import World, make_world
from yantuan.api import lane_django, lane_orders, lane_wire
from yantuan.api.headers import API_POLICY, CONSOLE_POLICY, PAGE_POLICY, SafeHeaders
from yantuan.api.lane import Lane
from yantuan.api.lane_django import DjangoApp, body_limit
from yantuan.api.lane_wire import Receive, Scope, Send, read_body
from yantuan.api.parsing import may_repeat
from yantuan.api.peers import peer_of
from yantuan.identity import sessions
from yantuan.kernel import ratelimit
from yantuan.kernel.config import Config, config
from yantuan.kernel.errors import AppError, TooMany
from yantuan.kernel.ratelimit import LocalLimit
from yantuan.orders.models import Order


@pytest.fixture
def world(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))
    return make_world()


@pytest.fixture
def lane(transactional_db: None) -> Iterator[Lane]:
    with running_lane() as made:
        yield made


def checkout(world: World) -> tuple[str, dict[str, str]]:
    """A sound body as text, and the headers of a buyer who may send it."""
    person, address = world.buyer()
    body = {
        "group_buy_id": str(world.group_buy.id),
        "lines": [{"offer_id": str(world.offers[0].id), "quantity": 1}],
        "delivery_method": "courier",
        "address_id": str(address.id),
        "expected_total_fen": 4790,
    }
    token = sessions.start(person, "mp")
    return json.dumps(body), {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}


def code(answer: Answer) -> tuple[int, str]:
    return answer.status, str(answer.data.get("code", ""))


REPEATS = {
    "top": ('"lines"', '"expected_total_fen": 1, "lines"'),
    "with a space before the colon": ('"lines"', '"expected_total_fen" : 1, "lines"'),
    "in a line": ('"quantity": 1', '"quantity": 1, "quantity": 2'),
    "written with an escape": ('"quantity": 1', '"quantity": 1, "quant\\u0069ty": 2'),
    "the offer": ('"quantity": 1', '"quantity": 1, "offer_id": "1"'),
}


@pytest.mark.parametrize("where", sorted(REPEATS))
def test_a_name_given_twice_is_refused(where: str, world: World, lane: Lane) -> None:
    raw, headers = checkout(world)
    old, new = REPEATS[where]
    assert old in raw
    sent = raw.replace(old, new, 1).encode()
    assert code(ask(lane, "POST", "/api/orders", body=sent, headers=headers)) == (400, "request_invalid")
    assert not Order.objects.exists()
    assert ask(lane, "POST", "/api/orders", body=raw.encode(), headers=headers).status == 201


@pytest.mark.parametrize("remark", ['说 "quantity": 2', "第一行\n第二行", '\\"lines\\": []'])
def test_texts_that_look_like_names_are_only_texts(remark: str, world: World, lane: Lane) -> None:
    raw, headers = checkout(world)
    body = json.dumps({**json.loads(raw), "remark": remark}).encode()
    assert ask(lane, "POST", "/api/orders", body=body, headers=headers).status == 201
    assert Order.objects.get().remark == remark


def test_the_quick_look_spares_honest_bodies() -> None:
    honest = b'{"lines":[{"offer_id":"1","quantity":1},{"offer_id":"2","quantity":1}],"remark":"x"}'
    assert not may_repeat(honest, lines=2, answers=0)
    assert may_repeat(honest, lines=1, answers=0)


def test_tries_are_counted_per_person_refused_ones_too(
    world: World, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane._orders, "_per_person", LocalLimit(3, 3600))
    raw, headers = checkout(world)
    wrong = raw.replace("4790", "1").encode()
    seen = [code(ask(lane, "POST", "/api/orders", body=wrong, headers=headers)) for _ in range(3)]
    assert seen == [(409, "price_changed")] * 3
    refused = ask(lane, "POST", "/api/orders", body=raw.encode(), headers=headers)
    assert code(refused) == (429, "too_many_requests") and int(refused.headers["retry-after"]) >= 1
    assert not Order.objects.exists()
    # Another person is not held up.
    raw, headers = checkout(world)
    assert ask(lane, "POST", "/api/orders", body=raw.encode(), headers=headers).status == 201


def test_tries_are_counted_per_address_whatever_the_caller_claims(
    world: World, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane._orders, "_per_address", LocalLimit(2, 3600))
    monkeypatch.setattr(config(), "trusted_proxies", "192.0.2.1")
    seen = [ask(lane, "POST", "/api/orders", headers={"X-Forwarded-For": f"10.0.0.{n}"}) for n in range(4)]
    assert [a.status for a in seen] == [401, 401, 429, 429]


def test_real_limits_leave_room_for_people() -> None:
    assert lane_orders.PER_PERSON == (30, 10) and lane_orders.PER_ADDRESS == (1000, 10)


PEERS = [
    # peer, X-Forwarded-For, key
    ("203.0.113.9", "10.1.1.1", "203.0.113.9"),
    ("127.0.0.1", "10.1.1.1", "10.1.1.1"),
    ("127.0.0.1", "6.6.6.6, 10.1.1.1", "10.1.1.1"),
    ("127.0.0.1", "", ""),
    ("127.0.0.1", "not an address", "unknown"),
    ("2001:db8:1:2:aaaa::1", "", "2001:db8:1:2::/64"),
    ("2001:db8:1:2:bbbb::2", "", "2001:db8:1:2::/64"),
    ("::ffff:203.0.113.9", "", "203.0.113.9"),
]


@pytest.mark.parametrize(("peer", "forwarded", "key"), PEERS)
def test_the_address_a_limit_is_counted_for(peer: str, forwarded: str, key: str) -> None:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert peer_of({"client": (peer, 1)}, headers) == key


def test_a_local_limit_counts_per_key_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr(ratelimit.time, "monotonic", lambda: clock[0])
    limit = LocalLimit(2, 10, most_keys=3)
    for key in ("a", "a", "b", "c"):
        limit.hit(key)
    for key in ("a", "d"):
        with pytest.raises(TooMany):
            limit.hit(key)
    clock[0] = 1010.0
    limit.hit("a")
    limit.hit("d")


def test_limits_are_lifted_by_configuration_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config(), "rate_limit_times", 10)
    limit = LocalLimit(1, 3600)
    for _ in range(10):
        limit.hit("a")
    with pytest.raises(TooMany):
        limit.hit("a")


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": scope["answer"]})
    await send({"type": "http.response.body", "body": b""})


def headers_of(path: str, answer: list[tuple[bytes, bytes]], *, https: bool = True) -> dict[str, str]:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    app = SafeHeaders(echo, https=https)
    asyncio.run(app({"type": "http", "path": path, "answer": answer}, receive, send))
    names = [name for name, _ in sent[0]["headers"]]
    assert len(names) == len(set(names))
    return {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def test_every_answer_carries_the_safe_headers() -> None:
    seen = headers_of("/api/orders", [(b"content-type", b"application/json")])
    assert seen["x-content-type-options"] == "nosniff" and seen["referrer-policy"] == "same-origin"
    assert seen["content-security-policy"] == API_POLICY.decode()
    assert seen["strict-transport-security"].startswith("max-age=31536000")
    assert seen["cross-origin-resource-policy"] == "same-origin"
    assert "strict-transport-security" not in headers_of("/api/orders", [], https=False)


def test_pages_keep_their_own_policy_or_get_a_strict_one() -> None:
    html = (b"content-type", b"text/html; charset=utf-8")
    own = headers_of("/g/x", [html, (b"content-security-policy", b"default-src 'self'")])
    assert own["content-security-policy"] == "default-src 'self'"
    assert headers_of("/nothing", [html])["content-security-policy"] == PAGE_POLICY.decode()
    console = headers_of("/console/", [html])
    assert console["content-security-policy"] == CONSOLE_POLICY.decode()
    assert console["cross-origin-opener-policy"] == "same-origin"
    assert "'unsafe-inline'" not in CONSOLE_POLICY.decode().split("script-src")[1].split(";")[0]
    assert "cross-origin-resource-policy" not in headers_of(
        "/media/x.jpg", [(b"content-type", b"image/jpeg")]
    )


def test_only_addresses_for_files_take_large_bodies() -> None:
    assert body_limit("/api/media") == body_limit("/console/x") == lane_django.MAX_BODY
    for path in ("/api/auth/sms", "/notify/wechatpay/transactions", "/api/leader/stores", "/g/x", "/"):
        assert body_limit(path) == lane_django.MAX_PLAIN_BODY


def _django() -> DjangoApp:
    def wsgi(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [environ["wsgi.input"].read()[:1]]

    return DjangoApp(wsgi)


async def _post(app: Any, path: str, size: int, *, declared: bool) -> int:
    headers = {"Content-Length": str(size)} if declared else {}
    try:
        return (await call(app, "POST", path, body=b"x" * size, headers=headers)).status
    except AppError as error:
        return error.status


@pytest.mark.parametrize("declared", [True, False])
def test_a_large_body_is_refused_where_none_belongs(declared: bool) -> None:
    app, most = _django(), lane_django.MAX_PLAIN_BODY
    assert asyncio.run(_post(app, "/api/auth/sms", most + 1, declared=declared)) == 413
    assert asyncio.run(_post(app, "/api/auth/sms", most, declared=declared)) == 200
    assert asyncio.run(_post(app, "/api/media", most + 1, declared=declared)) == 200
    assert asyncio.run(_post(app, "/api/media", lane_django.MAX_BODY + 1, declared=declared)) == 413


def test_only_a_few_large_bodies_are_held_at_once() -> None:
    async def crowd() -> list[int | str]:
        app, release = _django(), asyncio.Event()

        async def slow() -> MutableMapping[str, Any]:
            await release.wait()
            return {"type": "http.request", "body": b"x" * 10}

        async def upload() -> int | str:
            scope = {"method": "POST", "path": "/api/media", "headers": []}
            try:
                return len(await app._read(scope, slow))
            except AppError as error:
                return error.code

        waiting = [asyncio.create_task(upload()) for _ in range(6)]
        while sum(task.done() for task in waiting) < 2:
            await asyncio.sleep(0)
        release.set()
        first = await asyncio.gather(*waiting)
        return [*first, await upload()]

    assert asyncio.run(crowd()) == [10, 10, 10, 10, "busy", "busy", 10]


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_wire, "BODY_SECONDS", 0)

    async def never() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(AppError) as refused:
        asyncio.run(read_body(never, 1024))
    assert (refused.value.status, refused.value.code) == (408, "body_too_slow")

"""The hot lane answers as the routes behind it would."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from typing import Any

import pytest
from asgiclient import Answer, ask, call, running_lane
from django.db import OperationalError

from orders.orderworld import World, counts
from yantuan.api import lane_pages
from yantuan.api.lane import Lane
from yantuan.api.lane_pages import Encoded
from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.orders.intake import Intake
from yantuan.orders.models import Order


def checkout(world: World, **changes: Any) -> tuple[dict[str, Any], Person]:
    person, address = world.buyer()
    body: dict[str, Any] = {
        "group_buy_id": str(world.group_buy.id),
        "lines": [{"offer_id": str(world.offers[0].id), "quantity": 1}],
        "delivery_method": "courier",
        "address_id": str(address.id),
        "expected_total_fen": 4790,
    }
    return body | changes, person


def bearer(person: Person, key: str = "k1") -> dict[str, str]:
    return {"Authorization": f"Bearer {sessions.start(person, 'mp')}", "Idempotency-Key": key}


def post(lane: Lane, body: Any, headers: dict[str, str]) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(lane, "POST", "/api/orders", body=raw, headers=headers)


def test_an_order_is_placed_and_replayed(world: World, lane: Lane) -> None:
    body, person = checkout(world)
    headers = bearer(person)
    first, again = post(lane, body, headers), post(lane, body, headers)
    assert (first.status, again.status) == (201, 200)
    assert first.data["id"] == again.data["id"] and again.data["replayed"]
    assert first.data["number"] == 1 and first.data["total_fen"] == 4790
    assert first.headers["cache-control"] == "no-store"
    changed = post(lane, body | {"remark": "快点"}, headers)
    assert (changed.status, changed.data["code"]) == (409, "idempotency_key_reused")
    assert counts(world.offers[0]) == (9, 1, 0)


def test_refusals_have_the_envelope(world: World, lane: Lane) -> None:
    body, person = checkout(world, lines=[{"offer_id": str(world.offers[0].id), "quantity": 11}])
    answer = post(lane, body, bearer(person))
    assert (answer.status, answer.data["code"], answer.data["details"]["left"]) == (409, "sold_out", 10)
    assert set(answer.data) == {"code", "message", "message_en", "details", "request_id"}
    assert Order.objects.count() == 0


def test_who_may_order(world: World, lane: Lane) -> None:
    body, person = checkout(world)
    token = sessions.start(person, "h5")
    cookie = {"Cookie": f"yt_session={token}", "Idempotency-Key": "k1", "Host": "shop.test"}
    ours = cookie | {"X-Yantuan-Client": "h5"}
    assert post(lane, body, {"Idempotency-Key": "k1"}).data["code"] == "sign_in_needed"
    assert post(lane, body, {"Authorization": "Bearer nonsense"}).data["code"] == "sign_in_needed"
    assert post(lane, body, cookie).data["code"] == "csrf_refused"
    assert post(lane, body, ours | {"Origin": "https://evil.test"}).data["code"] == "csrf_refused"
    assert Order.objects.count() == 0
    assert post(lane, body, ours | {"Origin": "http://shop.test"}).status == 201


def test_a_key_is_needed(world: World, lane: Lane) -> None:
    body, person = checkout(world)
    headers = bearer(person)
    del headers["Idempotency-Key"]
    assert post(lane, body, headers).data["code"] == "idempotency_key_needed"


ODD_QUANTITIES = [0, -1, 1.5, "1e3", 2**31, 2**63, None, [], True, "1", 10000]


@pytest.mark.parametrize("quantity", ODD_QUANTITIES)
def test_odd_quantities_change_nothing(world: World, lane: Lane, quantity: object) -> None:
    body, person = checkout(world)
    body["lines"][0]["quantity"] = quantity
    assert post(lane, body, bearer(person)).status == 422
    assert (Order.objects.count(), counts(world.offers[0])) == (0, (10, 0, 0))


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"remark": "\xff"}'])
def test_unreadable_bodies(world: World, lane: Lane, raw: bytes) -> None:
    _, person = checkout(world)
    assert post(lane, raw, bearer(person)).status in (400, 422)


def test_a_long_body_is_refused(world: World, lane: Lane) -> None:
    _, person = checkout(world)
    assert post(lane, b" " * 70_000, bearer(person)).status == 413


def test_a_crowd_gets_exactly_the_stock(world: World, lane: Lane) -> None:
    tries = [checkout(world) for _ in range(30)]
    sent = [(json.dumps(body).encode(), bearer(person)) for body, person in tries]

    async def crowd() -> list[Answer]:
        return await asyncio.gather(
            *(call(lane, "POST", "/api/orders", body=raw, headers=headers) for raw, headers in sent)
        )

    statuses = [answer.status for answer in asyncio.run(crowd())]
    assert (statuses.count(201), statuses.count(409)) == (10, 20)
    assert counts(world.offers[0]) == (0, 10, 0)
    assert sorted(Order.objects.values_list("number", flat=True)) == list(range(1, 11))


def test_a_full_or_stopped_intake_is_busy(world: World) -> None:
    body, person = checkout(world)
    headers = bearer(person)
    with running_lane(Intake(max_waiting=0)) as lane:
        answer = post(lane, body, headers)
    assert (answer.status, answer.data["code"], answer.headers["retry-after"]) == (503, "busy", "1")
    assert post(lane, body, headers).data["code"] == "busy"
    assert Order.objects.count() == 0


def test_the_page_is_cached_for_a_moment(world: World, lane: Lane) -> None:
    path = f"/api/g/{world.group_buy.code}"
    plain = ask(lane, "GET", path)
    assert plain.status == 200 and plain.data["products"][0]["offers"][0]["stock"] == 10

    async def twice() -> tuple[Answer, Answer]:
        first = await call(lane, "GET", path)
        return first, await call(lane, "GET", path, headers={"If-None-Match": first.headers["etag"]})

    _, second = asyncio.run(twice())
    assert (second.status, second.body) == (304, b"")
    packed = ask(lane, "GET", path, headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.body))["code"] == world.group_buy.code


def test_unknown_pages(lane: Lane) -> None:
    assert ask(lane, "GET", "/api/g/nothing").data["code"] == "not_found"
    assert ask(lane, "GET", "/api/g/../../etc").status == 299
    assert ask(lane, "GET", "/api/g/" + "x" * 40).status == 404


def test_everything_else_is_passed_on(lane: Lane) -> None:
    for method, path in (
        ("GET", "/api/orders"),
        ("POST", "/api/orders/1/pay"),
        ("GET", "/api/events"),
        ("POST", "/api/g/x"),
    ):
        assert ask(lane, method, path).status == 299


def test_a_stopped_session_stops_within_a_second(
    world: World, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, person = checkout(world)
    headers = bearer(person)
    assert post(lane, body, headers).status == 201
    sessions.revoke_all(person.id)
    moved = time.monotonic() + 1.1
    monkeypatch.setattr("yantuan.identity.believed.time.monotonic", lambda: moved)
    assert post(lane, body, headers).status == 401


def test_a_read_is_tried_once_more_then_busy(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def broken(code: str) -> Encoded:
        calls.append(code)
        if len(calls) != 2:
            raise OperationalError("server closed the connection unexpectedly")
        return Encoded(b"{}", b'W/"x"')

    monkeypatch.setattr(lane_pages, "encode_page", broken)
    assert ask(lane, "GET", "/api/g/one").status == 200
    calls += ["a"]
    answer = ask(lane, "GET", "/api/g/two")
    assert (answer.status, answer.data["code"], answer.headers["retry-after"]) == (503, "busy", "2")

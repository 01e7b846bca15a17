"""The lane and Django's route accept and refuse the same bodies with the same words."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from asgiclient import ask
from django.test import Client

from orders.orderworld import World
from yantuan.api.lane import Lane
from yantuan.identity import sessions


def _set(body: dict[str, Any], path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place: Any = body
    for name in parents:
        place = place[int(name) if name.isdigit() else name]
    if value is _GONE:
        del place[last]
    else:
        place[last] = value


_GONE = object()
CHANGES: list[tuple[str, Any]] = [
    ("remark", "放门口"), ("remark", "长" * 201), ("remark", "a\x00b"), ("remark", "\u202eevil"), ("remark", 5),
    ("group_buy_id", "0"), ("group_buy_id", "abc"), ("group_buy_id", 12), ("group_buy_id", _GONE),
    ("group_buy_id", str(2**63)), ("lines", []), ("lines", [{}] * 51), ("lines.0.quantity", "1"),
    ("lines.0.quantity", True), ("lines.0.quantity", 1.0), ("lines.0.quantity", 9999), ("lines.0.offer_id", None),
    ("lines.0.price_fen", 1), ("delivery_method", "drone"), ("delivery_method", "pickup"),
    ("payment_method", "offline"), ("payment_method", "cash"), ("expected_total_fen", -1),
    ("expected_total_fen", "4790"), ("expected_total_fen", 4789), ("expected_total_fen", 10**30),
    ("contact", {"name": "王", "phone": "123"}), ("contact", {"name": "王", "phone": "13812341234"}),
    ("answers", [{"question_id": "q1", "answer": "x"}] * 9), ("answers", "x"), ("anonymous", "yes"),
    ("anonymous", "maybe"), ("share_token", "x" * 17), ("paid", True), ("address_id", None),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), CHANGES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CHANGES)])
def test_bodies_are_judged_alike(world: World, lane: Lane, path: str, value: Any) -> None:
    answers = []
    for through_lane in (True, False):
        person, address = world.buyer()
        body: dict[str, Any] = {
            "group_buy_id": str(world.group_buy.id),
            "lines": [{"offer_id": str(world.offers[0].id), "quantity": 1}],
            "delivery_method": "courier",
            "address_id": str(address.id),
            "expected_total_fen": 4790,
        }
        body = copy.deepcopy(body)
        _set(body, path, value)
        raw = json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {sessions.start(person, 'mp')}", "Idempotency-Key": "k"}
        answers.append(_lane(lane, raw, headers) if through_lane else _django(raw, headers))
    assert answers[0] == answers[1]


def _facts(status: int, data: Any) -> tuple[Any, ...]:
    if status == 201:
        return status, data["payment"], data["payment_method"], data["total_fen"], sorted(data)
    return status, data["code"], data["message"], data["details"]


def _lane(lane: Lane, raw: bytes, headers: dict[str, str]) -> tuple[Any, ...]:
    answer = ask(lane, "POST", "/api/orders", body=raw, headers=headers)
    return _facts(answer.status, answer.data)


def _django(raw: bytes, headers: dict[str, str]) -> tuple[Any, ...]:
    answer = Client().post("/api/orders", raw, content_type="application/json", headers=headers)
    return _facts(answer.status_code, answer.json())

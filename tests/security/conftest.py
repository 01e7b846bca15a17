"""What the security tests share: a shop through the product's own verbs, and browsers of its people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

import factories as make
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity import sessions
from yantuan.identity.auth import CLIENT_HEADER
from yantuan.identity.models import Person
from yantuan.kernel.ids import new_id
from yantuan.stores.models import Store


@dataclass
class Browser:
    """One person's browser; without a person, a visitor's."""

    person: Person | None = None
    address: str = "203.0.113.7"

    def __post_init__(self) -> None:
        self.client = Client(
            headers={CLIENT_HEADER: "h5"}, REMOTE_ADDR=self.address, raise_request_exception=False
        )
        if self.person is not None:
            self.client.cookies[sessions.COOKIE] = sessions.start(self.person, "h5")

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        """A request as the app sends it; text and bytes go as they are."""
        headers.setdefault("Idempotency-Key", str(new_id()))
        raw = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
        return self.client.generic(method, path, raw, "application/json", headers=headers)  # type: ignore[return-value]

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, None, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, body, **headers)


@dataclass
class Shop:
    """One leader's shop with one sale, and one buyer."""

    leader: Person
    store: Store
    sale: GroupBuy
    buyer: Person


def open_shop(price: int = 3990) -> Shop:
    """A certified leader with a running sale of one product at `price` fen."""
    leader = make.leader("林小满")
    store = make.store(leader)
    sale = make.group_buy(store, [make.product(store, prices=(price,))])
    return Shop(leader, store, sale, make.person("陈阿姨"))


@pytest.fixture
def shop(db: None) -> Shop:
    return open_shop()


def code_of(answer: HttpResponse) -> tuple[int, str]:
    """Status and the refusal's stable code; empty when it was none."""
    body = json.loads(answer.content) if "json" in answer.headers.get("Content-Type", "") else {}
    return answer.status_code, str(body.get("code", "")) if isinstance(body, dict) else ""

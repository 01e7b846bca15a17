"""People, stores and goods for tests of the selling side, made the way the product makes them where that is cheap."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from yantuan.identity import sessions
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.kernel.ids import short_code
from yantuan.leaders.models import Leader
from yantuan.media.models import Media

_numbers = itertools.count(1)


def person(nickname: str = "张三丰") -> Person:
    return Person.objects.create(nickname=nickname, created_at=now())


def leader(who: Person | None = None, *, certified: bool = True) -> Leader:
    return Leader.objects.create(
        person=who or person("李团长"),
        display_name="李团长",
        certification="approved" if certified else "none",
        certified_at=now() if certified else None,
        created_at=now(),
    )


def picture(owner: Person, purpose: str = "product") -> Media:
    return Media.objects.create(
        key=short_code(22),
        owner_id=owner.id,
        purpose=purpose,
        mime="image/webp",
        width=800,
        height=600,
        size=1,
        sha256="0" * 64,
        created_at=now(),
    )


@dataclass
class Caller:
    """A signed-in person at the API."""

    who: Person
    token: str

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        extra = {f"HTTP_{k.upper()}": v for k, v in headers.items()}
        return Client().generic(
            method,
            f"/api{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            HTTP_AUTHORIZATION=f"Bearer {self.token}",
            **extra,
        )

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.call(method, path, body, **headers)
        assert answer.status_code == 200, (answer.status_code, answer.content.decode())
        return json.loads(answer.content)

    def refused(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        answer = self.call(method, path, body, **headers)
        assert answer.status_code >= 400, answer.content.decode()
        return answer.status_code, json.loads(answer.content)["code"]


def caller(who: Person) -> Caller:
    return Caller(who, sessions.start(who, "mp", "test"))


def public(path: str) -> Any:
    answer = Client().get(f"/api{path}")
    assert answer.status_code == 200, answer.content.decode()
    return json.loads(answer.content)


STORE = {"name": "雁团小铺", "courier_enabled": True, "freight_fen": 800, "offline_enabled": True}


@dataclass
class Shop:
    """A certified leader with one store, ready to sell for offline payment."""

    leader: Leader
    boss: Caller
    store: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/leader/stores/{self.store['id']}"

    def picture_id(self, purpose: str = "product") -> str:
        return str(picture(self.boss.who, purpose).id)

    def product(self, *skus: dict[str, Any], title: str = "五常大米") -> dict[str, Any]:
        body = {
            "title": title,
            "picture_media_ids": [self.picture_id()],
            "skus": list(skus) or [{"price_fen": 3990, "stock": 10}],
        }
        made: dict[str, Any] = self.boss.ok("POST", f"{self.path}/products", body)
        return made

    def sale_body(self, *offers: dict[str, Any], **changes: Any) -> dict[str, Any]:
        return {
            "title": "周末鲜果团",
            "offers": list(offers),
            "starts_at": (now() - timedelta(minutes=1)).isoformat(),
            "ends_at": (now() + timedelta(days=2)).isoformat(),
            **changes,
        }

    def draft(self, *offers: dict[str, Any], **changes: Any) -> dict[str, Any]:
        body = self.sale_body(*offers, **changes)
        made: dict[str, Any] = self.boss.ok("POST", f"{self.path}/group-buys", body)
        return made

    def sale(self, *offers: dict[str, Any], **changes: Any) -> dict[str, Any]:
        if not offers:
            offers = (offer(self.product()),)
        draft = self.draft(*offers, **changes)
        live: dict[str, Any] = self.boss.ok("POST", f"/leader/group-buys/{draft['id']}/publish")
        return live


def offer(product: dict[str, Any], place: int = 0, **changes: Any) -> dict[str, Any]:
    return {"sku_id": product["skus"][place]["id"], "price_fen": 3500, **changes}


def shop(name: str = "雁团小铺") -> Shop:
    boss_person = person(f"团长{next(_numbers)}")
    row = leader(boss_person)
    boss = caller(boss_person)
    store = boss.ok("POST", "/leader/stores", {**STORE, "name": name})
    return Shop(row, boss, store)

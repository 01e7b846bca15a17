"""The API of the lower floors alone, and helpers to drive it."""

from __future__ import annotations

import io
from typing import Any

from django.test import Client
from django.urls import path
from ninja import NinjaAPI
from PIL import Image

from yantuan.api import errors
from yantuan.identity import sessions
from yantuan.identity.api import router as identity
from yantuan.identity.models import Person
from yantuan.identity.phones import hash_phone, seal_phone
from yantuan.kernel.clock import now
from yantuan.leaders.api import router as leaders
from yantuan.media.api import router as media
from yantuan.media.views import public_picture

api = NinjaAPI(urls_namespace="small")
errors.install(api)
for router in (identity, media, leaders):
    api.add_router("", router)

urlpatterns = [path("api/", api.urls), path("media/<str:name>", public_picture)]


def make_person(phone: str | None = None, nickname: str = "张三丰") -> Person:
    """A person, with a proven phone if one is given."""
    return Person.objects.create(
        nickname=nickname,
        phone_hash=hash_phone(phone) if phone else None,
        phone_sealed=seal_phone(phone) if phone else "",
        phone_last4=phone[-4:] if phone else "",
        created_at=now(),
    )


class App:
    """A client that sends JSON with a session as the mini-program (bearer) or nobody."""

    def __init__(self, person: Person | None = None, address: str = "203.0.113.7") -> None:
        self.client = Client(REMOTE_ADDR=address)
        self.token = sessions.start(person, "mp", "test") if person else ""

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> Any:
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        if method == "GET":
            return self.client.get(url, headers=headers)
        call = getattr(self.client, method.lower())
        return call(url, body if body is not None else {}, content_type="application/json", headers=headers)

    def get(self, url: str, **headers: str) -> Any:
        return self.send("GET", url, **headers)

    def post(self, url: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", url, body, **headers)


def picture_bytes(colour: str = "orange", size: tuple[int, int] = (60, 40)) -> bytes:
    """A small PNG."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()

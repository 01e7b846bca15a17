"""Every way of signing in against the real simulator over HTTP, through the real gateways."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.test import Client

from gateways.conftest import sim, simulator_process
from gateways.sim_process import Simulator
from identity.small_app import App
from yantuan.identity import gateway
from yantuan.identity.models import Channel, Person
from yantuan.kernel import outbox
from yantuan.kernel.config import config

__all__ = ["sim", "simulator_process"]

pytestmark = [pytest.mark.stack, pytest.mark.django_db, pytest.mark.urls("identity.small_app")]
PHONE = "13812341234"
_CLIENTS = (gateway.sms, gateway.mini, gateway.official, gateway._tokens)


@pytest.fixture
def world(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """The simulator, with this process configured as the simulator says."""
    for name, value in sim.credentials.product_env(sim.base, "http://127.0.0.1:8000").items():
        field = name.removeprefix("YANTUAN_").lower()
        if hasattr(config(), field) and field.startswith(("sms_", "wechat_")):
            monkeypatch.setattr(config(), field, value)
    for made in _CLIENTS:
        made.cache_clear()
    yield sim
    for made in _CLIENTS:
        made.cache_clear()


def consent(address: str, **choice: str) -> str:
    """What a person does on WeChat's page; the address the browser is sent back to."""
    parts = urlsplit(address)
    fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
    answer = httpx.post(
        f"{parts.scheme}://{parts.netloc}{parts.path}",
        data=fields | {"decision": "agree"} | choice,
        follow_redirects=False,
        trust_env=False,
    )
    return str(answer.headers["Location"])


def come_back(client: Client, address: str) -> Any:
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def test_a_code_arrives_and_signs_in(world: Simulator) -> None:
    app = App()
    assert app.post("/api/auth/sms", {"phone": PHONE}).status_code == 200
    outbox.drain()
    message = next(m for m in world.get("/inbox")["messages"] if m.get("code"))
    body = {"phone": PHONE, "code": message["code"], "agreed": True, "client": "mp"}
    assert app.post("/api/auth/phone", body).json()["new_person"] is True


def test_mini_program_and_web_are_one_person(world: Simulator) -> None:
    code = world.post("/js_codes", user="小雁")["code"]
    signed = App().post("/api/auth/mini", {"js_code": code})
    assert signed.status_code == 200
    again = App().post("/api/auth/mini", {"js_code": code})
    assert (again.status_code, again.json()["code"]) == (422, "wechat_code_invalid")
    browser = Client(HTTP_HOST="127.0.0.1:8000")
    out = browser.get("/api/auth/wechat/start", {"return_to": "/g/abc"})["Location"]
    done = come_back(browser, consent(out, person="小雁"))
    assert (done.status_code, done["Location"]) == (302, "/g/abc")
    assert set(Channel.objects.values_list("kind", flat=True)) == {"mini", "oa"}
    assert Person.objects.count() == 1


def test_a_preview_makes_no_account(world: Simulator) -> None:
    browser = Client(HTTP_HOST="127.0.0.1:8000")
    out = browser.get("/api/auth/wechat/start")["Location"]
    done = come_back(browser, consent(out, person="小雁", snapshot="1"))
    assert done.status_code == 403 and Person.objects.count() == 0


def test_declining_comes_back_without_an_account(world: Simulator) -> None:
    browser = Client(HTTP_HOST="127.0.0.1:8000")
    out = browser.get("/api/auth/wechat/start")["Location"]
    done = come_back(browser, consent(out, decision="deny"))
    assert done.status_code == 409 and Person.objects.count() == 0

"""Two steps into the console, and the demo's one."""

from __future__ import annotations

import base64
import re
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from yantuan.console.demo import DEMO_OPERATOR
from yantuan.identity.actions import create_operator
from yantuan.kernel.config import config
from yantuan.kernel.models import AuditEntry

pytestmark = pytest.mark.django_db
PASSWORD = "console-pass-123"
LOGIN = "/console/login/?next=/console/leaders/leader/"


def sign_in(client: Client, password: str = PASSWORD) -> Any:
    return client.post(LOGIN, {"username": "desk", "password": password}, follow=True)


def code_of(device: TOTPDevice, steps: int = 0) -> str:
    return f"{totp(device.bin_key, drift=steps):06d}"


@pytest.fixture
def operator() -> User:
    return create_operator("desk", PASSWORD)


@pytest.fixture
def device(operator: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=operator, name="phone", confirmed=True)


def test_the_first_sign_in_sets_the_authenticator_up(operator: User) -> None:
    client = Client()
    page = sign_in(client)
    assert page.redirect_chain[-1][0].startswith("/console/set-up/")
    text = page.content.decode()
    assert "<svg" in text and "no-store" in page["Cache-Control"]
    device = TOTPDevice.objects.get(user=operator)
    secret = base64.b32encode(device.bin_key).decode().rstrip("=")
    assert secret in re.sub(r"\s", "", text)
    assert client.get("/console/").status_code == 302
    done = client.post(
        page.request["PATH_INFO"] + "?next=/console/leaders/leader/", {"code": code_of(device)}
    )
    assert (done.status_code, done["Location"]) == (302, "/console/leaders/leader/")
    assert client.get("/console/leaders/leader/").status_code == 200
    device.refresh_from_db()
    assert device.confirmed
    assert AuditEntry.objects.filter(action="operator.second_factor", actor_id=operator.pk).count() == 1


def test_a_wrong_first_code_confirms_nothing(operator: User) -> None:
    client = Client()
    sign_in(client)
    device = TOTPDevice.objects.get()
    wrong = "000000" if code_of(device) != "000000" else "111111"
    answer = client.post("/console/set-up/", {"code": wrong})
    assert answer.status_code == 200 and "动态码不对" in answer.content.decode()
    device.refresh_from_db()
    assert not device.confirmed and client.get("/console/").status_code == 302


def test_a_password_alone_opens_nothing(device: TOTPDevice) -> None:
    client = Client()
    page = sign_in(client)
    assert page.redirect_chain[-1][0].startswith("/console/verify/")
    for address in ("/console/", "/console/orders/order/", "/console/leaders/invitecode/create/"):
        answer = client.get(address)
        assert answer.status_code == 302 and "/console/login/" in answer["Location"]
    assert client.get("/console/set-up/")["Location"].startswith("/console/verify/")
    before = client.session.session_key
    done = client.post("/console/verify/?next=/console/orders/order/", {"code": code_of(device)})
    assert done["Location"] == "/console/orders/order/"
    assert client.session.session_key != before
    assert client.get("/console/").status_code == 200


def test_a_code_works_once_and_guessing_is_limited(device: TOTPDevice) -> None:
    first, second = Client(), Client()
    sign_in(first)
    sign_in(second)
    code = code_of(device)
    assert first.post("/console/verify/", {"code": code}).status_code == 302
    assert second.post("/console/verify/", {"code": code}).status_code == 200
    for _ in range(6):
        answer = second.post("/console/verify/", {"code": "123456"})
    assert answer.status_code == 200 and "频繁" in answer.content.decode()
    assert second.get("/console/").status_code == 302


def test_foreign_next_addresses_lead_home(device: TOTPDevice) -> None:
    client = Client()
    sign_in(client)
    done = client.post("/console/verify/?next=https://evil.example/console/", {"code": code_of(device)})
    assert done["Location"] == "/console/"


def test_passwords_cannot_be_guessed_for_long(device: TOTPDevice) -> None:
    client = Client()
    start = time.time()
    answers = [sign_in(client, "wrong-password").content.decode() for _ in range(12)]
    assert "用户名或密码不对" in answers[0]
    assert "频繁" in answers[-1] or time.time() - start > 290
    assert "频繁" in sign_in(client).content.decode()


def test_a_buyer_account_is_no_operator() -> None:
    User.objects.create_user("somebody", password=PASSWORD)
    client = Client()
    client.post(LOGIN, {"username": "somebody", "password": PASSWORD})
    for address in ("/console/verify/", "/console/set-up/", "/console/"):
        assert "/console/login/" in client.get(address)["Location"]


def test_the_console_speaks_chinese_to_every_browser(device: TOTPDevice) -> None:
    client = Client(headers={"Accept-Language": "en-US"})
    assert "登录" in client.get("/console/login/").content.decode()
    sign_in(client)
    client.post("/console/verify/", {"code": code_of(device)})
    text = client.get("/console/").content.decode()
    assert "等你处理" in text and "Welcome" not in text and "Home</" not in text


def test_the_demo_door_is_shut_on_real_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    assert client.get("/console/demo/").status_code == 404
    assert User.objects.count() == 0
    monkeypatch.setattr(config(), "demo", True)
    assert (
        client.get("/console/demo/", headers={"Sec-Fetch-Site": "cross-site"}, follow=False).status_code
        == 403
    )
    assert client.get("/console/demo/")["Location"] == "/console/"
    assert client.get("/console/").status_code == 200
    assert not User.objects.get(username=DEMO_OPERATOR).has_usable_password()
    monkeypatch.setattr(config(), "demo", False)
    assert client.get("/console/").status_code == 302
    assert client.get("/console/login/?next=/console/").status_code == 200


def test_leaving_ends_the_session(device: TOTPDevice) -> None:
    client = Client()
    sign_in(client)
    client.post("/console/verify/", {"code": code_of(device)})
    assert client.post("/console/logout/").status_code in (200, 302)
    assert client.get("/console/").status_code == 302

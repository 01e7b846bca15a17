"""What goes out, what other sites may do, and what happens when a guard itself is down."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

import yantuan
from console_login import signed_in_operator
from security.conftest import Browser, Shop, code_of
from yantuan.gateways.errors import GatewayError
from yantuan.gateways.http import HttpCaller
from yantuan.gateways.wecom import robot_key
from yantuan.identity.actions import create_operator
from yantuan.kernel import ratelimit
from yantuan.kernel.config import Config, instance_secret
from yantuan.kernel.errors import Invalid
from yantuan.media.models import Media

PACKAGE = Path(yantuan.__file__).parent
INWARD = [
    "http://127.0.0.1:8000/", "http://[::1]/", "http://10.0.0.1/", "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/", "http://2130706433/", "http://017700000001/", "file:///etc/passwd", "gopher://127.0.0.1:25/",
    "https://qyapi.weixin.qq.com@127.0.0.1/?x=1",
]  # fmt: skip


@pytest.mark.parametrize("address", INWARD)
def test_a_pasted_address_never_becomes_a_request(address: str) -> None:
    """Only the robot's key is taken out of what a leader pastes; without one there is nothing to call."""
    with pytest.raises(GatewayError):
        robot_key(address)
    key = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
    assert robot_key(f"{address}?key={key}".replace("?x=1?", "?")) == key


def test_every_outside_address_comes_from_the_configuration() -> None:
    """No code of the product calls an address of its own making: one HTTP client, built with a configured base."""
    callers = [
        p
        for p in PACKAGE.rglob("*.py")
        if re.search(r"\bhttpx\.(?!_main)|\burllib\.request\b|\brequests\.", p.read_text())
    ]
    outside = {str(p.relative_to(PACKAGE)) for p in callers if "simulator" not in p.parts}
    # These ask only themselves: whether the web answers, the copy's figures, the demo's simulator, the shop's own address.
    assert {p for p in outside if not p.startswith("gateways/")} <= {
        "commands/up.py",
        "commands/copy.py",
        "commands/wechat_checks.py",
        "demo/load.py",
    }
    assert "httpx.get" not in "".join(p.read_text() for p in callers if "gateways" in p.parts)


@pytest.mark.django_db(transaction=True)
def test_redirects_are_not_followed() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers={"Location": "http://169.254.169.254/"})

    caller = HttpCaller("wecom", ["https://qyapi.weixin.qq.com"], transport=httpx.MockTransport(answer))
    assert caller.send("GET", "/cgi-bin/webhook").status == 302
    assert asked == ["https://qyapi.weixin.qq.com/cgi-bin/webhook"]


@pytest.mark.parametrize("secret", ["secret", "changeme", "x" * 31, "django-insecure"])
def test_a_known_or_short_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="32 random characters"):
        instance_secret(Config(secret_key=secret))


def test_no_other_site_is_let_in(shop: Shop) -> None:
    browser = Browser(shop.buyer)
    for method in ("GET", "OPTIONS", "POST"):
        answer = browser.send(method, "/api/me", Origin="https://evil.example")
        assert not [h for h in answer.headers if h.lower().startswith("access-control-")]


def test_a_limit_that_cannot_count_lets_nobody_sign_in(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """RAT-07: without its store a limit refuses; what needs no limit goes on."""

    class Away:
        def cursor(self) -> Any:
            raise OperationalError("the database is away")

    monkeypatch.setattr(ratelimit, "connection", Away())
    browser = Browser()
    for path, body in (
        ("/api/auth/phone", {"phone": "13812341234", "code": "123456", "agreed": True}),
        ("/api/auth/mini", {"js_code": "x"}),
    ):
        assert code_of(browser.post(path, body)) == (503, "busy")
    assert browser.get(f"/api/g/{shop.sale.code}").status_code == 200
    assert browser.get(f"/api/s/{shop.store.code}").status_code == 200


@pytest.mark.parametrize("password", ["short-one", "aaaaaaaaaaaaaaaa", "qwerty123456", "operator-name"])
def test_operators_choose_no_common_password(password: str, db: None) -> None:
    with pytest.raises(Invalid) as refused:
        create_operator("operator-name", password)
    assert refused.value.code == "password_weak" and not User.objects.exists()


def test_an_operator_changes_the_password_with_the_old_one(db: None) -> None:
    desk, _ = signed_in_operator()
    page = "/console/password_change/"
    assert desk.get(page).status_code == 200
    new = "geese-over-the-lake-7"
    sent = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    assert desk.post(page, sent).status_code == 200
    weak = {"old_password": "x" * 20, "new_password1": "qwerty123456", "new_password2": "qwerty123456"}
    assert desk.post(page, weak).status_code == 200
    assert User.objects.get().check_password("x" * 20)
    assert desk.post(page, sent | {"old_password": "x" * 20}).status_code == 302
    assert User.objects.get().check_password(new)
    assert Client().get(page).status_code == 302


FORMS = [
    ("multipart/form-data", b"{}"),
    ("multipart/form-data; boundary=", b"{}"),
    ("multipart/form-data; boundary=\xff", b"x"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\n"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"purpose=avatar"),
    ("application/x-www-form-urlencoded; charset=nope", b"purpose=avatar"),
    ("text/xml", b"<a/>"),
    ("", b"\xff\xfe\x00"),
]


@pytest.mark.parametrize(("kind", "raw"), FORMS)
def test_forms_nobody_can_read_are_refused_in_words(kind: str, raw: bytes, shop: Shop) -> None:
    browser = Browser(shop.buyer)
    answer = browser.client.generic("POST", "/api/media", raw, kind)
    assert code_of(answer) in ((400, "request_invalid"), (422, "fields_invalid"))  # type: ignore[arg-type]
    assert not Media.objects.filter(owner_id=shop.buyer.id).exists()

"""Refusals no view has worded are typed for programs and readable for people."""

from __future__ import annotations

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from yantuan.api.refusals import failed, form_lost

pytestmark = pytest.mark.django_db(transaction=True)


def _is_envelope(answer: object, status: int, code: str) -> None:
    body = answer.json()  # type: ignore[attr-defined]
    assert (answer.status_code, body["code"]) == (status, code)  # type: ignore[attr-defined]
    assert body["message"] and body["message_en"] and body["request_id"]


def test_an_unknown_api_address_is_a_typed_refusal() -> None:
    _is_envelope(Client().get("/api/no-such-thing"), 404, "not_found")


@pytest.mark.parametrize(("method", "path"), [("put", "/api/orders/quote"), ("delete", "/api/me")])
def test_a_wrong_method_is_a_typed_refusal_that_names_the_right_ones(method: str, path: str) -> None:
    answer = getattr(Client(), method)(path)
    _is_envelope(answer, 405, "method_not_allowed")
    assert method.upper() not in answer["Allow"]


def test_an_unknown_address_outside_the_api_is_a_chinese_page() -> None:
    answer = Client().get("/media/nothing.webp")
    assert answer.status_code == 404
    assert "没有找到" in answer.content.decode()


def test_an_old_console_form_is_refused_in_chinese() -> None:
    answer = Client(enforce_csrf_checks=True).post("/console/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


def test_a_failure_says_nothing_of_its_inside(rf: object) -> None:
    page = failed(rf.get("/console/"))  # type: ignore[attr-defined]
    assert (page.status_code, "服务出错了" in page.content.decode()) == (500, True)
    envelope = form_lost(rf.post("/api/x"), "secret reason")  # type: ignore[attr-defined]
    assert b"secret reason" not in envelope.content


@pytest.mark.parametrize(
    "error", [OperationalError("server closed the connection"), InterfaceError("closed")]
)
def test_a_database_that_is_away_asks_to_come_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr("yantuan.identity.codes.ask_code", away)
    answer = Client().post("/api/auth/sms", {"phone": "13911112222"}, content_type="application/json")
    _is_envelope(answer, 503, "busy")
    assert answer["Retry-After"] == "2" and b"server closed" not in answer.content


@pytest.mark.parametrize(
    "error", [OperationalError("server closed the connection"), InterfaceError("closed")]
)
def test_a_page_without_its_database_asks_to_come_again(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr("yantuan.console.second_factor.is_operator", away)
    page = Client(raise_request_exception=False).get("/console/login/")
    assert (page.status_code, page["Retry-After"], page["Cache-Control"]) == (503, "2", "no-store")
    assert "再试" in page.content.decode() and b"server closed" not in page.content


def test_any_other_failure_of_a_page_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("yantuan.console.second_factor.is_operator", broken)
    page = Client(raise_request_exception=False).get("/console/login/")
    assert page.status_code == 500 and "Retry-After" not in page and b"a mistake" not in page.content


def test_a_refused_field_is_named_in_the_details_and_not_in_the_sentence() -> None:
    body = Client().post("/api/auth/sms", {"phone": "123"}, content_type="application/json").json()
    assert body["code"] == "fields_invalid"
    assert body["details"]["fields"][0]["field"] == "phone"
    assert "phone" not in body["message"]

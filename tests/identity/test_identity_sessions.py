"""Sessions, their cookie, and what belongs to one person only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from identity.small_app import App, make_person
from yantuan.identity import actions, sessions
from yantuan.identity.believed import resolve_many
from yantuan.identity.models import Address, Person, Session
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]

HOME = {
    "name": "李四",
    "phone": "13900001111",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "文三路 1 号",
    "building": "3",
    "unit": "2",
    "room": "601",
}


def cookie_client(person: Person) -> Client:
    client = Client(HTTP_HOST="127.0.0.1:8000")
    client.cookies["yt_session"] = sessions.start(person, "h5", "browser")
    return client


def test_a_session_slides_and_ends() -> None:
    person = make_person()
    token = sessions.start(person, "h5", "x" * 500)
    assert sessions.resolve(token) == person.id
    began = Session.objects.get()
    assert token not in began.token_hash and len(began.user_agent) == 200
    with frozen(now() + timedelta(minutes=30)):
        sessions.resolve(token)
        assert Session.objects.get().seen_at == began.seen_at
    with frozen(now() + timedelta(days=29)):
        assert sessions.resolve(token) == person.id
    with frozen(now() + timedelta(days=58)):
        assert sessions.resolve(token) == person.id
    with frozen(now() + timedelta(days=89)):
        assert sessions.resolve(token) is None


@pytest.mark.parametrize("token", ["", "x", "x" * 300])
def test_unknown_tokens_are_nobody(token: str) -> None:
    assert sessions.resolve(token) is None


def test_one_select_per_read(django_assert_num_queries: Any) -> None:
    token = sessions.start(make_person(), "mp", "")
    with django_assert_num_queries(1):
        sessions.resolve(token)


def test_a_disabled_person_is_out_at_once() -> None:
    person = make_person()
    app = App(person)
    assert app.get("/api/me/addresses").status_code == 200
    Person.objects.filter(id=person.id).update(disabled_at=now())
    answer = app.get("/api/me/addresses")
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")


def test_logging_out_ends_the_session_on_the_server() -> None:
    app = App(make_person())
    assert app.post("/api/auth/logout").json() == {"ok": True}
    assert app.get("/api/me/sessions").status_code == 401


def test_writes_by_cookie_need_the_apps_own_header() -> None:
    person = make_person()
    client = cookie_client(person)
    send = {"data": HOME, "content_type": "application/json"}
    bare = client.post("/api/me/addresses", **send)
    assert (bare.status_code, bare.json()["code"]) == (403, "csrf_refused")
    foreign = client.post(
        "/api/me/addresses", **send, headers={"X-Yantuan-Client": "h5", "Origin": "https://evil.example"}
    )
    assert foreign.status_code == 403
    nowhere = client.post("/api/me/addresses", **send, headers={"X-Yantuan-Client": "h5", "Origin": "null"})
    assert nowhere.status_code == 403
    assert Address.objects.count() == 0
    own = client.post(
        "/api/me/addresses", **send, headers={"X-Yantuan-Client": "h5", "Origin": "http://127.0.0.1:8000"}
    )
    assert own.status_code == 200
    assert client.get("/api/me/addresses").status_code == 200


def test_devices_are_listed_and_ended() -> None:
    person = make_person()
    app, other, stranger = App(person), App(person), App(make_person())
    rows = app.get("/api/me/sessions").json()
    assert [row["current"] for row in rows].count(True) == 1 and len(rows) == 2
    theirs = next(row["id"] for row in rows if not row["current"])
    assert stranger.post(f"/api/me/sessions/{theirs}/revoke").status_code == 404
    assert app.post(f"/api/me/sessions/{theirs}/revoke").status_code == 200
    assert other.get("/api/me/sessions").status_code == 401 and app.get("/api/me/sessions").status_code == 200


def test_addresses_keep_one_default() -> None:
    app = App(make_person())
    first = app.post("/api/me/addresses", HOME).json()
    assert first["is_default"] and first["phone"] == HOME["phone"] and first["text"].endswith("3栋2单元601室")
    second = app.post("/api/me/addresses", HOME | {"room": "602", "is_default": True}).json()
    listed = app.get("/api/me/addresses").json()
    assert [(row["id"], row["is_default"]) for row in listed] == [(second["id"], True), (first["id"], False)]
    changed = app.send(
        "PUT", f"/api/me/addresses/{first['id']}", HOME | {"room": "603", "is_default": True}
    ).json()
    assert changed["room"] == "603" and changed["is_default"]
    assert app.send("DELETE", f"/api/me/addresses/{first['id']}").status_code == 200
    assert [row["is_default"] for row in app.get("/api/me/addresses").json()] == [True]
    assert HOME["phone"] not in str(Address.objects.values())


def test_others_addresses_look_absent() -> None:
    app, stranger = App(make_person()), App(make_person())
    mine = app.post("/api/me/addresses", HOME).json()["id"]
    absent = stranger.send("DELETE", "/api/me/addresses/12345")
    theirs = stranger.send("DELETE", f"/api/me/addresses/{mine}")
    assert (
        (theirs.status_code, theirs.json()["code"])
        == (absent.status_code, absent.json()["code"])
        == (404, "not_found")
    )
    assert stranger.send("PUT", f"/api/me/addresses/{mine}", HOME).status_code == 404
    assert Address.objects.count() == 1


def test_the_address_book_has_an_end() -> None:
    app = App(make_person())
    for _ in range(30):
        assert app.post("/api/me/addresses", HOME).status_code == 200
    answer = app.post("/api/me/addresses", HOME)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_addresses")
    assert Address.objects.count() == 30


def test_operators_need_a_real_password() -> None:
    user = actions.create_operator("desk", "a-long-password-1")
    assert user.is_staff and user.check_password("a-long-password-1")
    for name, password in (
        ("desk", "another-long-one"),
        ("x", "short"),
        ("longenough1", "longenough1"),
        ("y", "aaaaaaaaaaaa"),
    ):
        with pytest.raises(AppError):
            actions.create_operator(name, password)


def test_a_rush_notes_its_visits_together(django_assert_num_queries: Any) -> None:
    start_at = now()
    people = [Person.objects.create(nickname=f"买家{i}", created_at=start_at) for i in range(5)]
    tokens = [sessions.start(person, "mp") for person in people]
    old = Session.objects.order_by("id").first()
    assert old is not None
    nearly_over = start_at - sessions.LONGEST + timedelta(days=1)
    Session.objects.filter(id=old.id).update(created_at=nearly_over)
    later = start_at + timedelta(hours=2)
    with frozen(later):
        # One look; one update of all young ones, one look for old ones, one update of the old one.
        with django_assert_num_queries(4):
            assert resolve_many(tokens) == dict(zip(tokens, [p.id for p in people], strict=True))
        with django_assert_num_queries(1):
            resolve_many(tokens)
    rows = list(Session.objects.order_by("id").values_list("seen_at", "expires_at"))
    assert {seen for seen, _ in rows} == {later}
    assert rows[0][1] == nearly_over + sessions.LONGEST
    assert {end for _, end in rows[1:]} == {later + sessions.LIFE}

"""Mini-program and web sign-in, one person with many channels, and joining two accounts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from identity.small_app import App, make_person
from yantuan.gateways.wechat_mini import MiniSession, PhoneNumber, WeChatCodeRejected
from yantuan.gateways.wechat_oa import OAuthIdentity, OAuthProfile
from yantuan.identity import gateway, sessions, signing_in
from yantuan.identity.codes import _hash
from yantuan.identity.models import Address, Channel, OAuthState, Person, Session, SmsCode
from yantuan.identity.phones import hash_phone
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.config import config
from yantuan.leaders.models import Leader

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]
PHONE = "13812341234"


class FakeMini:
    def __init__(self) -> None:
        self.session = MiniSession("mini-open-1", "union-1", "secret-session-key")

    def code2session(self, js_code: str) -> MiniSession:
        return self.session

    def get_phone_number(self, code: str) -> PhoneNumber:
        if code == "used":
            raise WeChatCodeRejected("40163", "code been used")
        return PhoneNumber("5551234567", "1") if code == "abroad" else PhoneNumber(PHONE, "86")


class FakeOfficial:
    def __init__(self) -> None:
        self.identity = OAuthIdentity("oa-open-1", "", "snsapi_userinfo", False, "token")
        self.profile = OAuthProfile("oa-open-1", "union-1", "老王", "")
        self.codes: list[str] = []

    def authorize_url(self, redirect_uri: str, state: str, *, scope: str) -> str:
        return f"https://open.weixin.qq.com/x?redirect_uri={redirect_uri}&scope={scope}&state={state}"

    def exchange_code(self, code: str) -> OAuthIdentity:
        self.codes.append(code)
        return self.identity

    def userinfo(self, access_token: str, openid: str) -> OAuthProfile:
        return self.profile


@pytest.fixture
def mini(monkeypatch: pytest.MonkeyPatch) -> FakeMini:
    fake = FakeMini()
    monkeypatch.setattr(gateway, "mini", lambda: fake)
    return fake


@pytest.fixture
def official(monkeypatch: pytest.MonkeyPatch) -> FakeOfficial:
    fake = FakeOfficial()
    monkeypatch.setattr(gateway, "official", lambda: fake)
    monkeypatch.setattr(config(), "wechat_oa_appid", "oa-app")
    monkeypatch.setattr(config(), "wechat_mini_appid", "mini-app")
    return fake


def browser() -> Client:
    return Client(HTTP_HOST="127.0.0.1:8000")


def go_out(client: Client, return_to: str = "/g/abc") -> str:
    answer = client.get("/api/auth/wechat/start", {"return_to": return_to})
    assert answer.status_code == 302
    assert "redirect_uri=http://127.0.0.1:8000/api/auth/wechat/callback" in answer["Location"]
    return answer["Location"].split("state=")[1]


def come_back(client: Client, state: str, code: str = "c1") -> Any:
    return client.get("/api/auth/wechat/callback", {"code": code, "state": state})


def known_code(phone: str, code: str = "123456") -> str:
    moment = now()
    SmsCode.objects.create(
        phone_hash=hash_phone(phone),
        code_hash=_hash(phone, code),
        created_at=moment,
        expires_at=moment + timedelta(minutes=5),
    )
    return code


def bind(app: App, phone: str = PHONE) -> Any:
    return app.post("/api/auth/phone/bind", {"phone": phone, "code": known_code(phone)})


def test_the_mini_program_signs_in_and_hides_the_session_key(mini: FakeMini, official: FakeOfficial) -> None:
    answer = App().post("/api/auth/mini", {"js_code": "abc", "openid": "somebody-else"})
    assert answer.status_code == 200 and answer.json()["new_person"] and answer.json()["token"]
    assert "secret-session-key" not in answer.content.decode()
    assert Channel.objects.get().openid == "mini-open-1"
    again = App().post("/api/auth/mini", {"js_code": "abd"}).json()
    assert again["new_person"] is False and again["token"] != answer.json()["token"]
    assert Person.objects.count() == 1


def test_the_union_id_joins_channels(mini: FakeMini, official: FakeOfficial) -> None:
    App().post("/api/auth/mini", {"js_code": "abc"})
    client = browser()
    answer = come_back(client, go_out(client))
    assert (answer.status_code, answer["Location"]) == (302, "/g/abc")
    assert answer.cookies["yt_session"].value
    assert Person.objects.count() == 1
    assert set(Channel.objects.values_list("kind", flat=True)) == {"mini", "oa"}


def test_the_phone_button_binds_the_number_wechat_vouches_for(mini: FakeMini) -> None:
    app = App(make_person())
    for code, status, word in (("used", 422, "wechat_code_invalid"), ("abroad", 422, "phone_abroad")):
        refused = app.post("/api/auth/phone/wechat", {"code": code})
        assert (refused.status_code, refused.json()["code"]) == (status, word)
        assert not Person.objects.exclude(phone_hash=None).exists()
    assert app.post("/api/auth/phone/wechat", {"code": "good"}).status_code == 200
    assert Person.objects.get(phone_hash=hash_phone(PHONE)).phone_last4 == PHONE[-4:]
    assert App().post("/api/auth/phone/wechat", {"code": "good"}).status_code == 401


def test_a_state_works_once_in_its_own_browser(official: FakeOfficial) -> None:
    client, other = browser(), browser()
    state = go_out(client)
    stolen = come_back(other, state)
    assert stolen.status_code == 409 and "yt_session" not in stolen.cookies
    assert come_back(client, state).status_code == 302
    client.cookies["yt_oauth"] = state
    assert come_back(client, state).status_code == 409
    assert Session.objects.count() == 1 and official.codes == ["c1"]


def test_a_state_ends_after_ten_minutes(official: FakeOfficial) -> None:
    client = browser()
    state = go_out(client)
    with frozen(now() + timedelta(minutes=11)):
        assert come_back(client, state).status_code == 409
    with frozen(now() + timedelta(days=2)):
        assert signing_in.clear_states() == 1
    assert OAuthState.objects.count() == 0


def test_a_previewing_phantom_gets_a_page_and_no_account(official: FakeOfficial) -> None:
    official.identity = OAuthIdentity("virtual", "", "snsapi_userinfo", True, "token")
    client = browser()
    answer = come_back(client, go_out(client))
    assert answer.status_code == 403 and "使用完整服务" in answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert Person.objects.count() == 0


def test_declining_is_told(official: FakeOfficial) -> None:
    client = browser()
    answer = come_back(client, go_out(client), code="")
    assert answer.status_code == 409 and "没有同意" in answer.content.decode()
    assert Person.objects.count() == 0


def test_foreign_return_addresses_lead_home(official: FakeOfficial) -> None:
    client = browser()
    answer = come_back(client, go_out(client, "https://evil.example/"))
    assert answer["Location"] == "/"


def test_another_host_is_led_to_the_public_one(official: FakeOfficial) -> None:
    answer = Client(HTTP_HOST="localhost").get("/api/auth/wechat/start", {"return_to": "/x"})
    assert answer["Location"] == "http://127.0.0.1:8000/api/auth/wechat/start?return_to=%2Fx"
    assert OAuthState.objects.count() == 0


def test_a_signed_in_person_gains_the_channel(official: FakeOfficial) -> None:
    person = make_person(PHONE)
    client = browser()
    client.cookies["yt_session"] = sessions.start(person, "h5")
    come_back(client, go_out(client))
    assert Channel.objects.get().person_id == person.id and Person.objects.count() == 1


def test_without_an_account_the_page_says_so() -> None:
    answer = browser().get("/api/auth/wechat/start")
    assert answer.status_code == 503 and "还没有配置" in answer.content.decode()


def visitor_app(kind: str, appid: str, openid: str) -> tuple[Person, App]:
    person = make_person(nickname="微信来的")
    Channel.objects.create(person=person, kind=kind, appid=appid, openid=openid, created_at=now())
    return person, App(person)


def test_binding_a_free_phone_ends_other_sessions() -> None:
    person, app = visitor_app("mini", "mini-app", "o1")
    other = App(person)
    assert bind(app).status_code == 200
    person.refresh_from_db()
    assert person.phone_hash == hash_phone(PHONE) and person.phone_last4 == "1234"
    assert app.get("/api/me/sessions").status_code == 200
    assert other.get("/api/me/sessions").status_code == 401


def test_two_accounts_of_one_human_become_one() -> None:
    phone_person = make_person(PHONE)
    person, app = visitor_app("mini", "mini-app", "o1")
    assert bind(app).status_code == 200
    assert sessions.resolve(app.token) == phone_person.id
    assert Channel.objects.get().person_id == phone_person.id
    person.refresh_from_db()
    assert person.disabled_at is not None and person.nickname == ""


def test_the_account_with_a_history_survives() -> None:
    phone_person = make_person(PHONE)
    phone_app = App(phone_person)
    person, app = visitor_app("mini", "mini-app", "o1")
    Leader.objects.create(person=person, created_at=now())
    assert bind(app).status_code == 200
    person.refresh_from_db()
    assert person.phone_hash == hash_phone(PHONE)
    assert sessions.resolve(app.token) == person.id and sessions.resolve(phone_app.token) is None


def test_two_wechat_users_are_a_typed_conflict() -> None:
    _, first = visitor_app("mini", "mini-app", "o1")
    assert bind(first).status_code == 200
    person, second = visitor_app("mini", "mini-app", "o2")
    answer = bind(second)
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_taken")
    assert answer.json()["details"]["why"] == "channel_conflict"
    person.refresh_from_db()
    assert person.phone_hash is None and person.disabled_at is None


def test_two_histories_are_not_mixed() -> None:
    phone_person = make_person(PHONE)
    person, app = visitor_app("mini", "mini-app", "o1")
    for each in (phone_person, person):
        Leader.objects.create(person=each, created_at=now())
    answer = bind(app)
    assert (answer.status_code, answer.json()["details"]["why"]) == (409, "both_have_history")
    assert SmsCode.objects.get().used_at is None
    assert Channel.objects.get().person_id == person.id


def test_addresses_move_along() -> None:
    phone_person = make_person(PHONE)
    person, app = visitor_app("mini", "mini-app", "o1")
    Address.objects.create(person=person, name="a", phone_sealed="", phone_last4="", created_at=now())
    bind(app)
    assert Address.objects.get().person_id == phone_person.id

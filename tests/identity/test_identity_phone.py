"""Signing in by phone and code, with every limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from identity.small_app import App, make_person
from yantuan.gateways.errors import GatewayUnavailable
from yantuan.gateways.sms import SmsNumberRejected
from yantuan.identity import gateway, soon
from yantuan.identity.models import Person, Session, SmsCode
from yantuan.kernel import clock, outbox
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.models import OutboxEvent

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]
PHONE = "13812341234"


class FakeSms:
    """Keeps what was sent; refuses as told."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.failures: list[Exception] = []

    def send(self, phone: str, template_code: str, params: Any, *, out_id: str = "") -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((phone, params["code"]))


@pytest.fixture
def sms(monkeypatch: pytest.MonkeyPatch) -> FakeSms:
    fake = FakeSms()
    monkeypatch.setattr(gateway, "sms", lambda: fake)
    return fake


def ask(phone: str = PHONE, address: str = "203.0.113.7") -> Any:
    return App(address=address).post("/api/auth/sms", {"phone": phone})


def enter(code: str, **more: Any) -> Any:
    body = {"phone": PHONE, "code": code, "client": "h5", "agreed": True} | more
    return App().post("/api/auth/phone", body)


def get_code(sms: FakeSms, phone: str = PHONE) -> str:
    assert ask(phone).status_code == 200
    outbox.drain()
    return sms.sent[-1][1]


def test_a_code_signs_in_and_is_spent(sms: FakeSms) -> None:
    code = get_code(sms)
    assert sms.sent == [(PHONE, code)] and len(code) == 6
    answer = enter(code)
    assert answer.status_code == 200
    assert answer.json()["token"] is None and answer.json()["new_person"] is True
    cookie = answer.cookies["yt_session"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and len(cookie.value) >= 43
    assert not Session.objects.filter(token_hash=cookie.value).exists()
    person = Person.objects.get()
    assert person.agreed_terms_at and person.phone_last4 == "1234" and PHONE not in person.phone_sealed
    assert "1234" not in person.nickname
    again = enter(code)
    assert (again.status_code, again.json()["code"]) == (422, "code_invalid")
    assert Session.objects.count() == 1


def test_the_mini_program_gets_a_token(sms: FakeSms) -> None:
    answer = enter(get_code(sms), client="mp")
    assert answer.json()["token"] and "yt_session" not in answer.cookies


def test_known_and_unknown_phones_look_alike(sms: FakeSms) -> None:
    make_person(PHONE)
    assert ask().json() == ask("13900001111", "203.0.113.8").json() == {"sent": True, "retry_after": 60}


def test_nothing_personal_is_kept_plainly(sms: FakeSms) -> None:
    code = get_code(sms)
    event = OutboxEvent.objects.get()
    assert PHONE not in str(event.payload) and code not in str(event.payload)
    assert SmsCode.objects.get().code_hash != code


def test_the_log_names_neither_phone_nor_code(sms: FakeSms, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"):
        code = get_code(sms)
        enter("000000" if code != "000000" else "111111")
        enter(code)
        ask()
    written = caplog.text + "".join(
        str(record.__dict__) for record in caplog.records if record.name != "django.db.backends"
    )
    assert PHONE not in written and code not in written


def test_terms_must_be_agreed(sms: FakeSms) -> None:
    code = get_code(sms)
    answer = enter(code, agreed=False)
    assert (answer.status_code, answer.json()["code"]) == (422, "terms_not_agreed")
    assert Person.objects.count() == 0 and enter(code).status_code == 200


def test_five_wrong_tries_end_a_code(sms: FakeSms) -> None:
    code = get_code(sms)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert enter(wrong).json()["code"] == "code_invalid"
    assert enter(code).json()["code"] == "code_invalid"
    assert Person.objects.count() == 0


def test_a_code_ends_after_five_minutes(sms: FakeSms) -> None:
    code = get_code(sms)
    with frozen(now() + timedelta(minutes=5, seconds=1)):
        assert enter(code).json()["code"] == "code_invalid"


def test_only_the_newest_code_works(sms: FakeSms) -> None:
    first = get_code(sms)
    with frozen(now() + timedelta(seconds=61)):
        second = get_code(sms)
        if first != second:
            assert enter(first).status_code == 422
        assert enter(second).status_code == 200


def test_one_code_a_minute_five_an_hour_ten_a_day(sms: FakeSms) -> None:
    start = now().replace(minute=0, second=5)
    sent = 0
    for minutes in range(0, 60 * 24, 2):
        with frozen(start + timedelta(minutes=minutes)):
            answer = ask(address=f"198.51.100.{minutes % 200}")
            if answer.status_code == 200:
                sent += 1
                repeat = ask()
                assert repeat.status_code == 429 and 1 <= int(repeat["Retry-After"]) <= 3600 * 24
        if minutes == 58:
            assert sent == 5
    assert sent == 10 == SmsCode.objects.count()


def test_one_address_cannot_write_to_the_whole_town(sms: FakeSms) -> None:
    answers = [ask(f"139{n:08d}").status_code for n in range(25)]
    assert answers == [200] * 20 + [429] * 5


def test_forwarded_addresses_are_believed_only_from_the_proxy(sms: FakeSms) -> None:
    for n in range(25):
        answer = App().post("/api/auth/sms", {"phone": f"139{n:08d}"}, **{"X-Forwarded-For": f"192.0.2.{n}"})
    assert answer.status_code == 429


def test_sending_waits_for_the_provider_and_is_tried_again(sms: FakeSms) -> None:
    sms.failures = [GatewayUnavailable("sms", "down")]
    assert ask().status_code == 200
    outbox.drain()
    assert sms.sent == [] and OutboxEvent.objects.get().attempts == 1
    with frozen(now() + timedelta(seconds=10)):
        outbox.drain()
    assert len(sms.sent) == 1


def test_an_expired_code_is_not_sent_late(sms: FakeSms) -> None:
    ask()
    with frozen(now() + timedelta(minutes=6)):
        outbox.drain()
    assert sms.sent == [] and OutboxEvent.objects.get().state == "done"


def test_an_unreachable_number_is_not_tried_for_ever(sms: FakeSms) -> None:
    sms.failures = [SmsNumberRejected("isv.MOBILE_NUMBER_ILLEGAL", "no", 200)]
    ask()
    outbox.drain()
    assert OutboxEvent.objects.get().state == "done"


def test_without_an_account_the_refusal_is_typed() -> None:
    answer = ask()
    assert (answer.status_code, answer.json()["code"]) == (503, "not_configured")
    assert SmsCode.objects.count() == 0


def test_a_foreign_site_cannot_sign_anybody_in(sms: FakeSms) -> None:
    code = get_code(sms)
    body = {"phone": PHONE, "code": code, "agreed": True}
    answer = App().post("/api/auth/phone", body, Origin="https://evil.example")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_refused")
    assert Session.objects.count() == 0


def test_disabled_people_stay_out(sms: FakeSms) -> None:
    person = make_person(PHONE)
    Person.objects.filter(id=person.id).update(disabled_at=now())
    answer = enter(get_code(sms))
    assert (answer.status_code, answer.json()["code"]) == (403, "person_disabled")


@pytest.mark.parametrize("phone", ["12345678901", "+8613812341234", "1381234123", "13812341234 9", ""])
def test_bad_phones_are_refused(sms: FakeSms, phone: str) -> None:
    assert ask(phone).status_code == 422
    assert SmsCode.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_the_code_leaves_right_after_the_commit(sms: FakeSms, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[list[int]] = []
    monkeypatch.setattr(soon, "run_soon", lambda ids: ran.append(list(ids)))
    assert ask().status_code == 200
    assert [OutboxEvent.objects.get().id] in ran
    assert clock.now() >= OutboxEvent.objects.get().available_at


@pytest.mark.django_db(transaction=True)
def test_an_early_try_does_the_event_once(sms: FakeSms, monkeypatch: pytest.MonkeyPatch) -> None:
    early: list[Any] = []
    real = soon.run_soon
    monkeypatch.setattr(soon, "run_soon", lambda ids: early.extend(real(ids)))
    ask()
    assert [future.result(timeout=20) for future in early] == [True]
    outbox.drain()
    assert len(sms.sent) == 1

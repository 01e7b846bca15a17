"""Invite codes: one answer for strangers, exactly the allowed number of uses, throttled."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connections

from identity.small_app import App, make_person
from yantuan.identity.models import Person
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import AuditEntry
from yantuan.leaders import invites
from yantuan.leaders.actions import create_invite_code, revoke_invite_code
from yantuan.leaders.models import InviteCode, Leader
from yantuan.leaders.queries import invite_code_text
from yantuan.leaders.schemas import JoinIn

pytestmark = [pytest.mark.django_db, pytest.mark.urls("identity.small_app")]
PHONE = "13812341234"


def invite(uses: int = 1, **more: Any) -> tuple[InviteCode, str]:
    return create_invite_code(1, uses, more.pop("expires_at", now() + timedelta(days=7)), **more)


def join(app: App, code: str, **more: Any) -> Any:
    return app.post("/api/leaders/join", {"code": code, "display_name": "阿姨家的菜", "agreed": True} | more)


def test_an_invited_person_becomes_a_leader() -> None:
    code, text = invite()
    app = App(make_person(PHONE))
    assert app.get("/api/leaders/me").json()["code"] == "leader_unknown"
    answer = join(app, invite_code_text(code).lower())
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["state_label"]) == ("none", "未认证")
    assert app.get("/api/leaders/me").json() == answer.json()
    code.refresh_from_db()
    assert code.uses_taken == 1 and Leader.objects.get().invite_code_id == code.id
    assert text not in code.code_sealed
    assert list(AuditEntry.objects.order_by("seq").values_list("action", flat=True)) == [
        "invite.create",
        "leader.join",
    ]
    assert join(app, text).status_code == 200
    code.refresh_from_db()
    assert code.uses_taken == 1


def used(app: App) -> str:
    _, text = invite()
    join(App(make_person("13700000000")), text)
    return text


def revoked(app: App) -> str:
    code, text = invite()
    revoke_invite_code(code.id, 1)
    return text


def other_phone(app: App) -> str:
    return invite(phone="13711112222")[1]


def expired(app: App) -> str:
    code, text = invite()
    InviteCode.objects.filter(id=code.id).update(expires_at=now() - timedelta(seconds=1))
    return text


@pytest.mark.parametrize("make", [used, revoked, other_phone, expired, lambda app: "ABCD-EFGH-JKMNP"])
def test_strangers_get_one_answer(make: Callable[[App], str]) -> None:
    app = App(make_person(PHONE), address="203.0.113.99")
    text = make(app)
    before = list(InviteCode.objects.order_by("id").values_list("uses_taken", flat=True))
    answer = join(app, text)
    body = answer.json()
    assert (answer.status_code, body["code"], body["details"]) == (
        422,
        "invite_code_invalid",
        {"field": "code"},
    )
    assert body["message"] == "邀请码无效，请核对或向平台要一个新的"
    assert list(InviteCode.objects.order_by("id").values_list("uses_taken", flat=True)) == before
    assert not Leader.objects.filter(person__phone_last4="1234").exists()


def test_a_bound_code_works_for_its_phone() -> None:
    _, text = invite(phone=PHONE)
    assert join(App(make_person(PHONE)), text).status_code == 200


def test_phone_and_terms_come_first() -> None:
    code, text = invite()
    assert join(App(make_person()), text).json()["code"] == "phone_needed"
    assert join(App(make_person(PHONE)), text, agreed=False).json()["code"] == "terms_not_agreed"
    code.refresh_from_db()
    assert code.uses_taken == 0


def test_guessing_is_throttled_per_person_and_address() -> None:
    person = make_person(PHONE)
    codes = [join(App(person, address=f"198.51.100.{n}"), "WRONG").status_code for n in range(7)]
    assert codes == [422] * 5 + [429] * 2
    people = [make_person(f"137000000{n:02d}") for n in range(7)]
    assert [join(App(p), "WRONG").status_code for p in people] == [422] * 5 + [429] * 2


def test_twenty_tries_a_day() -> None:
    person = make_person(PHONE)
    start = now().replace(hour=1, minute=0, second=0)
    answers = []
    for n in range(25):
        with frozen(start + timedelta(minutes=2 * n)):
            answers.append(join(App(person, address=f"198.51.100.{n}"), "WRONG").status_code)
    assert answers == [422] * 20 + [429] * 5


def test_bad_codes_are_not_made() -> None:
    for uses, end in ((0, timedelta(days=1)), (10_001, timedelta(days=1)), (1, timedelta(seconds=-1))):
        with pytest.raises(AppError):
            create_invite_code(1, uses, now() + end)
    assert InviteCode.objects.count() == 0


def patiently(work: Callable[[], object]) -> None:
    """A test database in memory answers "table is locked" at once, where a file would wait its turn."""
    deadline = time.monotonic() + 30
    while True:
        try:
            work()
            return
        except OperationalError as error:
            if "table is locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.02))


def race(people: list[Person], text: str, taker: Callable[[Person, str], object]) -> list[str]:
    """All at once; answers `ok` or the refusal's code."""
    gate = threading.Barrier(len(people))
    results: list[str] = []

    def run(person: Person) -> None:
        try:
            gate.wait(timeout=20)
            patiently(lambda: taker(person, text))
            results.append("ok")
        except AppError as error:
            results.append(error.code)
        except Exception as error:
            results.append(type(error).__name__)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def real_join(person: Person, text: str) -> object:
    return invites.join(person, JoinIn(code=text, display_name="x", agreed=True), f"addr-{person.id}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("uses", [1, 4])
def test_many_at_once_take_exactly_the_allowed_uses(uses: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Repeats after a locked table must not be counted as guesses.
    monkeypatch.setattr(invites, "JOIN_LIMITS", ())
    code, text = invite(uses)
    people = [make_person(f"137000000{n:02d}") for n in range(16)]
    results = race(people, text, real_join)
    assert results.count("ok") == uses == Leader.objects.count()
    assert results.count("invite_code_invalid") == 16 - uses
    code.refresh_from_db()
    assert code.uses_taken == uses


@pytest.mark.django_db(transaction=True)
def test_without_the_guard_the_race_is_lost() -> None:
    """Negative control: reading first and writing afterwards lets several in."""
    code, text = invite()
    people = [make_person(f"137000000{n:02d}") for n in range(6)]
    looked = threading.Barrier(6)

    def careless(person: Person, text: str) -> object:
        row = InviteCode.objects.get(code_hash=invites.invite_hash(text))
        looked.wait(timeout=20)
        if row.uses_taken >= row.uses_allowed:
            raise invites.InviteCodeInvalid()
        InviteCode.objects.filter(id=row.id).update(uses_taken=row.uses_taken + 1)
        return Leader.objects.create(person=person, invite_code=row, created_at=now())

    assert race(people, text, careless).count("ok") > 1
    assert Leader.objects.count() > code.uses_allowed

"""The operator's two buttons on a person's page, and the two commands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

import factories as make
from console_login import signed_in_operator
from privacy.conftest import Trail, everything
from yantuan.identity.models import Person
from yantuan.kernel.models import AuditEntry
from yantuan.privacy import scrub

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operator(settings: Any) -> tuple[Client, TOTPDevice]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return signed_in_operator()


def _post(client: Client, verb: str, person: Person, **body: str) -> Any:
    return client.post(reverse(f"admin:identity_person_{verb}", args=[person.id]), body)


def _code(device: TOTPDevice) -> str:
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None, last_t=-1)
    return f"{totp(device.bin_key):06d}"


def test_leaving_takes_reason_word_and_code(trail: Trail, operator: tuple[Client, TOTPDevice]) -> None:
    client, device = operator
    page = client.get(reverse("admin:identity_person_forget", args=[trail.buyer.id])).content.decode()
    assert "不能撤销" in page and trail.buyer.nickname in page
    for body in (
        {"reason": "本人要求", "word": "注销"},
        {"reason": "本人要求", "word": "注销", "code": "000000"},
        {"reason": "本人要求", "word": "删除", "code": _code(device)},
        {"reason": "", "word": "注销", "code": _code(device)},
    ):
        assert _post(client, "forget", trail.buyer, **body).status_code == 200
        assert Person.objects.get(id=trail.buyer.id).phone_hash is not None
    done = _post(client, "forget", trail.buyer, reason="本人要求", word="注销", code=_code(device))
    assert done.status_code == 302
    assert Person.objects.get(id=trail.buyer.id).nickname == scrub.GONE
    assert AuditEntry.objects.get(action="person.forget").actor_kind == "operator"
    assert _post(client, "forget", trail.buyer, reason="再来", word="注销").status_code == 403


def test_what_is_under_way_is_said_before_and_refused_after(
    trail: Trail, operator: tuple[Client, TOTPDevice]
) -> None:
    client, device = operator
    make.paid(make.order(trail.sale, trail.buyer))
    page = client.get(reverse("admin:identity_person_forget", args=[trail.buyer.id])).content.decode()
    assert "1 个已付款、未完成的订单" in page
    answer = _post(client, "forget", trail.buyer, reason="本人要求", word="注销", code=_code(device))
    assert answer.status_code == 200 and "处理完再办理" in answer.content.decode()
    assert Person.objects.get(id=trail.buyer.id).phone_hash is not None


def test_the_copy_leaves_with_a_code_and_is_noted(trail: Trail, operator: tuple[Client, TOTPDevice]) -> None:
    client, device = operator
    assert _post(client, "export", trail.buyer).status_code == 200
    assert not AuditEntry.objects.filter(action="person.export").exists()
    answer = _post(client, "export", trail.buyer, code=_code(device))
    assert answer["Content-Disposition"] == f'attachment; filename="person-{trail.buyer.id}.json"'
    assert "no-store" in answer["Cache-Control"]
    assert json.loads(answer.content)["person"]["nickname"] == trail.buyer.nickname
    assert AuditEntry.objects.get(action="person.export").target_id == trail.buyer.id


def test_strangers_reach_neither(trail: Trail) -> None:
    before = everything()
    for verb in ("export", "forget"):
        assert _post(Client(), verb, trail.buyer, reason="x", word="注销", code="1").status_code == 302
    assert everything() == before

"""The look-up of a session with its person answers what Django itself would read, in one statement."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import models

import factories as make
from yantuan.identity import sessions
from yantuan.identity.models import Person, Session
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.tokens import token_hash

pytestmark = pytest.mark.django_db


def values(row: models.Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_every_column_is_as_django_reads_it(django_assert_num_queries: Any) -> None:
    for nickname in ("林小满", "周海生"):
        token = sessions.start(make.person(nickname), "h5", "Firefox")
        Session.objects.filter(token_hash=token_hash(token)).update(confirmed_at=now())
        plain = Session.objects.select_related("person").get(token_hash=token_hash(token))
        with django_assert_num_queries(1):
            found = sessions.find(token)
            assert found is not None and found.person.nickname == nickname
        assert (found, found.person) == (plain, plain.person)
        assert values(found) == values(plain)
        assert values(found.person) == values(plain.person)
        assert {name: type(value) for name, value in values(found.person).items()} == {
            name: type(value) for name, value in values(plain.person).items()
        }
        # Rows of the database, not new ones: saving changes them.
        found.person.nickname = "改过的"
        found.person.save(update_fields=["nickname"])
        assert Person.objects.get(id=found.person_id).nickname == "改过的"


def test_what_is_not_alive_is_not_found() -> None:
    person = make.person()
    tokens = [sessions.start(person, "h5") for _ in range(3)]
    assert [sessions.find(token) is None for token in (*tokens, "x", "", "x" * 129)] == [False] * 3 + [
        True
    ] * 3
    sessions.revoke(tokens[0])
    assert [sessions.find(token) is None for token in tokens] == [True, False, False]
    ends = Session.objects.get(token_hash=token_hash(tokens[1])).expires_at
    for moment, gone in ((ends - timedelta(seconds=1), False), (ends, True)):
        with frozen(moment):
            assert (sessions.find(tokens[1]) is None) == gone
    Person.objects.filter(id=person.id).update(disabled_at=now())
    assert [sessions.find(token) for token in tokens] == [None] * 3

"""A computer is let in by one phone, once, however many ask in the same moment."""

from __future__ import annotations

import re

import factories as make
from races.racing import Guard, meeting, together, without
from yantuan.desk import signing_in
from yantuan.desk.models import DeskSignIn
from yantuan.identity.models import Person, Session
from yantuan.kernel.errors import AppError
from yantuan.kernel.ids import short_code
from yantuan.kernel.tokens import token_hash

AGREES = 'UPDATE "desk_desksignin" SET "person_id"'
SPENDS = 'UPDATE "desk_desksignin" SET "used_at"'
ONCE = Guard(
    re.compile(r'^UPDATE "desk_desksignin"'),
    re.compile(r'"desk_desksignin"\."(?:used_at|confirmed_at)" IS NULL'),
    "1 = 1",
)
"""An agreement is spent, and given, only where it was not yet."""


def leaders(count: int) -> list[Person]:
    people = [make.leader(f"团长{n}") for n in range(count)]
    for person in people:
        make.store(person)
    return people


def codes(done: list[object]) -> list[str]:
    """The refusals; anything else than a refusal is a fault."""
    wrong = [one for one in done if isinstance(one, Exception) and not isinstance(one, AppError)]
    assert wrong == []
    return [one.code for one in done if isinstance(one, AppError)]


def sessions_of_one_agreement() -> int:
    """How many sessions two windows with the same cookie get."""
    [person] = leaders(1)
    secret = signing_in.begin("Chrome", short_code())
    signing_in.confirm(person, signing_in.code_of(secret))
    done = together([lambda: signing_in.finish(secret, "Chrome")] * 2)
    found = Session.objects.filter(person=person, client="desk").count()
    assert len(codes(done)) == 2 - found
    return found


def agreements() -> tuple[int, bool]:
    """How many of two leaders are told that they let the computer in, and whether the row is one of theirs."""
    people = leaders(2)
    secret = signing_in.begin("Chrome", short_code())
    code = signing_in.code_of(secret)
    done = together([lambda who=who: signing_in.confirm(who, code) for who in people])  # type: ignore[misc]
    row = DeskSignIn.objects.get(secret_hash=token_hash(secret))
    return 2 - len(codes(done)), row.person_id in {who.id for who in people}


def test_an_agreement_is_spent_once() -> None:
    with meeting(SPENDS, 2):
        assert sessions_of_one_agreement() == 1


def test_control_without_the_look_it_is_spent_twice() -> None:
    with without(ONCE), meeting(SPENDS, 2):
        assert sessions_of_one_agreement() == 2


def test_one_of_two_phones_lets_a_computer_in() -> None:
    with meeting(AGREES, 2):
        assert agreements() == (1, True)


def test_control_without_the_look_both_believe_they_did() -> None:
    with without(ONCE), meeting(AGREES, 2):
        assert agreements() == (2, True)

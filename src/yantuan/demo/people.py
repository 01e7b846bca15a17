"""The people of the demo shop. Their phones are invalid for real messages; codes arrive in the simulator's inbox."""

from __future__ import annotations

from dataclasses import dataclass

from yantuan.identity.models import Person
from yantuan.identity.phones import hash_phone
from yantuan.kernel.errors import NotFound


@dataclass(frozen=True)
class DemoPerson:
    """`go` is where the one-tap sign-in leads."""

    nickname: str
    phone: str
    go: str
    avatar: str


DEMO_PEOPLE = {
    "leader": DemoPerson("林小满", "13900000001", "/pages/home/index", "avatar-1"),
    "buyer": DemoPerson("陈阿姨", "13900000002", "/pages/home/index", "avatar-5"),
    "buyer2": DemoPerson("周子墨", "13900000003", "/pages/home/index", "avatar-3"),
}


def demo_person(role: str) -> Person:
    """The row of a demo person; NotFound until the demo data is loaded."""
    person = Person.objects.filter(phone_hash=hash_phone(DEMO_PEOPLE[role].phone)).first()
    if person is None:
        raise NotFound("演示数据还没有载入", "The demo data is not loaded yet.")
    return person

"""A store to tell, and WeChat's simulator in this process for the tests that ask it."""

from __future__ import annotations

import pytest

from sharing.conftest import platform, platform_folder
from yantuan.identity.models import Person
from yantuan.kernel.clock import now
from yantuan.leaders.models import Leader
from yantuan.stores.models import Store

__all__ = ["platform", "platform_folder"]


@pytest.fixture
def store() -> Store:
    person = Person.objects.create(nickname="林小满", created_at=now())
    leader = Leader.objects.create(person=person, certification="approved", created_at=now())
    return Store.objects.create(leader=leader, code="shop1", name="小店", created_at=now(), updated_at=now())

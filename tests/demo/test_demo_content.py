"""The demo shop fills itself also where content is checked: its operator passes it by hand, as in the console."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from yantuan.demo.load import load_demo
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.config import config
from yantuan.kernel.models import AuditEntry
from yantuan.moderation.models import Submission
from yantuan.stores.models import Store
from yantuan.stores.public import hidden


@pytest.fixture
def checking(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Checks are on, and no platform answers."""
    for name, value in {
        "CONTENT_CHECK": "true", "WECHAT_MINI_APPID": "wx0000000000000001", "WECHAT_MINI_SECRET": "0" * 32,
        "WECHAT_API_BASE_URL": "http://127.0.0.1:9",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"YANTUAN_{name}", value)
    config.cache_clear()
    yield
    config.cache_clear()


def test_everything_is_open_and_nothing_waits(checking: None) -> None:
    load_demo()
    store = Store.objects.get()
    assert not hidden(store.id)
    assert set(GroupBuy.objects.values_list("state", flat=True)) == {"published"}
    assert set(Submission.objects.values_list("state", flat=True)) == {"passed"}
    people = Person.objects.count()
    assert Submission.objects.filter(kind="person").count() == people
    assert Person.objects.filter(avatar_media_id=None).count() == 0
    for code in GroupBuy.objects.filter(kind="dated").values_list("code", flat=True):
        assert Client().get(f"/api/g/{code}").status_code == 200
    passed = AuditEntry.objects.filter(action="content.approve")
    assert passed.count() == people + 1 + GroupBuy.objects.count()
    assert set(passed.values_list("reason", flat=True)) == {"演示资料"}


def test_loaded_again_it_stays_as_it_is(checking: None) -> None:
    load_demo()
    before = sorted(Submission.objects.values_list("id", "revision"))
    load_demo()
    outbox.drain()
    assert sorted(Submission.objects.values_list("id", "revision")) == before
    assert GroupBuy.objects.exclude(state="published").count() == 0

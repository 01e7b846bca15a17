from __future__ import annotations

from collections.abc import Iterator

import pytest
from asgiclient import running_lane

from orders.orderworld import World, make_world
from yantuan.api.lane import Lane
from yantuan.kernel.config import Config


@pytest.fixture(autouse=True)
def _wechatpay_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def lane(transactional_db: None) -> Iterator[Lane]:
    with running_lane() as made:
        yield made

from __future__ import annotations

import pytest
from orderworld import World, make_world

from yantuan.kernel.config import Config, config


@pytest.fixture(autouse=True)
def _wechatpay_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instance counts as connected to WeChat Pay; nothing here calls it."""
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))
    assert config().has_wechatpay


@pytest.fixture
def world(db: None) -> World:
    return make_world()

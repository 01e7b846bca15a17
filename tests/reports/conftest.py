from __future__ import annotations

import pytest

from yantuan.kernel.config import Config
from yantuan.reports.rules import system


@pytest.fixture(autouse=True)
def _wechatpay_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instance counts as connected to WeChat Pay; nothing here calls it."""
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))


@pytest.fixture
def _sound_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test server runs without fsync, for speed."""
    monkeypatch.setattr(system, "_postgres_settings", lambda read: [])

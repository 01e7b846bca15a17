from __future__ import annotations

import pytest

from yantuan.kernel.config import Config


@pytest.fixture(autouse=True)
def _wechatpay_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """The instance counts as connected to WeChat Pay; nothing here calls it."""
    monkeypatch.setattr(Config, "has_wechatpay", property(lambda self: True))

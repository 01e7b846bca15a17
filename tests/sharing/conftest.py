"""The simulator in this process, and the product configured for its mini-program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sharing.miniworld import BASE, Platform
from yantuan.identity import gateway as identity_gateway
from yantuan.kernel.config import config
from yantuan.sharing import gateway, mini_codes
from yantuan.simulator.app import create_app


@pytest.fixture(scope="session")
def platform_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("platform")


@pytest.fixture
def platform(platform_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    app = create_app(platform_folder, public_url=BASE, product_url="http://testserver")
    world = app.state.world
    world.reset()
    for name, value in {
        "WECHAT_API_BASE_URL": BASE, "WECHAT_MINI_APPID": world.credentials.mini_appid,
        "WECHAT_MINI_SECRET": world.credentials.mini_secret,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"YANTUAN_{name}", value)
    config.cache_clear()
    made = Platform(TestClient(app, base_url=BASE), world)
    gateway.reset(made.links())
    mini = made.mini()
    monkeypatch.setattr(identity_gateway, "mini", lambda: mini)
    mini_codes.forget_refusal()
    yield made
    gateway.reset()
    mini_codes.forget_refusal()
    config.cache_clear()
    world.db.close()

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from deskworld import Desk, open_shop
from django.test import override_settings
from starlette.testclient import TestClient

from fulfilment.tradeworld import Shop
from yantuan.kernel.config import config
from yantuan.shipinfo import gateway
from yantuan.simulator.app import create_app


@pytest.fixture(scope="session")
def desk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


@pytest.fixture
def desk(desk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The simulator, empty, and this process configured for its mini-program."""
    app = create_app(desk_folder, public_url="http://127.0.0.1:8001", product_url="http://testserver")
    world = app.state.world
    world.reset()
    c = world.credentials
    for name, value in {
        "WECHAT_API_BASE_URL": "http://127.0.0.1:8001", "WECHAT_MINI_APPID": c.mini_appid,
        "WECHAT_MINI_SECRET": c.mini_secret, "WECHAT_PUSH_TOKEN": c.push_token, "WECHAT_PUSH_AES_KEY": c.push_aes_key,
    }.items():  # fmt: skip
        monkeypatch.setenv(f"YANTUAN_{name}", value)
    config.cache_clear()
    desk = Desk(TestClient(app, base_url="http://127.0.0.1:8001"), world)
    gateway.reset(desk.client())
    with override_settings(ALLOWED_HOSTS=["*"]):
        yield desk
    gateway.reset()
    config.cache_clear()
    world.db.close()


@pytest.fixture
def shop(db: None, desk: Desk) -> Shop:
    return open_shop(offers=2)

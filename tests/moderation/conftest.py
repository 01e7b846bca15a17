from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contentworld import Hall, open_hall
from django.test import override_settings
from starlette.testclient import TestClient

from yantuan.kernel.config import config
from yantuan.moderation import gateway
from yantuan.simulator.app import create_app


@pytest.fixture(scope="session")
def hall_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hall")


@pytest.fixture
def hall(db: None, hall_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    """A certified leader in the mini-program, a shop opened before checks began, and checks switched on."""
    app = create_app(hall_folder, public_url="http://127.0.0.1:8001", product_url="http://testserver")
    world = app.state.world
    world.reset()
    c = world.credentials
    for name, value in {
        "WECHAT_API_BASE_URL": "http://127.0.0.1:8001", "WECHAT_MINI_APPID": c.mini_appid,
        "WECHAT_MINI_SECRET": c.mini_secret, "WECHAT_PUSH_TOKEN": c.push_token, "WECHAT_PUSH_AES_KEY": c.push_aes_key,
        "PUBLIC_URL": "http://testserver",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"YANTUAN_{name}", value)
    config.cache_clear()
    made = open_hall(TestClient(app, base_url="http://127.0.0.1:8001"), world)
    monkeypatch.setenv("YANTUAN_CONTENT_CHECK", "true")
    config.cache_clear()
    gateway.reset(made.client())
    with override_settings(ALLOWED_HOSTS=["*"]):
        yield made
    gateway.reset()
    config.cache_clear()
    world.db.close()

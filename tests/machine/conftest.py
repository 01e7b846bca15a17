"""One simulator with its keys for the whole run, and this process configured to use it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from machine.provider import URL, Provider, open_provider
from yantuan.aftersales import deciding
from yantuan.kernel.config import config
from yantuan.payments import closing, gateway, inbox, refund_work


@pytest.fixture(scope="session")
def _opened() -> Iterator[Provider]:
    folder = Path(tempfile.mkdtemp(prefix="yantuan-machine-"))
    provider = open_provider(folder)
    yield provider
    provider.world.db.close()
    provider.wire.end()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def provider(_opened: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    for name, value in _opened.world.credentials.product_env(URL, "http://127.0.0.1:8123").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("YANTUAN_RATE_LIMIT_TIMES", "100000")
    # Parcels have tests of their own; here nobody answers for a tracking service.
    monkeypatch.setenv("YANTUAN_COURIER_DRIVER", "none")
    config.cache_clear()
    for module in (closing, refund_work, inbox, deciding):
        monkeypatch.setattr(module, "BATCH", 1)
    yield _opened
    gateway.reset()
    config.cache_clear()

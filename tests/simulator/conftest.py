"""A simulator in this process, a merchant that signs with its own code, and a merchant's notice receiver."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sim_merchant import Merchant, Receiver
from sim_partner import Partner
from starlette.testclient import TestClient

from yantuan.simulator.app import create_app
from yantuan.simulator.credentials import ensure_credentials

SIMULATOR_URL = "http://127.0.0.1:8001"


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and tables are slow to make: once per run, copied for every test."""
    folder = tmp_path_factory.mktemp("simulator-keys")
    ensure_credentials(folder)
    create_app(folder, public_url=SIMULATOR_URL, product_url="http://shop.test").state.world.db.close()
    return folder


@pytest.fixture
def folder(made_folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "simulator"
    shutil.copytree(made_folder, copy)
    return copy


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def merchant(folder: Path, receiver: Receiver) -> Iterator[Merchant]:
    """Notices are held, so that every test decides itself when one is delivered."""
    app = create_app(
        folder,
        public_url=SIMULATOR_URL,
        product_url="http://shop.test",
        transport=httpx.MockTransport(receiver),
    )
    app.state.world.change_settings({"notice_mode": "hold", "refund_seconds": 0})
    client = TestClient(app, base_url=SIMULATOR_URL, follow_redirects=False)
    yield Merchant(client, app.state.world)
    client.close()
    app.state.world.db.close()


@pytest.fixture
def partner(merchant: Merchant) -> Partner:
    """A partner with one sub-merchant, in the merchant's world."""
    made = Partner(merchant.client, merchant.world)
    made.sub = made.new_sub(name="杭州阿禾果业有限公司")
    made.sim("/config", share_seconds=0, share_wait_seconds=0)
    return made

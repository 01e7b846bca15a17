from __future__ import annotations

import os
from collections.abc import Iterator

import earlier
import pytest
from instance import Instance, scratch_database

from pgserver import DURABLE, postgres


@pytest.fixture(scope="session")
def durable_server() -> Iterator[str]:
    """URL of a PostgreSQL of our own, empty on SQLite runs. Not the other tests' one: that forgets on power loss, which the self-check rightly minds."""
    if not os.environ.get("YANTUAN_DATABASE_URL"):
        yield ""
        return
    with postgres(DURABLE, begun=True) as url:
        yield url


@pytest.fixture(scope="session")
def grown(durable_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """A shop with orders and pictures, brought to this version. To be copied with `grown_instance`, never used itself."""
    with scratch_database(durable_server, "grown") as url:
        made = Instance(tmp_path_factory.mktemp("grown") / "shop", url)
        earlier.load(earlier.DUMPS[0], made)
        assert made.run("migrate").returncode == 0
        yield made

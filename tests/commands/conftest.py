from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pgserver import DURABLE, postgres


@pytest.fixture(scope="session")
def durable_server() -> Iterator[str]:
    """URL of a PostgreSQL of our own, empty on SQLite runs. Not the other tests' one: that forgets on power loss, which the self-check rightly minds."""
    if not os.environ.get("YANTUAN_DATABASE_URL"):
        yield ""
        return
    with postgres(DURABLE) as url:
        yield url

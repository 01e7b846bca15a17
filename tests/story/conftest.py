from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product, running on the database of this run; in the end its doctor must find nothing."""
    with running_stack(
        database_url=os.environ.get("YANTUAN_DATABASE_URL", ""), notice_gather_seconds="1"
    ) as running:
        yield running
        done = running.check()
        assert done.returncode == 0, done.stdout + done.stderr

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pgserver import DURABLE, postgres
from stack import Stack, running_stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product, running on the database of this run; in the end its doctor must find nothing."""
    with ExitStack() as servers:
        # A server of its own: the other tests' one forgets on power loss, which the doctor rightly minds.
        url = servers.enter_context(postgres(DURABLE)) if os.environ.get("YANTUAN_DATABASE_URL") else ""
        running = servers.enter_context(
            running_stack(database_url=url, from_nothing=True, notice_gather_seconds="1")
        )
        yield running
        done = running.check()
        assert done.returncode == 0, done.stdout + done.stderr

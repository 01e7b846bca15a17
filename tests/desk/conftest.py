from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from desk_world import DeskWorld, build

from matrix.conftest import never_committed


@pytest.fixture(scope="module")
def _built(django_db_setup: None, django_db_blocker: Any) -> Iterator[DeskWorld]:
    with never_committed(django_db_blocker):
        yield build()


@pytest.fixture
def world(_built: DeskWorld, db: None) -> DeskWorld:
    """The shop of this file as it was built: what a test does to it is undone, and the rows in its hands are its own."""
    return copy.deepcopy(_built)

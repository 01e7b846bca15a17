from __future__ import annotations

import pytest
from desk_world import DeskWorld, build


@pytest.fixture
def world(db: None) -> DeskWorld:
    return build()

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from fulfilment.tradeworld import Shop, make_shop


@pytest.fixture(autouse=True)
def _routes() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="picking.picking_urls", ALLOWED_HOSTS=["*"]):
        yield


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)

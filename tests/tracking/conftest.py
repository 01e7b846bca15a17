from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from fulfilment.tradeworld import Shop, make_shop
from tracking.courierworld import Hundred, connect
from yantuan.tracking import gateway


@pytest.fixture(autouse=True)
def _hosts() -> Iterator[None]:
    with override_settings(ALLOWED_HOSTS=["*"]):
        yield
    gateway.reset()


@pytest.fixture
def hundred() -> Hundred:
    made = Hundred()
    connect(made)
    return made


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)

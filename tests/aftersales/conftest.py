from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from fulfilment.tradeworld import Shop, books_add_up, make_shop


@pytest.fixture(autouse=True)
def _routes() -> Iterator[None]:
    with override_settings(ROOT_URLCONF="fulfilment.trade_urls", ALLOWED_HOSTS=["*"]):
        yield


@pytest.fixture(autouse=True)
def _the_books(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test with a database; a control shows harm on purpose."""
    name = next((n for n in ("transactional_db", "db") if n in request.fixturenames), None)
    if name is None or request.node.name.startswith("test_control"):
        yield
        return
    request.getfixturevalue(name)
    yield
    books_add_up()


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop(offers=2, stock_units=500)

"""Upgrades: a shop of an earlier version keeps every order, fen and state; a program never serves a schema it doesn't know."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import earlier
import pytest
from instance import Instance, scratch_database

_FACTS = {
    "orders": "SELECT payment, delivery, aftersale, COUNT(*), SUM(total_fen), SUM(paid_fen), SUM(refunded_fen) FROM orders_order GROUP BY payment, delivery, aftersale ORDER BY 1, 2, 3",
    "lines": "SELECT COUNT(*), SUM(quantity), SUM(amount_fen), SUM(refunded_quantity), SUM(refunded_goods_fen) FROM orders_orderline",
    "timeline": "SELECT axis, event, COUNT(*) FROM orders_orderevent GROUP BY axis, event ORDER BY 1, 2",
    "attempts": "SELECT state, COUNT(*), SUM(amount_fen), SUM(paid_fen) FROM payments_paymentattempt GROUP BY state ORDER BY 1",
    "refunds": "SELECT state, COUNT(*), SUM(amount_fen) FROM payments_refund GROUP BY state ORDER BY 1",
    "notices": "SELECT outcome, COUNT(*), SUM(seen) FROM payments_providernotice GROUP BY outcome ORDER BY 1",
    "stock": "SELECT id, total, available, held, sold FROM catalog_stockpool ORDER BY id",
    "limits": "SELECT offer_id, person_id, quantity FROM orders_limituse ORDER BY 1, 2",
    "people": "SELECT COUNT(*) FROM identity_person",
    "aftersales": "SELECT state, COUNT(*), SUM(agreed_fen) FROM aftersales_aftersale GROUP BY state ORDER BY 1",
    "audit": "SELECT seq, hash FROM kernel_auditentry ORDER BY seq",
    "queued": "SELECT state, COUNT(*) FROM kernel_outboxevent GROUP BY state ORDER BY 1",
    "messages": "SELECT state, COUNT(*) FROM notices_delivery GROUP BY state ORDER BY 1",
}


def _facts(instance: Instance) -> dict[str, list[tuple[object, ...]]]:
    # Sums come as Decimal from one database and as int from the other.
    return {
        name: [tuple(int(v) if hasattr(v, "quantize") else v for v in row) for row in instance.rows(query)]
        for name, query in _FACTS.items()
    }


@pytest.fixture(params=earlier.DUMPS, ids=lambda path: path.name.removesuffix(".sql.gz"))
def old_shop(request: pytest.FixtureRequest, durable_server: str, tmp_path: Path) -> Iterator[Instance]:
    """A shop in an earlier schema, with orders in many states."""
    with scratch_database(durable_server, "upgrade") as url:
        shop = Instance(tmp_path / "shop", url)
        earlier.load(request.param, shop)
        yield shop


def test_every_order_fen_and_state_survives(old_shop: Instance) -> None:
    before = _facts(old_shop)
    assert sum(int(str(row[3])) for row in before["orders"]) == 13
    done = old_shop.run("migrate")
    assert done.returncode == 0, done.stderr
    assert _facts(old_shop) == before
    assert old_shop.violations() == []

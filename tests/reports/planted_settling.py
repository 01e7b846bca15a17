"""Faults of what closed sales settle, planted into a trade that has none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from reports.trade import Trade
from yantuan.kernel.clock import now
from yantuan.orders.models import Order
from yantuan.settling.models import Formation, Settlement

Plant = Callable[[Trade], object]
LONG_AGO = timedelta(days=2)


def the(trade: Trade, name: str) -> Order:
    return Order.objects.get(id=trade.orders[name])


def settled(**values: Any) -> Plant:
    """A refund on the books of a sale that settled, other than the one that was made."""

    def plant(trade: Trade) -> None:
        order = the(trade, "paid")
        Settlement.objects.create(
            store_id=order.store_id, group_buy_id=order.group_buy_id, order=order, kind="tier", created_at=now(), **values
        )  # fmt: skip

    return plant


def unformed(trade: Trade) -> None:
    order = the(trade, "paid")
    Formation.objects.create(
        group_buy_id=order.group_buy_id, store_id=order.store_id, state="failed", judged_at=now()
    )
    Order.objects.filter(id=order.id).update(paid_at=now() - LONG_AGO)


PLANTS: list[tuple[str, Plant]] = [
    ("F1", settled(state="started", refund_id=1, amount_fen=5)),
    ("F1", unformed),
]

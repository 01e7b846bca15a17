"""Leaders are told when the promised day of a pre-sale is over and something is still not sent."""

from __future__ import annotations

from typing import Any

from yantuan.kernel.outbox import on
from yantuan.notices.actions import tell_leader
from yantuan.notices.rules import Words
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS

_UNSENT = ("none", "awaiting_pickup", "part_shipped")


@on("order.promised")
def promise_due(payload: dict[str, Any]) -> None:
    """Only for an order that was paid, and not sent or handed out."""
    order = Order.objects.select_related("store__leader").get(id=payload["order_id"])
    if order.payment in PAID_PAYMENTS and order.delivery in _UNSENT:
        words = Words(
            f"预售订单 #{order.number} 过了约定的发货日", f"{order.goods_text}，请尽快发货或和买家说明"
        )
        link = f"/pages/order/index?id={order.id}&as=leader"
        tell_leader(order.store, "shipping_late", words, f"promised:{order.id}", order_id=order.id, link=link)

"""Reminding a buyer once that an order closes soon unpaid."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from yantuan.kernel.clock import now
from yantuan.kernel.money import price_text
from yantuan.notices.actions import tell_buyer
from yantuan.notices.models import InboxMessage
from yantuan.notices.rules import Words
from yantuan.orders.models import Order

BEFORE: Final = timedelta(minutes=5)
AT_ONCE: Final = 200


def remind_unpaid() -> int:
    """Tell those whose order closes within five minutes. Answers how many were told; again it tells nobody twice."""
    moment = now()
    due = Order.objects.filter(
        payment="unpaid", payment_method="wechatpay", expires_at__gt=moment, expires_at__lte=moment + BEFORE
    )
    # Whoever ordered with less time than that has only just seen the sum.
    found = list(due.filter(placed_at__lte=moment - BEFORE).order_by("expires_at")[:AT_ONCE])
    keys = {f"buyer:{order.person_id}:unpaid:{order.id}": order for order in found}
    told = set(InboxMessage.objects.filter(dedupe__in=list(keys)).values_list("dedupe", flat=True))
    for key, order in keys.items():
        if key not in told:
            words = Words(
                f"订单 #{order.number} 还没有付款",
                f"{order.goods_text}，{price_text(order.total_fen)}，几分钟后自动取消",
                order.total_fen,
            )
            link = f"/pages/order/index?id={order.id}"
            tell_buyer(
                order.person_id, "order_unpaid", words, f"unpaid:{order.id}",
                store_id=order.store_id, order_id=order.id, link=link,
            )  # fmt: skip
    return len(keys) - len(told)

"""What proxies tell reminders: a neighbour without an account hears of nothing here."""

from __future__ import annotations

from yantuan.kernel.errors import AppError, Conflict
from yantuan.notices.asking import provide_silent
from yantuan.orders.models import Order
from yantuan.proxies.models import StandIn


@provide_silent
def no_account(order: Order) -> AppError | None:
    """The refusal for a stand-in's order; None for a buyer with an account."""
    if not StandIn.objects.filter(person_id=order.person_id).exists():
        return None
    return Conflict(
        "buyer_without_account",
        "代下的单，对方没有账号，请把付款链接发给对方",
        "Ordered for somebody without an account: send them the pay link.",
    )

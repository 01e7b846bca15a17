"""What a leader decides about an order they placed for somebody: the money came otherwise, or it is off."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel.errors import Conflict
from yantuan.orders.models import Order
from yantuan.payments.cancelling import close_as_leader
from yantuan.payments.recording import record_paid
from yantuan.proxies import rules


def record(person: Person, order: Order) -> Order:
    """Paid outside WeChat Pay. Raises Conflict `not_a_proxy_order` and what `record_paid` raises."""
    _own(order)
    return record_paid(person, order.id)


def cancel(person: Person, order: Order) -> Order:
    """End an unpaid one. Raises Conflict `not_a_proxy_order` and what `close_as_leader` raises."""
    _own(order)
    return close_as_leader(person, order.id)


def is_proxy(order: Order) -> bool:
    """Whether a leader placed it for somebody; buyers choose their own keys, so the key alone says nothing."""
    if rules.read_key(order.idempotency_key) is None:
        return False
    return order.events.filter(event="placed").values_list("actor_kind", flat=True).first() == "leader"


def _own(order: Order) -> None:
    """Only what was ordered for somebody: buyers' own orders are theirs to pay and to cancel."""
    if not is_proxy(order):
        raise Conflict(
            "not_a_proxy_order",
            "这是买家自己下的单，请等买家付款或取消",
            "The buyer placed this order themselves.",
        )

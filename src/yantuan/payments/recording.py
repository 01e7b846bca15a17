"""The leader writes down money that came outside WeChat Pay for an order they placed for somebody."""

from __future__ import annotations

from yantuan.gateways.errors import GatewayError
from yantuan.identity.models import Person
from yantuan.kernel import audit
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.models import Order
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments import attempts, closing, gateway
from yantuan.payments.models import OfflineProof

NOTE = "团长代记"


def record_paid(person: Person, order_id: int) -> Order:
    """An unpaid order is paid offline: a proof confirmed by the leader stands for the money. Paid already: no change.

    A payment under way at WeChat Pay is ended there first, and wins where it was made. Raises NotFound, Conflict
    `order_not_unpaid` or `order_changed`, AppError `provider_unavailable`.
    """
    order = access_order_as_leader(person, order_id)
    live = attempts.live_attempt(order.id)
    if live is not None:
        try:
            with gateway.turn():
                closing.settle(live)
        except GatewayError as error:
            raise gateway.unavailable(error) from error
    return retrying(lambda: _record(order.id, Actor("leader", person.id)))


def _record(order_id: int, actor: Actor) -> Order:
    order = orders.lock_order(order_id)
    if order.payment in PAID_PAYMENTS:
        return order
    if order.payment != "unpaid":
        raise Conflict(
            "order_not_unpaid", "这笔订单现在不是待付款，不能记为已收", "Only an unpaid order can be recorded as paid."
        )  # fmt: skip
    if attempts.live_attempt(order_id) is not None:
        raise Conflict("order_changed", "订单刚刚有变化，请刷新后再试", "The order has just changed.")
    moment = now()
    proof = OfflineProof.objects.create(
        order_id=order.id, store_id=order.store_id, amount_fen=order.total_fen, note=NOTE,
        state=OfflineProof.State.CONFIRMED, created_at=moment, decided_at=moment,
    )  # fmt: skip
    Order.objects.filter(id=order.id).update(payment_method="offline")
    audit.record(actor, "order.record_paid", "order", order.id, store_id=order.store_id)
    return orders.mark_paid(
        order.id, order.total_fen, actor, {"proof_id": str(proof.id), "method": "offline"}
    )

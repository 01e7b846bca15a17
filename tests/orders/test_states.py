"""Every state and event of every axis: the table says what happens, everything else changes nothing."""

from __future__ import annotations

import pytest
from django.db import transaction
from orderworld import World, order_of

from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.errors import Conflict
from yantuan.orders.actions import transition
from yantuan.orders.models import Order, OrderEvent
from yantuan.orders.placing import place_orders
from yantuan.orders.states import MACHINES, Axis, labels

PAIRS = [
    (axis, state, event)
    for axis, machine in MACHINES.items()
    for state in machine.states
    for event in machine.events
]


def test_every_edge_leads_to_a_named_state() -> None:
    for machine in MACHINES.values():
        assert set(machine.edges) == set(machine.states)
        assert {after for row in machine.edges.values() for after in row.values()} <= set(machine.states)


def test_transitions_follow_the_table(world: World) -> None:
    order = order_of(place_orders([world.draft()])[0])
    for axis, state, event in PAIRS:
        _check_pair(order.id, axis, state, event)  # type: ignore[arg-type]


def _check_pair(order_id: int, axis: Axis, state: str, event: str) -> None:
    machine = MACHINES[axis]
    Order.objects.filter(id=order_id).update(**{axis: state})
    before = Order.objects.values().get(id=order_id)
    events = OrderEvent.objects.count()
    targets = {row[event] for row in machine.edges.values() if event in row}
    with transaction.atomic():
        if machine.allows(state, event):
            order = transition(order_id, axis, event, SYSTEM)
            assert getattr(order, axis) == machine.edges[state][event]
            row = OrderEvent.objects.order_by("-id")[0]
            assert (row.axis, row.event, row.before, row.after) == (axis, event, state, getattr(order, axis))
            assert Order.objects.values().get(id=order_id) == before | {
                axis: row.after, "version": before["version"] + 1
            }  # fmt: skip
            return
        if state in targets:
            assert transition(order_id, axis, event, SYSTEM).version == before["version"]
        else:
            with pytest.raises(Conflict) as caught:
                transition(order_id, axis, event, SYSTEM)
            assert caught.value.code == "illegal_transition"
    assert (OrderEvent.objects.count(), Order.objects.values().get(id=order_id)) == (events, before)


@pytest.mark.parametrize(
    ("axes", "headline"),
    [
        (("unpaid", "none", "none", "courier"), "待支付"),
        (("paid", "none", "none", "courier"), "待发货"),
        (("paid", "none", "open", "courier"), "待发货 · 售后处理中"),
        (("partly_refunded", "shipped", "settled", "courier"), "已发货 · 部分退款"),
        (("paid", "awaiting_pickup", "none", "pickup"), "待自提"),
        (("awaiting_confirmation", "awaiting_pickup", "none", "pickup"), "待确认收款"),
        (("closed", "none", "none", "courier"), "已关闭"),
        (("refunded", "none", "settled", "courier"), "已退款"),
    ],
)
def test_headlines(axes: tuple[str, str, str, str], headline: str) -> None:
    payment, delivery, aftersale, method = axes
    order = Order(payment=payment, delivery=delivery, aftersale=aftersale, delivery_method=method)
    assert labels(order).headline == headline

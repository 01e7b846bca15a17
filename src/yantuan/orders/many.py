"""Many orders moved along one axis at once: the same table, compare-and-set and events as one by one, in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import F

from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.orders.models import Order, OrderEvent
from yantuan.orders.states import MACHINES, Axis


@dataclass(frozen=True)
class Move:
    """One event of one order. `order` is the locked row; `updates` are written together with the axis."""

    order: Order
    event: str
    data: dict[str, Any] = field(default_factory=dict)
    updates: dict[str, Any] = field(default_factory=dict)


def lock_orders(order_ids: Sequence[int]) -> dict[int, Order]:
    """The rows by id, locked in id order until the open transaction ends; ids nobody has are left out."""
    if not connection.in_atomic_block:
        raise RuntimeError("orders may be locked only inside a transaction")
    rows = Order.objects.select_for_update().filter(id__in=set(order_ids)).order_by("id")
    return {row.id: row for row in rows}


def transition_many(axis: Axis, moves: Sequence[Move], actor: Actor) -> None:
    """Make all moves in their order, several of one order too, in the caller's transaction, and write an OrderEvent for each.

    The rows given are changed like the database's. Raises Conflict `illegal_transition` or `order_changed`; then nothing may be
    committed.
    """
    moment, machine = now(), MACHINES[axis]
    first: dict[int, tuple[Order, str, int]] = {}
    extra: dict[int, dict[str, Any]] = defaultdict(dict)
    events = []
    for move in moves:
        order, before = move.order, str(getattr(move.order, axis))
        first.setdefault(order.id, (order, before, order.version))
        after = machine.next(before, move.event)
        extra[order.id] |= move.updates
        for name, value in {axis: after, **move.updates, "version": order.version + 1}.items():
            setattr(order, name, value)
        event = OrderEvent(
            order_id=order.id, store_id=order.store_id, at=moment, actor_kind=actor.kind, actor_id=actor.id,
            axis=axis, event=move.event, before=before, after=after, data=move.data,
        )  # fmt: skip
        events.append(event)
    _write(axis, first, extra)
    OrderEvent.objects.bulk_create(events)


def _write(axis: Axis, first: dict[int, tuple[Order, str, int]], extra: dict[int, dict[str, Any]]) -> None:
    """One statement for all orders that change alike."""
    alike: dict[Any, list[int]] = defaultdict(list)
    for order_id, (order, before, version) in first.items():
        steps = order.version - version
        alike[before, getattr(order, axis), version, steps, tuple(sorted(extra[order_id].items()))].append(
            order_id
        )
    for (before, after, version, steps, updates), ids in alike.items():
        rows = Order.objects.filter(id__in=ids, version=version, **{axis: before})
        if rows.update(**{axis: after, "version": F("version") + steps, **dict(updates)}) != len(ids):
            raise Conflict("order_changed", "订单刚刚有变化，请刷新后再试", "The order has just changed.")

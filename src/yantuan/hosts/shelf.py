"""Goods of the permanent shelf at a point: they come again and again, so each count is of what its buyers still wait for.

An order is told once that its goods are there; from then on it is no more due. What came goes to whoever ordered first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from yantuan.groupbuys.models import GroupBuy
from yantuan.hosts import rules
from yantuan.hosts.queries import WAITING
from yantuan.notices.models import InboxMessage
from yantuan.orders.models import Order
from yantuan.orders.rules import left_to_hand_out
from yantuan.orders.states import PAID_PAYMENTS

MOST: Final = 2000
"""Orders looked at for one count, the earliest first."""


def is_shelf(group_buy: GroupBuy) -> bool:
    """Whether the sale is a store's permanent shelf."""
    return group_buy.kind != GroupBuy.Kind.DATED


def waiting(group_buy_id: int, point_id: int) -> list[Order]:
    """Paid orders with pieces to be fetched at the point whose buyers were not told yet, the earliest first, lines loaded."""
    rows = Order.objects.filter(
        group_buy_id=group_buy_id,
        pickup_point_id=point_id,
        payment__in=list(PAID_PAYMENTS),
        delivery__in=WAITING,
    )
    found = list(rows.order_by("id").prefetch_related("lines")[:MOST])
    keys = {f"buyer:{order.person_id}:arrived:{order.id}": order.id for order in found}
    told = set(InboxMessage.objects.filter(dedupe__in=list(keys)).values_list("dedupe", flat=True))
    gone = {keys[key] for key in told}
    return [order for order in found if order.id not in gone]


def pieces(order: Order) -> Counter[int]:
    """What is left to be fetched of one order, by offer."""
    units: Counter[int] = Counter()
    for line in order.lines.all():
        units[line.offer_id] += left_to_hand_out(line)
    return +units


def due(orders: Sequence[Order]) -> Counter[int]:
    """Pieces all of them wait for, by offer."""
    units: Counter[int] = Counter()
    for order in orders:
        units += pieces(order)
    return units


def covered(orders: Sequence[Order], came: Mapping[int, rules.Came]) -> list[Order]:
    """The orders whose goods are all there: good pieces go to whoever ordered first, and to no order in part."""
    left = Counter({offer: one.came - one.damaged for offer, one in came.items()})
    served = []
    for order in orders:
        wanted = pieces(order)
        if wanted and all(left[offer] >= n for offer, n in wanted.items()):
            left -= wanted
            served.append(order)
    return served

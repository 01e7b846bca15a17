"""限量接单: a sale that takes so many orders, pieces or so much money at a time, and opens again when orders close.

The counter row of each group buy is locked by every booking before this looks, so what it adds up is what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Count, F, Sum

from yantuan.groupbuys.limiting import Taken, over
from yantuan.groupbuys.parts import taken_provider
from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot
from yantuan.orders.models import Order, OrderLine

NAME: Final = "capacity"
GONE: Final = ("closed", "refunded")
"""Orders in these states of payment hold nothing of a sale's capacity."""

_TAKEN = """
SELECT o.group_buy_id, count(*), sum(o.total_fen - o.refunded_fen),
       sum((SELECT sum(l.quantity - l.refunded_quantity) FROM orders_orderline l WHERE l.order_id = o.id))
FROM orders_order o
WHERE o.group_buy_id {groups} AND o.payment NOT IN ('closed', 'refunded')
GROUP BY o.group_buy_id
"""


def sale_full(zh: str, en: str) -> AppError:
    return Conflict("sale_full", zh, en)


class CapacityHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        limits = group.options.limits
        return bool(limits.most_orders or limits.most_pieces or limits.most_fen)

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        among, ids = dialect.among(sorted({draft.group_buy_id for draft in drafts}))
        [rows] = dialect.run([Statement(_TAKEN.format(groups=among), ids)])
        snapshot.extra[NAME] = {
            group_id: Taken(int(orders), int(pieces or 0), int(fen)) for group_id, orders, fen, pieces in rows
        }

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        found = over(group.options.limits, _of(snapshot, group.id), _wanted(draft))
        if found is not None:
            raise sale_full(*found)

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        before = _of(snapshot, booking.group.id)
        pieces = sum(line.quantity for line in booking.lines)
        snapshot.extra[NAME][booking.group.id] = Taken(
            before.orders + 1, before.pieces + pieces, before.fen + booking.total_fen
        )

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


def _of(snapshot: Snapshot, group_id: int) -> Taken:
    found: Mapping[int, Taken] = snapshot.extra.get(NAME, {})
    return found.get(group_id, Taken())


def _wanted(draft: Draft) -> Taken:
    # The total the caller showed: another one is refused when the order is priced.
    return Taken(1, sum(line.quantity for line in draft.lines), draft.expected_total_fen)


@taken_provider
def taken(group_buy_id: int) -> Taken:
    """What the live orders of a sale hold, for its page."""
    orders = Order.objects.filter(group_buy_id=group_buy_id).exclude(payment__in=GONE)
    money: dict[str, Any] = orders.aggregate(n=Count("id"), fen=Sum(F("total_fen") - F("refunded_fen")))
    pieces = OrderLine.objects.filter(order__in=orders).aggregate(
        n=Sum(F("quantity") - F("refunded_quantity"))
    )
    return Taken(money["n"], pieces["n"] or 0, money["fen"] or 0)


hooks.register(CapacityHook())

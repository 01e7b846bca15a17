"""Cartons in placing: how many pieces somebody wants, where they would take more to fill a carton."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.kernel.errors import Conflict
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement, Table
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot

NAME: Final = "cartons"
SHARE: Final = Table(
    "settling_cartonshare",
    {"order_line_id": "bigint", "group_buy_id": "bigint", "offer_id": "bigint", "wish": "bigint"},
    {},
)


class CartonHook:
    """Asked for drafts of sales with cartons, and for wishes where there are none."""

    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return group.options.forming.cartons or any(line.wish for line in draft.lines)

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        """The offers' options say all."""

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        for line in draft.lines:
            offer = snapshot.offers.get(line.offer_id)
            in_cartons = offer is not None and offer.options.forming.carton > 0
            if line.wish > line.quantity or (line.wish and not in_cartons):
                raise Conflict(
                    "wish_unfit",
                    "想要的件数不能超过最多接受的件数，而且只有拼箱的商品可以填",
                    "A wish is for goods in cartons, and no more than the most that would be taken.",
                    offer_id=str(line.offer_id),
                )

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        """Nothing is short: the split comes when the sale closes."""

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        rows = []
        for booking in bookings:
            wishes = {line.offer_id: line.wish for line in booking.draft.lines}
            rows += [
                (line.id, booking.group.id, line.offer.id, wishes.get(line.offer.id) or line.quantity)
                for line in booking.lines
                if line.offer.options.forming.carton
            ]
        return dialect.insert(SHARE, rows) if rows else ()


hooks.register(CartonHook())

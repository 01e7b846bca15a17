"""新人价: who orders in a store for the first time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot

NAME: Final = "first_orders"

# Unpaid orders count too: else one could open ten at the price of the first.
_ORDERED = """
SELECT DISTINCT o.person_id, o.store_id FROM orders_order o
WHERE o.person_id {people} AND o.payment <> 'closed'
"""


class FirstOrderHook:
    """Reads who ordered before. Two first orders in two sales of one store at the same instant may both count as first."""

    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return group.options.money.new_buyers

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        among, ids = dialect.among(sorted({draft.person_id for draft in drafts}))
        [rows] = dialect.run([Statement(_ORDERED.format(people=among), ids)])
        snapshot.extra[NAME] = {(row[0], row[1]) for row in rows}

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        """Never refuses: somebody known simply pays the usual price."""

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        snapshot.extra[NAME].add((booking.draft.person_id, booking.group.store_id))

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


def is_new(draft: Draft, group: GroupTerms, snapshot: Snapshot) -> bool:
    """Whether this would be the person's first order in the store; False where nobody looked."""
    known = snapshot.extra.get(NAME)
    return known is not None and (draft.person_id, group.store_id) not in known


hooks.register(FirstOrderHook())

"""老客专享: sales for people who have paid in this store before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot

NAME: Final = "regulars"

_PAID_BEFORE = """
SELECT DISTINCT o.person_id, o.store_id FROM orders_order o
WHERE o.person_id {people} AND o.paid_at IS NOT NULL AND o.payment <> 'refunded'
"""


def regulars_only() -> AppError:
    return Conflict(
        "regulars_only",
        "这个团购是老客专享：在本店下过单的团友才能买",
        "This sale is for people who have bought in this store before.",
    )


class RegularsHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return group.options.limits.audience == "earlier"

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        among, ids = dialect.among(sorted({draft.person_id for draft in drafts}))
        [rows] = dialect.run([Statement(_PAID_BEFORE.format(people=among), ids)])
        snapshot.extra[NAME] = {(row[0], row[1]) for row in rows}

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        if (draft.person_id, group.store_id) not in snapshot.extra.get(NAME, ()):
            raise regulars_only()

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        """Nothing: an order of this batch is not paid before."""

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


hooks.register(RegularsHook())

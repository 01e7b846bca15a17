"""私密团: sales for members with one of the chosen tags, checked when an order is placed; orders already placed keep standing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot

NAME: Final = "tagged"

# An account merged into another has the tags of the one that was kept.
_TAGS = """
SELECT m.person_id, m.store_id, t.name FROM members_member m
JOIN members_membertag t ON t.member_id = COALESCE(m.merged_into_id, m.id)
WHERE m.person_id {people}
"""


def invited_only() -> AppError:
    return Conflict(
        "invited_only",
        "这个团购是私密团，团长邀请的团友才能下单，请联系团长",
        "This is a private sale for people its leader has invited; ask the leader.",
    )


class TaggedHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return bool(group.options.limits.member_tags)

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        among, ids = dialect.among(sorted({draft.person_id for draft in drafts}))
        [rows] = dialect.run([Statement(_TAGS.format(people=among), ids)])
        snapshot.extra[NAME] = {(row[0], row[1], row[2]) for row in rows}

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        known = snapshot.extra.get(NAME, ())
        tags = group.options.limits.member_tags
        if not any((draft.person_id, group.store_id, tag) in known for tag in tags):
            raise invited_only()

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        """Nothing: an order changes no tag."""

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


hooks.register(TaggedHook())

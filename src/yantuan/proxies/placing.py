"""A proxy order's part in placing: its longer hold, and that it goes to whoever holds the 跟团号 at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from yantuan.kernel.config import config
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot
from yantuan.proxies import rules

NAME: Final = "proxies"
_HOLDERS = "SELECT id, COALESCE(claimed_by, person_id) FROM proxies_standin WHERE id {ids}"


class ProxyHook:
    """Concerns only what a leader orders for somebody else."""

    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        # Buyers choose their own keys, so the key alone says nothing.
        return draft.actor.kind == "leader" and draft.idempotency_key.startswith(rules.KEY)

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        """A claim changes the holder under the sale's counter, which a booking has locked already."""
        keys = [key for draft in drafts if (key := rules.read_key(draft.idempotency_key))]
        wanted = sorted({key.owner_id for key in keys if key.kind == "new"})
        holders: dict[int, int] = {}
        if wanted:
            ids, values = dialect.among(wanted)
            [rows] = dialect.run([Statement(_HOLDERS.format(ids=ids), values)])
            holders = {row[0]: row[1] for row in rows}
        snapshot.extra[NAME] = holders

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        key = rules.read_key(draft.idempotency_key)
        if key is None:
            raise rules.changed()
        if key.kind == "new":
            fits = snapshot.extra[NAME].get(key.owner_id) == draft.person_id
        else:
            join = snapshot.participations.get((group.id, draft.person_id))
            fits = join is not None and join[0] == key.owner_id
        if not fits:
            raise rules.changed()

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        if booking.payment == "unpaid":
            booking.expires_at = rules.hold_until(
                booking.placed_at, booking.expires_at, booking.group.ends_at, config().proxy_hold_days
            )

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        return ()


hooks.register(ProxyHook())

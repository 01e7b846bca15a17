"""A waiting list's part in placing: what is held for one person is theirs, and what returns belongs to the line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.ids import new_id
from yantuan.orders import hooks
from yantuan.orders.dialect import Dialect, Row, Statement
from yantuan.orders.drafts import Booking, Draft, GroupTerms, OfferTerms, Reserved, Snapshot
from yantuan.orders.rows import MOVEMENT
from yantuan.waiting.rules import Place, kept

NAME: Final = "waiting"

_LINES = """
SELECT w.id, w.offer_id, w.person_id, w.quantity, w.pool_id, w.state FROM waiting_wish w
WHERE w.pool_id IN (SELECT pool_id FROM groupbuys_offer WHERE id {offers})
  AND (w.state = 'waiting' OR (w.state = 'offered' AND w.until > %s))
ORDER BY w.lined_up_at, w.id
"""
_TAKEN = """
WITH v(wish_id, order_id) AS ({rows})
UPDATE waiting_wish SET state = 'taken', order_id = v.order_id, ended_at = {moment} FROM v
WHERE waiting_wish.id = v.wish_id
"""


@dataclass(slots=True)
class Lines:
    """The waiting wishes by pool, in their order."""

    waiting: dict[int, list[Place]] = field(default_factory=lambda: defaultdict(list))


def kept_for_waiting(offer: OfferTerms, left: int) -> AppError:
    more = f"，目前最多买 {left} 件" if left else ""
    return Conflict(
        "kept_for_waiting",
        f"「{offer.title}」刚退回的几件先留给候补的团友{more}，您也可以排队候补",
        "The units that came back are kept for the waiting list.",
        offer_id=str(offer.id),
        left=left,
    )


class WaitingHook:
    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return group.options.limits.waiting_minutes > 0

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        """Wishes change only under their pool's lock, which a booking holds already."""
        offers, ids = dialect.among(sorted({line.offer_id for draft in drafts for line in draft.lines}))
        sql = _LINES.format(offers=offers)
        [rows] = dialect.run([Statement(sql, [*ids, dialect.moment(snapshot.now)])])
        lines = snapshot.extra[NAME] = Lines()
        for wish_id, offer_id, person_id, quantity, pool_id, state in rows:
            if state == "offered":
                snapshot.reserved[offer_id, person_id] = Reserved(wish_id, pool_id, quantity)
            else:
                lines.waiting[pool_id].append(Place(wish_id, offer_id, person_id, quantity))
        asking = {(line.offer_id, draft.person_id) for draft in drafts for line in draft.lines}
        for pool_id, line in lines.waiting.items():
            for place in line:
                if (place.offer_id, place.person_id) in asking:
                    # Nothing is held yet, but an order ends the waiting.
                    snapshot.reserved[place.offer_id, place.person_id] = Reserved(place.id, pool_id, 0)

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        lines: Lines | None = snapshot.extra.get(NAME)
        for line in draft.lines:
            offer = snapshot.offers.get(line.offer_id)
            if lines is None or offer is None or not lines.waiting.get(offer.pool_id):
                continue
            available = snapshot.available.get(offer.pool_id, 0)
            mine = snapshot.reserved.get((offer.id, draft.person_id))
            for_others = kept(available, lines.waiting[offer.pool_id], but=(offer.id, draft.person_id))
            left = available - for_others + (mine.quantity if mine else 0)
            if line.quantity > left:
                raise kept_for_waiting(offer, left)

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        lines: Lines = snapshot.extra[NAME]
        gone = {one.id for one in booking.reserved}
        for pool_id in {one.pool_id for one in booking.reserved}:
            lines.waiting[pool_id] = [place for place in lines.waiting[pool_id] if place.id not in gone]

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        taken = [(one.id, b.id) for b in bookings for one in b.reserved]
        if not taken:
            return ()
        rows, values = dialect.table(("bigint", "bigint"), sorted(taken))
        # On both engines a moment is a text in the driver's form.
        moment = dialect.moment(bookings[0].placed_at)
        update = Statement(_TAKEN.format(rows=rows, moment="%s"), [*values, moment])
        released = [row for b in bookings for row in _released(b, dialect)]
        return [update, *(dialect.insert(MOVEMENT, released) if released else ())]


def _released(booking: Booking, dialect: Dialect) -> list[Row]:
    """The holds that end with this order; its own lines hold the units from now on."""
    actor, at = booking.draft.actor, dialect.moment(booking.placed_at)
    return [
        (
            new_id(), booking.group.store_id, one.pool_id, "release", one.quantity, one.id, actor.kind, actor.id, at,
        )
        for one in booking.reserved
        if one.quantity
    ]  # fmt: skip


hooks.register(WaitingHook())

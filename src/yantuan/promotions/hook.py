"""Coupons in placing: their rows are locked in id order behind the pools and counters, so a copy is used once.

Each use is a row of its own, unique per copy and per order: even without the lock the database refuses a second one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from yantuan.kernel.ids import new_id
from yantuan.orders import hooks
from yantuan.orders.coupon_terms import NAME, CouponTerms
from yantuan.orders.dialect import Dialect, Row, Statement, Table
from yantuan.orders.drafts import Booking, Draft, GroupTerms, Snapshot
from yantuan.promotions.rules import title_of

_LOCK = """
SELECT id FROM promotions_coupon
WHERE id IN (SELECT coupon_id FROM promotions_couponclaim WHERE id {claims}) ORDER BY id
"""

_TERMS = """
SELECT c.id, c.person_id, u.id, p.id, p.kind, p.store_id, p.group_buy_id, p.minus_fen, p.percent_off, p.cap_fen,
       p.threshold_fen, p.starts_at, p.ends_at, p.stopped_at, p.budget_fen, p.used_fen
FROM promotions_couponclaim c
JOIN promotions_coupon p ON p.id = c.coupon_id
LEFT JOIN promotions_couponuse u ON u.claim_id = c.id
WHERE c.id {claims}
"""

_COUNT = """
WITH v(id, used, fen) AS ({rows})
UPDATE promotions_coupon SET used = promotions_coupon.used + v.used, used_fen = promotions_coupon.used_fen + v.fen
FROM v WHERE promotions_coupon.id = v.id
"""

USE = Table(
    "promotions_couponuse",
    {
        "id": "bigint", "claim_id": "bigint", "coupon_id": "bigint", "order_id": "bigint", "fen": "bigint",
        "used_at": "timestamptz",
    },
    {},
)  # fmt: skip


class CouponHook:
    """Asked only for drafts that name a coupon."""

    name = NAME

    def concerns(self, draft: Draft, group: GroupTerms) -> bool:
        return draft.coupon_id is not None

    def read(self, dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, *, lock: bool) -> None:
        claims, ids = dialect.among(sorted({d.coupon_id for d in drafts if d.coupon_id is not None}))
        look = Statement(_TERMS.format(claims=claims), ids)
        locking = [Statement(_LOCK.format(claims=claims) + dialect.row_lock, ids)] if lock else []
        found = dialect.run([*locking, look])[-1]
        snapshot.extra[NAME] = {(row[0], row[1]): _terms(row) for row in found}

    def check(self, draft: Draft, group: GroupTerms, snapshot: Snapshot) -> None:
        """Refused with the price (`orders.pricing`), where the worth of the goods is known."""

    def take(self, booking: Booking, snapshot: Snapshot) -> None:
        held: dict[tuple[int, int], CouponTerms] = snapshot.extra[NAME]
        used = held[booking.draft.coupon_id or 0, booking.draft.person_id]
        used.free = False
        for terms in held.values():
            if terms.coupon_id == used.coupon_id and terms.budget_left_fen is not None:
                terms.budget_left_fen -= booking.coupon_fen
        booking.notes[NAME] = used.coupon_id

    def write(self, dialect: Dialect, bookings: Sequence[Booking]) -> Sequence[Statement]:
        counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        uses: list[Row] = []
        for b in bookings:
            coupon_id = b.notes[NAME]
            counts[coupon_id][0] += 1
            counts[coupon_id][1] += b.coupon_fen
            at = dialect.moment(b.placed_at)
            uses.append((new_id(), b.draft.coupon_id, coupon_id, b.id, b.coupon_fen, at))
        rows, values = dialect.table(
            ("bigint", "bigint", "bigint"), [(one, *both) for one, both in sorted(counts.items())]
        )
        return [*dialect.insert(USE, uses), Statement(_COUNT.format(rows=rows), values)]


def _aware(moment: datetime) -> datetime:
    # SQLite keeps UTC without a zone.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class _Named:
    """The terms of a row as `title_of` reads them."""

    def __init__(self, row: Sequence[Any]) -> None:
        self.kind, self.minus_fen, self.percent_off = row[4], row[7], row[8]
        self.cap_fen, self.threshold_fen = row[9], row[10]


def _terms(row: Sequence[Any]) -> CouponTerms:
    return CouponTerms(
        coupon_id=row[3],
        title=title_of(_Named(row))[0],
        title_en=title_of(_Named(row))[1],
        kind=row[4],
        store_id=row[5],
        group_buy_id=row[6],
        minus_fen=row[7],
        percent_off=row[8],
        cap_fen=row[9],
        threshold_fen=row[10],
        starts_at=_aware(row[11]),
        ends_at=_aware(row[12]),
        free=row[2] is None,
        stopped=row[13] is not None,
        budget_left_fen=row[14] - row[15] if row[14] else None,
    )


hooks.register(CouponHook())

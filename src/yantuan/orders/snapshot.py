"""Reads everything `decide` needs, inside the booking transaction and after the pools are locked.

The statements are plain SQL that both engines understand; only the lock itself is a dialect's (see `dialect`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.backends.utils import CursorWrapper

from yantuan.kernel.clock import now
from yantuan.kernel.config import Config, config
from yantuan.orders import parts
from yantuan.orders.dialect import Dialect
from yantuan.orders.drafts import (
    Draft,
    Earlier,
    GroupTerms,
    OfferTerms,
    PointTerms,
    Recipient,
    Snapshot,
)
from yantuan.orders.schemas import OrderPlaced
from yantuan.stores.rules import payment_methods

_POOLS = """
SELECT id, available FROM catalog_stockpool
WHERE id IN (SELECT pool_id FROM groupbuys_offer WHERE id {offers}) ORDER BY id
"""

_TERMS = """
SELECT g.id, g.store_id, g.kind, g.state, g.starts_at, g.ends_at, g.courier_enabled, g.pickup_enabled,
       g.pickup_point_ids, g.questions, s.courier_enabled, s.pickup_enabled, s.freight_kind, s.freight_fen,
       s.free_above_fen, s.wechatpay_enabled, s.offline_enabled, s.suspended_at, l.certification, l.suspended_at,
       o.id, o.product_id, o.pool_id, o.price_fen, o.limit_per_person, o.removed_at, p.title, k.name, k.code,
       p.picture_media_ids, s.halted_at
FROM groupbuys_groupbuy g
JOIN stores_store s ON s.id = g.store_id
JOIN leaders_leader l ON l.id = s.leader_id
LEFT JOIN groupbuys_offer o ON o.group_buy_id = g.id AND o.id {offers}
LEFT JOIN catalog_sku k ON k.id = o.sku_id
LEFT JOIN catalog_product p ON p.id = o.product_id
WHERE g.id {groups}
"""

_PEOPLE = """
WITH d(store_id, group_buy_id, person_id, key) AS ({rows})
SELECT d.store_id, d.group_buy_id, d.person_id, d.key, j.id, j.number,
       e.id, e.body_hash, e.number, e.payment, e.payment_method, e.total_fen, e.expires_at,
       (SELECT count(*) FROM orders_order u
         WHERE u.participation_id = j.id AND u.payment IN ('unpaid', 'awaiting_confirmation')),
       (SELECT count(*) FROM orders_order r WHERE r.person_id = d.person_id AND r.placed_at > %s)
FROM d
LEFT JOIN orders_participation j ON j.group_buy_id = d.group_buy_id AND j.person_id = d.person_id
LEFT JOIN orders_order e
       ON e.store_id = d.store_id AND e.person_id = d.person_id AND e.idempotency_key = d.key
"""

_ADDRESSES = """
SELECT id, person_id, name, phone_sealed, phone_last4, province, city, district, detail, building, unit, room
FROM identity_address WHERE id {ids}
"""

_POINTS = """
SELECT id, store_id, name, address, hours, contact_name, contact_phone
FROM stores_pickuppoint WHERE archived_at IS NULL AND id {ids}
"""

_LIMITS = """
SELECT offer_id, person_id, quantity FROM orders_limituse
WHERE offer_id {offers} AND person_id {people}
"""


def _aware(moment: datetime | None) -> datetime | None:
    # SQLite keeps UTC without a zone.
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _ids(values: Iterable[int]) -> list[int]:
    return sorted(set(values))


def read_snapshot(
    cursor: CursorWrapper, dialect: Dialect, drafts: Sequence[Draft], *, lock: bool = True
) -> Snapshot:
    """Lock the pools of all drafts in id order, then read the rest; without `lock` only a look (for quotes)."""
    moment, settings = now(), config()
    snapshot = Snapshot(now=moment, hold_seconds=settings.hold_seconds)
    offer_ids = _ids(line.offer_id for draft in drafts for line in draft.lines)
    offers, values = dialect.among(offer_ids)
    cursor.execute(_POOLS.format(offers=offers) + (dialect.row_lock if lock else ""), values)
    snapshot.available = dict(cursor.fetchall())
    _read_terms(cursor, dialect, snapshot, drafts, settings)
    _read_people(cursor, dialect, snapshot, drafts, moment)
    _read_destinations(cursor, dialect, snapshot, drafts)
    _read_limits(cursor, dialect, snapshot, drafts)
    snapshot.shares = parts.share_ids({draft.share_token for draft in drafts if draft.share_token})
    return snapshot


def _read_terms(
    cursor: CursorWrapper, dialect: Dialect, snapshot: Snapshot, drafts: Sequence[Draft], settings: Config
) -> None:
    offers, offer_ids = dialect.among(_ids(line.offer_id for draft in drafts for line in draft.lines))
    groups, group_ids = dialect.among(_ids(draft.group_buy_id for draft in drafts))
    cursor.execute(_TERMS.format(offers=offers, groups=groups), [*offer_ids, *group_ids])
    for row in cursor.fetchall():
        if row[0] not in snapshot.groups:
            snapshot.groups[row[0]] = _group_terms(row, settings)
        if row[20] is not None:
            snapshot.offers[row[20]] = _offer_terms(row)


def _group_terms(row: Sequence[Any], settings: Config) -> GroupTerms:
    starts_at = _aware(row[4])
    assert starts_at is not None
    return GroupTerms(
        id=row[0],
        store_id=row[1],
        kind=row[2],
        state=row[3],
        starts_at=starts_at,
        ends_at=_aware(row[5]),
        courier=bool(row[6]) and bool(row[10]),
        pickup=bool(row[7]) and bool(row[11]),
        pickup_point_ids=frozenset(int(one) for one in json.loads(row[8])),
        questions=tuple(json.loads(row[9])),
        freight_kind=row[12],
        freight_fen=row[13],
        free_above_fen=row[14],
        payment_methods=tuple(
            payment_methods(
                wechatpay=bool(row[15]), offline=bool(row[16]), provider_ready=settings.has_wechatpay
            )
        ),
        selling=row[17] is None and row[18] == "approved" and row[19] is None and row[30] is None,
        halted=row[30] is not None,
    )


def _offer_terms(row: Sequence[Any]) -> OfferTerms:
    pictures = json.loads(row[29])
    return OfferTerms(
        id=row[20],
        group_buy_id=row[0],
        product_id=row[21],
        pool_id=row[22],
        price_fen=row[23],
        limit_per_person=row[24],
        removed=row[25] is not None,
        title=row[26],
        sku_name=row[27],
        sku_code=row[28],
        picture_media_id=int(pictures[0]) if pictures else None,
    )


def _read_people(
    cursor: CursorWrapper, dialect: Dialect, snapshot: Snapshot, drafts: Sequence[Draft], moment: datetime
) -> None:
    """Participations, earlier orders of the same key, unpaid and recent orders, in one statement."""
    keys = {
        (snapshot.groups[d.group_buy_id].store_id, d.group_buy_id, d.person_id, d.idempotency_key)
        for d in drafts
        if d.group_buy_id in snapshot.groups
    }
    if not keys:
        return
    rows, values = dialect.table(("bigint", "bigint", "bigint", "text"), sorted(keys))
    cursor.execute(_PEOPLE.format(rows=rows), [*values, dialect.moment(moment - timedelta(minutes=1))])
    for row in cursor.fetchall():
        store_id, group_id, person_id, key = row[0], row[1], row[2], row[3]
        if row[4] is not None:
            snapshot.participations[group_id, person_id] = (row[4], row[5])
        if row[6] is not None:
            snapshot.earlier[store_id, person_id, key] = Earlier(row[7], _placed_before(row))
        snapshot.unpaid[group_id, person_id] = row[13]
        snapshot.recent[person_id] = row[14]


def _placed_before(row: Sequence[Any]) -> OrderPlaced:
    return OrderPlaced(
        id=str(row[6]),
        number=row[8],
        payment=row[9],
        payment_method=row[10],
        total_fen=row[11],
        expires_at=_aware(row[12]),
        replayed=True,
    )


def _read_destinations(
    cursor: CursorWrapper, dialect: Dialect, snapshot: Snapshot, drafts: Sequence[Draft]
) -> None:
    addresses = _ids(d.address_id for d in drafts if d.address_id and d.delivery_method == "courier")
    if addresses:
        among, values = dialect.among(addresses)
        cursor.execute(_ADDRESSES.format(ids=among), values)
        for row in cursor.fetchall():
            snapshot.addresses[row[0], row[1]] = Recipient(*row[2:])
    points = _ids(d.pickup_point_id for d in drafts if d.pickup_point_id and d.delivery_method == "pickup")
    if points:
        names = ("name", "address", "hours", "contact_name", "contact_phone")
        among, values = dialect.among(points)
        cursor.execute(_POINTS.format(ids=among), values)
        for row in cursor.fetchall():
            snapshot.points[row[0]] = PointTerms(row[0], row[1], dict(zip(names, row[2:], strict=True)))


def _read_limits(
    cursor: CursorWrapper, dialect: Dialect, snapshot: Snapshot, drafts: Sequence[Draft]
) -> None:
    limited = _ids(offer.id for offer in snapshot.offers.values() if offer.limit_per_person)
    if not limited:
        return
    offers, offer_ids = dialect.among(limited)
    people, person_ids = dialect.among(_ids(draft.person_id for draft in drafts))
    cursor.execute(_LIMITS.format(offers=offers, people=people), [*offer_ids, *person_ids])
    for offer_id, person_id, quantity in cursor.fetchall():
        snapshot.limit_used[offer_id, person_id] = quantity

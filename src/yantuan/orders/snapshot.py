"""Reads everything `decide` needs, inside the booking transaction and after the pools are locked.

The statements are plain SQL that both engines understand; only the lock itself is a dialect's (see `dialect`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from yantuan.groupbuys.options import offer_options, sale_options
from yantuan.kernel.clock import now
from yantuan.kernel.config import Config, config
from yantuan.kernel.spots import spot_of
from yantuan.orders import hooks, parts
from yantuan.orders.dialect import Dialect, Row, Statement
from yantuan.orders.drafts import (
    Draft,
    Earlier,
    GroupTerms,
    OfferTerms,
    PointTerms,
    Recipient,
    Snapshot,
)
from yantuan.orders.joining import JOINED, joined_of
from yantuan.orders.schemas import OrderPlaced
from yantuan.stores.freight import freight_template
from yantuan.stores.rules import payment_methods, provider_ready

_POOLS = """
SELECT id, available FROM catalog_stockpool
WHERE id IN (SELECT pool_id FROM groupbuys_offer WHERE id {offers}) ORDER BY id
"""

_NUMBERS = """
SELECT group_buy_id, last_number FROM groupbuys_groupcounter WHERE group_buy_id {groups} ORDER BY group_buy_id
"""

_TERMS = """
SELECT g.id, g.store_id, g.kind, g.state, g.starts_at, g.ends_at, g.courier_enabled, g.pickup_enabled,
       g.pickup_point_ids, g.questions, s.courier_enabled, s.pickup_enabled, s.freight_kind, s.freight_fen,
       s.free_above_fen, s.wechatpay_enabled, s.offline_enabled, s.suspended_at, l.certification, l.suspended_at,
       o.id, o.product_id, o.pool_id, o.price_fen, o.limit_per_person, o.removed_at, p.title, k.name, k.code,
       p.picture_media_ids, s.halted_at, s.pay_route, g.options, o.options, s.freight_template, k.weight_g
FROM groupbuys_groupbuy g
JOIN stores_store s ON s.id = g.store_id
JOIN leaders_leader l ON l.id = s.leader_id
LEFT JOIN groupbuys_offer o ON o.group_buy_id = g.id AND o.id {offers}
LEFT JOIN catalog_sku k ON k.id = o.sku_id
LEFT JOIN catalog_product p ON p.id = o.product_id
WHERE g.id {groups}
"""

# An earlier order is looked up by person and key. Its store is compared in a way no index can serve (`+ 0`): on a
# database without statistics yet, PostgreSQL would take the store's index and read every order of a store in a rush.
_PEOPLE = """
WITH d(group_buy_id, person_id, key) AS ({rows})
SELECT g.store_id, d.group_buy_id, d.person_id, d.key, j.id, j.number,
       e.id, e.body_hash, e.number, e.payment, e.payment_method, e.total_fen, e.expires_at,
       (SELECT count(*) FROM orders_order u
         WHERE u.participation_id = j.id AND u.payment IN ('unpaid', 'awaiting_confirmation')),
       (SELECT count(*) FROM orders_order r WHERE r.person_id = d.person_id AND r.placed_at > %s),
       EXISTS (SELECT 1 FROM stores_blockedbuyer b WHERE b.store_id = g.store_id AND b.person_id = d.person_id)
FROM d
JOIN groupbuys_groupbuy g ON g.id = d.group_buy_id
LEFT JOIN orders_participation j ON j.group_buy_id = d.group_buy_id AND j.person_id = d.person_id
LEFT JOIN orders_order e
       ON e.person_id = d.person_id AND e.idempotency_key = d.key AND e.store_id + 0 = g.store_id
"""

_ADDRESSES = """
SELECT id, person_id, name, phone_sealed, phone_last4, province, city, district, detail, building, unit, room,
       lat_e6, lng_e6
FROM identity_address WHERE id {ids}
"""

_POINTS = """
SELECT id, store_id, name, address, hours, contact_name, contact_phone
FROM stores_pickuppoint WHERE archived_at IS NULL AND id {ids}
"""

_LIMITS = """
SELECT u.offer_id, u.person_id, u.quantity FROM orders_limituse u
JOIN groupbuys_offer o ON o.id = u.offer_id AND o.limit_per_person > 0
WHERE u.offer_id {offers} AND u.person_id {people}
"""


def _aware(moment: datetime | None) -> datetime | None:
    # SQLite keeps UTC without a zone.
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _ids(values: Iterable[int]) -> list[int]:
    return sorted(set(values))


def read_snapshot(dialect: Dialect, drafts: Sequence[Draft], *, lock: bool = True) -> Snapshot:
    """Lock the pools of all drafts, then the counters of their group buys, each in id order; then read the rest.

    Without `lock` only a look (for quotes). Each statement sees what was committed when it begins, so what follows
    the locks is current.
    """
    moment, settings = now(), config()
    snapshot = Snapshot(now=moment, hold_seconds=settings.hold_seconds)
    reads = _reads(dialect, drafts, moment, dialect.row_lock if lock else "")
    first = dialect.first if lock else ()
    found = dict(zip(reads, dialect.run([*first, *reads.values()])[len(first) :], strict=True))
    snapshot.available = _pairs(found["pools"])
    snapshot.numbers = _pairs(found["numbers"])
    for row in found["terms"]:
        if row[0] not in snapshot.groups:
            snapshot.groups[row[0]] = _group_terms(row, settings)
        if row[20] is not None:
            snapshot.offers[row[20]] = _offer_terms(row)
    _keep_people(snapshot, found["people"])
    for row in found.get("addresses", ()):
        snapshot.addresses[row[0], row[1]] = replace(Recipient(*row[2:12]), spot=spot_of(*row[12:]))
    snapshot.joined = dict(joined_of(row) for row in found.get("joined", ()))
    for row in found.get("points", ()):
        snapshot.points[row[0]] = PointTerms(row[0], row[1], dict(zip(_POINT, row[2:], strict=True)))
    snapshot.limit_used = {(row[0], row[1]): row[2] for row in found["limits"]}
    snapshot.shares = parts.share_ids({draft.share_token for draft in drafts if draft.share_token})
    _read_more(dialect, drafts, snapshot, lock)
    return snapshot


def _read_more(dialect: Dialect, drafts: Sequence[Draft], snapshot: Snapshot, lock: bool) -> None:
    """What options need besides, each hook for the drafts it concerns; nothing for sales without options."""
    for hook in hooks.registered():
        groups = snapshot.groups
        mine = [d for d in drafts if d.group_buy_id in groups and hook.concerns(d, groups[d.group_buy_id])]
        if mine:
            hook.read(dialect, mine, snapshot, lock=lock)


_POINT = ("name", "address", "hours", "contact_name", "contact_phone")


def _pairs(rows: Sequence[Row]) -> dict[int, int]:
    return {row[0]: row[1] for row in rows}


def _reads(
    dialect: Dialect, drafts: Sequence[Draft], moment: datetime, row_lock: str
) -> dict[str, Statement]:
    """Every look by name, in the order it must be taken: none needs the answer of another."""
    offers, offer_ids = dialect.among(_ids(line.offer_id for draft in drafts for line in draft.lines))
    groups, group_ids = dialect.among(_ids(draft.group_buy_id for draft in drafts))
    people, person_ids = dialect.among(_ids(draft.person_id for draft in drafts))
    keys = sorted({(d.group_buy_id, d.person_id, d.idempotency_key) for d in drafts})
    rows, values = dialect.table(("bigint", "bigint", "text"), keys)
    minute_ago = dialect.moment(moment - timedelta(minutes=1))
    reads: dict[str, Statement] = {
        "pools": Statement(_POOLS.format(offers=offers) + row_lock, offer_ids),
        "numbers": Statement(_NUMBERS.format(groups=groups) + row_lock, group_ids),
        "terms": Statement(_TERMS.format(offers=offers, groups=groups), [*offer_ids, *group_ids]),
        "people": Statement(_PEOPLE.format(rows=rows), [*values, minute_ago]),
        "limits": Statement(_LIMITS.format(offers=offers, people=people), [*offer_ids, *person_ids]),
    }
    joined = _ids(d.joins for d in drafts if d.joins)
    if joined:
        among, ids = dialect.among(joined)
        reads["joined"] = Statement(JOINED.format(ids=among), ids)
    addresses = _ids(d.address_id for d in drafts if d.address_id and d.delivery_method == "courier")
    if addresses:
        among, ids = dialect.among(addresses)
        reads["addresses"] = Statement(_ADDRESSES.format(ids=among), ids)
    points = _ids(d.pickup_point_id for d in drafts if d.pickup_point_id and d.delivery_method == "pickup")
    if points:
        among, ids = dialect.among(points)
        reads["points"] = Statement(_POINTS.format(ids=among), ids)
    return reads


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
                wechatpay=bool(row[15]),
                offline=bool(row[16]),
                provider_ready=provider_ready(row[31], settings.has_wechatpay),
            )
        ),
        selling=row[17] is None and row[18] == "approved" and row[19] is None and row[30] is None,
        halted=row[30] is not None,
        options=sale_options(row[32]),
        freight_template=freight_template(row[34]) if row[12] == "template" else None,
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
        options=offer_options(row[33]),
        weight_g=row[35],
    )


def _keep_people(snapshot: Snapshot, rows: Sequence[Row]) -> None:
    """Participations, earlier orders of the same key, unpaid and recent orders."""
    for row in rows:
        store_id, group_id, person_id, key = row[0], row[1], row[2], row[3]
        if row[4] is not None:
            snapshot.participations[group_id, person_id] = (row[4], row[5])
        if row[6] is not None:
            snapshot.earlier[store_id, person_id, key] = Earlier(row[7], _placed_before(row))
        snapshot.unpaid[group_id, person_id] = row[13]
        snapshot.recent[person_id] = row[14]
        if row[15]:
            snapshot.blocked.add((group_id, person_id))


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

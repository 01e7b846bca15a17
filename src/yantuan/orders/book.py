"""Writes one decided batch: one guarded stock update, bulk inserts, outbox rows. Runs inside one short transaction."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, connection
from django.db.backends.utils import CursorWrapper

from yantuan.kernel.ids import new_id
from yantuan.kernel.outbox import events_for
from yantuan.orders.book_postgres import POSTGRES
from yantuan.orders.book_sqlite import SQLITE
from yantuan.orders.decide import decide
from yantuan.orders.dialect import Dialect, Row
from yantuan.orders.drafts import Booking, Decision, Draft, Join
from yantuan.orders.rules import GOODS_TEXT_LENGTH
from yantuan.orders.snapshot import read_snapshot

_TAKE = """
WITH v(id, held, sold) AS ({rows})
UPDATE catalog_stockpool SET available = available - v.held - v.sold, held = catalog_stockpool.held + v.held,
       sold = catalog_stockpool.sold + v.sold
FROM v WHERE catalog_stockpool.id = v.id AND catalog_stockpool.available >= v.held + v.sold
RETURNING catalog_stockpool.id
"""

_COUNT = """
WITH v(group_buy_id, fresh, placed) AS ({rows})
INSERT INTO groupbuys_groupcounter (group_buy_id, last_number, orders)
SELECT group_buy_id, fresh, placed FROM v WHERE true
ON CONFLICT (group_buy_id) DO UPDATE SET last_number = groupbuys_groupcounter.last_number + excluded.last_number,
       orders = groupbuys_groupcounter.orders + excluded.orders
RETURNING group_buy_id, last_number
"""

_LIMIT = """
WITH v(offer_id, person_id, quantity) AS ({rows})
INSERT INTO orders_limituse (offer_id, person_id, quantity)
SELECT offer_id, person_id, quantity FROM v WHERE true
ON CONFLICT (offer_id, person_id) DO UPDATE SET quantity = orders_limituse.quantity + excluded.quantity
"""

_THREE = ("bigint", "bigint", "bigint")
_ORDER = (
    "id", "store_id", "group_buy_id", "person_id", "participation_id", "number", "payment", "delivery", "aftersale",
    "payment_method", "delivery_method", "pickup_point_id", "pickup_snapshot", "pickup_code", "recipient_name",
    "phone_sealed", "phone_last4", "province", "city", "district", "detail", "building", "unit", "room",
    "goods_fen", "freight_fen", "discount_fen", "total_fen", "paid_fen", "refunded_fen", "remark", "answers",
    "private_note", "anonymous", "share_id", "goods_text", "idempotency_key", "body_hash", "flags", "version",
    "placed_at", "expires_at", "paid_at", "closed_at", "close_reason", "shipped_at", "received_at",
    "auto_receive_at",
)  # fmt: skip
_LINE = (
    "id", "order_id", "store_id", "offer_id", "pool_id", "product_id", "position", "title", "sku_name", "sku_code",
    "picture_media_id", "price_fen", "quantity", "amount_fen", "discount_share_fen", "freight_share_fen",
    "shipped_quantity", "picked_quantity", "refunded_quantity", "refunded_goods_fen", "refunded_freight_fen",
    "snapshot_hash",
)  # fmt: skip
_EVENT = (
    "id", "order_id", "store_id", "at", "actor_kind", "actor_id", "axis", "event", "before", "after", "data",
)  # fmt: skip
_MOVE = (
    "id", "store_id", "pool_id", "kind", "quantity", "order_line_id", "cause_id", "actor_kind", "actor_id",
    "created_at",
)  # fmt: skip
_JOIN = ("id", "store_id", "group_buy_id", "person_id", "number", "anonymous", "created_at")
_OUTBOX = (
    "id", "topic", "key", "payload", "store_id", "state", "attempts", "available_at", "last_error", "created_at",
    "done_at",
)  # fmt: skip


def dialect() -> Dialect:
    """The dialect of the configured database."""
    return POSTGRES if connection.vendor == "postgresql" else SQLITE


def book(drafts: Sequence[Draft]) -> list[Decision]:
    """Decide and write one batch in the open transaction. Raises DatabaseError when a row can't be written."""
    engine = dialect()
    with connection.cursor() as cursor:
        decisions = decide(drafts, read_snapshot(cursor, engine, drafts))
        bookings = [one for one in decisions if isinstance(one, Booking)]
        if bookings:
            _take_stock(cursor, engine, bookings)
            _number(cursor, engine, bookings)
            _insert_orders(cursor, engine, bookings)
            _insert_marks(cursor, engine, bookings)
            _use_limits(cursor, engine, bookings)
    return decisions


def _take_stock(cursor: CursorWrapper, engine: Dialect, bookings: Sequence[Booking]) -> None:
    """Held for orders to be paid, sold at once for those of nothing; the guard is the last defence against overselling."""
    units: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for booking in bookings:
        for line in booking.lines:
            units[line.offer.pool_id][1 if booking.zero else 0] += line.quantity
    rows, values = engine.table(_THREE, [(pool_id, *both) for pool_id, both in sorted(units.items())])
    cursor.execute(_TAKE.format(rows=rows), values)
    if len(cursor.fetchall()) != len(units):
        raise IntegrityError("a stock pool had less than was decided")


def _number(cursor: CursorWrapper, engine: Dialect, bookings: Sequence[Booking]) -> None:
    """Count the orders and give new participants the next 跟团号; the counter row is the lock of its numbers."""
    counts: dict[int, int] = defaultdict(int)
    for booking in bookings:
        counts[booking.group.id] += 1
    fresh: dict[int, int] = defaultdict(int)
    for join in _new_joins(bookings):
        fresh[join.group_buy_id] += 1
    rows, values = engine.table(_THREE, [(one, fresh[one], counts[one]) for one in sorted(counts)])
    cursor.execute(_COUNT.format(rows=rows), values)
    last: dict[int, int] = dict(cursor.fetchall())
    for join in _new_joins(bookings):
        join.number = last[join.group_buy_id] - fresh[join.group_buy_id] + join.ordinal


def _new_joins(bookings: Iterable[Booking]) -> list[Join]:
    return list({b.join.id: b.join for b in bookings if b.join.ordinal}.values())


def _insert_orders(cursor: CursorWrapper, engine: Dialect, bookings: Sequence[Booking]) -> None:
    joins = _new_joins(bookings)
    if joins:
        moment = engine.moment(bookings[0].placed_at)
        engine.insert(
            cursor,
            "orders_participation",
            _JOIN,
            [(j.id, j.store_id, j.group_buy_id, j.person_id, j.number, j.anonymous, moment) for j in joins],
        )
    engine.insert(cursor, "orders_order", _ORDER, [_order_row(b, engine) for b in bookings])
    engine.insert(cursor, "orders_orderline", _LINE, [row for b in bookings for row in _line_rows(b)])


def _insert_marks(cursor: CursorWrapper, engine: Dialect, bookings: Sequence[Booking]) -> None:
    """Timeline, stock movements and the work to do after the commit."""
    engine.insert(cursor, "orders_orderevent", _EVENT, [r for b in bookings for r in _event_rows(b, engine)])
    engine.insert(
        cursor, "catalog_stockmovement", _MOVE, [r for b in bookings for r in _move_rows(b, engine)]
    )
    outbox = [row for b in bookings for row in _outbox_rows(b, engine)]
    if outbox:
        engine.insert(cursor, "kernel_outboxevent", _OUTBOX, outbox)


def _use_limits(cursor: CursorWrapper, engine: Dialect, bookings: Sequence[Booking]) -> None:
    used: dict[tuple[int, int], int] = defaultdict(int)
    for booking in bookings:
        for line in booking.lines:
            used[line.offer.id, booking.draft.person_id] += line.quantity
    rows, values = engine.table(_THREE, [(*pair, units) for pair, units in sorted(used.items())])
    cursor.execute(_LIMIT.format(rows=rows), values)


def _order_row(b: Booking, engine: Dialect) -> Row:
    d, r, placed = b.draft, b.recipient, engine.moment(b.placed_at)
    # Eight digits: no look-up for a free code on the hot path.
    code = f"{secrets.randbelow(10**8):08d}" if b.zero and b.point else ""
    return (
        b.id, b.group.store_id, b.group.id, d.person_id, b.join.id, b.join.number, b.payment, b.delivery, "none",
        b.payment_method, d.delivery_method, b.point.id if b.point else None,
        _json(dict(b.point.snapshot) if b.point else {}), code, r.name,
        r.phone_sealed, r.phone_last4, r.province, r.city, r.district, r.detail, r.building, r.unit, r.room,
        b.goods_fen, b.freight_fen, 0, b.total_fen, 0, 0, d.remark, _json(b.answers),
        "", d.anonymous, b.share_id, _goods_text(b), d.idempotency_key, d.body_hash, "[]", 0,
        placed, engine.moment(b.expires_at), placed if b.zero else None, None, "", None, None,
        None,
    )  # fmt: skip


def _line_rows(b: Booking) -> list[Row]:
    return [
        (
            line.id, b.id, b.group.store_id, line.offer.id, line.offer.pool_id, line.offer.product_id, position,
            line.offer.title, line.offer.sku_name, line.offer.sku_code, line.offer.picture_media_id,
            line.offer.price_fen, line.quantity, line.amount_fen, 0, line.freight_share_fen, 0, 0, 0, 0, 0,
            _promise_hash(line.offer.id, line.offer.title, line.offer.sku_name, line.offer.price_fen),
        )
        for position, line in enumerate(b.lines)
    ]  # fmt: skip


def _event_rows(b: Booking, engine: Dialect) -> list[Row]:
    actor, at = b.draft.actor, engine.moment(b.placed_at)
    head = (b.id, b.group.store_id, at, actor.kind, actor.id)
    rows: list[Row] = [(new_id(), *head, "note", "placed", "", "", _json({"amount_fen": b.total_fen}))]
    if b.zero:
        rows.append((new_id(), *head, "payment", "pay", "unpaid", "paid", _json({"amount_fen": 0})))
    if b.delivery == "awaiting_pickup":
        rows.append((new_id(), *head, "delivery", "await_pickup", "none", "awaiting_pickup", "{}"))
    return rows


def _move_rows(b: Booking, engine: Dialect) -> list[Row]:
    actor, at = b.draft.actor, engine.moment(b.placed_at)
    return [
        (
            new_id(), b.group.store_id, line.offer.pool_id, kind, line.quantity, line.id, 0, actor.kind, actor.id, at,
        )
        for line in b.lines
        for kind in (("hold", "sell") if b.zero else ("hold",))
    ]  # fmt: skip


def _outbox_rows(b: Booking, engine: Dialect) -> list[Row]:
    topics = ("order.placed", "order.paid") if b.zero else ("order.placed",)
    return [
        (
            event.id, event.topic, event.key, _json(event.payload), event.store_id, "pending", 0,
            engine.moment(event.available_at), "", engine.moment(event.created_at), None,
        )
        for topic in topics
        for event in events_for(topic, {"order_id": b.id}, store_id=b.group.store_id, moment=b.placed_at)
    ]  # fmt: skip


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _goods_text(b: Booking) -> str:
    names = (f"{line.offer.title} {line.offer.sku_name}".strip() + f"×{line.quantity}" for line in b.lines)
    return "；".join(names)[:GOODS_TEXT_LENGTH]


def _promise_hash(*facts: object) -> str:
    return hashlib.sha256(_json(facts).encode()).hexdigest()

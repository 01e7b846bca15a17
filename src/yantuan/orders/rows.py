"""The rows one granted order leaves behind, column by column."""

from __future__ import annotations

import hashlib
import secrets

import msgspec

from yantuan.kernel.ids import new_id
from yantuan.kernel.outbox import events_for
from yantuan.orders.dialect import Dialect, Row, Table
from yantuan.orders.drafts import Booking, Join, LineRow
from yantuan.orders.presale import end_of, promised_day
from yantuan.orders.rules import GOODS_TEXT_LENGTH

PARTICIPATION = Table(
    "orders_participation",
    {
        "id": "bigint", "store_id": "bigint", "group_buy_id": "bigint", "person_id": "bigint", "number": "bigint",
        "anonymous": "boolean", "created_at": "timestamptz",
    },
    {},
)  # fmt: skip
ORDER = Table(
    "orders_order",
    {
        "id": "bigint", "store_id": "bigint", "group_buy_id": "bigint", "person_id": "bigint",
        "participation_id": "bigint", "number": "bigint", "payment": "text", "delivery": "text",
        "payment_method": "text", "delivery_method": "text", "pickup_point_id": "bigint", "pickup_snapshot": "jsonb",
        "pickup_code": "text", "recipient_name": "text", "phone_sealed": "text", "phone_last4": "text",
        "province": "text", "city": "text", "district": "text", "detail": "text", "building": "text", "unit": "text",
        "room": "text", "goods_fen": "bigint", "freight_fen": "bigint", "discount_fen": "bigint", "total_fen": "bigint",
        "deductions": "jsonb",
        "remark": "text",
        "answers": "jsonb", "anonymous": "boolean", "share_id": "bigint", "goods_text": "text",
        "idempotency_key": "text", "body_hash": "text", "placed_at": "timestamptz", "expires_at": "timestamptz",
        "paid_at": "timestamptz",
    },
    {
        "aftersale": "'none'", "paid_fen": "0", "refunded_fen": "0", "private_note": "''",
        "flags": "'[]'", "version": "0", "close_reason": "''",
    },
)  # fmt: skip
LINE = Table(
    "orders_orderline",
    {
        "id": "bigint", "order_id": "bigint", "store_id": "bigint", "offer_id": "bigint", "pool_id": "bigint",
        "product_id": "bigint", "position": "integer", "title": "text", "sku_name": "text", "sku_code": "text",
        "picture_media_id": "bigint", "price_fen": "bigint", "quantity": "integer", "amount_fen": "bigint",
        "discount_share_fen": "bigint", "freight_share_fen": "bigint", "snapshot_hash": "text",
    },
    {
        "shipped_quantity": "0", "picked_quantity": "0", "refunded_quantity": "0",
        "refunded_goods_fen": "0", "refunded_freight_fen": "0",
    },
)  # fmt: skip
EVENT = Table(
    "orders_orderevent",
    {
        "id": "bigint", "order_id": "bigint", "store_id": "bigint", "at": "timestamptz", "actor_kind": "text",
        "actor_id": "bigint", "axis": "text", "event": "text", "before": "text", "after": "text", "data": "jsonb",
    },
    {},
)  # fmt: skip
MOVEMENT = Table(
    "catalog_stockmovement",
    {
        "id": "bigint", "store_id": "bigint", "pool_id": "bigint", "kind": "text", "quantity": "bigint",
        "order_line_id": "bigint", "actor_kind": "text", "actor_id": "bigint", "created_at": "timestamptz",
    },
    {"cause_id": "0"},
)  # fmt: skip
OUTBOX = Table(
    "kernel_outboxevent",
    {
        "id": "bigint", "topic": "text", "key": "text", "payload": "jsonb", "store_id": "bigint",
        "available_at": "timestamptz", "created_at": "timestamptz",
    },
    {"state": "'pending'", "attempts": "0", "last_error": "''"},
)  # fmt: skip


def join_row(join: Join, engine: Dialect) -> Row:
    """A new participation."""
    return (
        join.id, join.store_id, join.group_buy_id, join.person_id, join.number, join.anonymous,
        engine.moment(join.created_at),
    )  # fmt: skip


def order_row(b: Booking, engine: Dialect) -> Row:
    """The order itself."""
    d, r, placed = b.draft, b.recipient, engine.moment(b.placed_at)
    # Eight digits: no look-up for a free code on the hot path.
    code = f"{secrets.randbelow(10**8):08d}" if b.zero and b.point else ""
    return (
        b.id, b.group.store_id, b.group.id, d.person_id, b.join.id, b.join.number, b.payment, b.delivery,
        b.payment_method, d.delivery_method, b.point.id if b.point else None,
        _json(dict(b.point.snapshot)) if b.point else "{}", code, r.name, r.phone_sealed, r.phone_last4, r.province,
        r.city, r.district, r.detail, r.building, r.unit, r.room, b.goods_fen, b.freight_fen, b.discount_fen,
        b.total_fen, _json(b.deductions) if b.deductions else None, d.remark,
        _json(b.answers) if b.answers else "[]", d.anonymous, b.share_id, _goods_text(b), d.idempotency_key,
        d.body_hash, placed, engine.moment(b.expires_at), placed if b.zero else None,
    )  # fmt: skip


def line_rows(b: Booking) -> list[Row]:
    """One row per offer."""
    return [
        (
            line.id, b.id, b.group.store_id, line.offer.id, line.offer.pool_id, line.offer.product_id, position,
            line.offer.title, line.offer.sku_name, line.offer.sku_code, line.offer.picture_media_id,
            line.price_fen, line.quantity, line.amount_fen, line.discount_share_fen, line.freight_share_fen,
            promise_hash(line),
        )
        for position, line in enumerate(b.lines)
    ]  # fmt: skip


def event_rows(b: Booking, engine: Dialect) -> list[Row]:
    """What the timeline tells of the placing."""
    actor, at = b.draft.actor, engine.moment(b.placed_at)
    head = (b.id, b.group.store_id, at, actor.kind, actor.id)
    promised = promised_day(b.lines)
    data = {"amount_fen": b.total_fen, **({"ships_on": promised.isoformat()} if promised else {})}
    rows: list[Row] = [(new_id(), *head, "note", "placed", "", "", _json(data))]
    if b.zero:
        rows.append((new_id(), *head, "payment", "pay", "unpaid", "paid", _json({"amount_fen": 0})))
    if b.delivery == "awaiting_pickup":
        rows.append((new_id(), *head, "delivery", "await_pickup", "none", "awaiting_pickup", "{}"))
    return rows


def move_rows(b: Booking, engine: Dialect) -> list[Row]:
    """How the stock moved."""
    actor, at = b.draft.actor, engine.moment(b.placed_at)
    return [
        (
            new_id(), b.group.store_id, line.offer.pool_id, kind, line.quantity, line.id, actor.kind, actor.id, at,
        )
        for line in b.lines
        for kind in (("hold", "sell") if b.zero else ("hold",))
    ]  # fmt: skip


def outbox_rows(b: Booking, engine: Dialect) -> list[Row]:
    """Work to do after the commit."""
    topics = ("order.placed", "order.paid") if b.zero else ("order.placed",)
    return [
        (
            event.id, event.topic, event.key, _json(event.payload), event.store_id, engine.moment(event.available_at),
            engine.moment(event.created_at),
        )
        for topic, delay in [*((topic, 0.0) for topic in topics), *_promises(b)]
        for event in events_for(
            topic, {"order_id": b.id}, store_id=b.group.store_id, moment=b.placed_at, delay=delay
        )
    ]  # fmt: skip


def _promises(b: Booking) -> list[tuple[str, float]]:
    """A look at the order when the promised day of a pre-sale is over, in seconds from now."""
    day = promised_day(b.lines)
    return [("order.promised", max(0.0, (end_of(day) - b.placed_at).total_seconds()))] if day else []


def promise_hash(line: LineRow) -> str:
    """What was promised of a line, fixed for good: offer, title, spec and price."""
    facts = (line.offer.id, line.offer.title, line.offer.sku_name, line.price_fen)
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _goods_text(b: Booking) -> str:
    names = (f"{line.offer.title} {line.offer.sku_name}".strip() + f"×{line.quantity}" for line in b.lines)
    return "；".join(names)[:GOODS_TEXT_LENGTH]

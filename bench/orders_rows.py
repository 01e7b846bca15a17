"""Rows of the trade made by the database itself from nothing but numbers: one INSERT … SELECT per table and portion.

Order `n` of an instance always looks the same: who bought, what, how it was paid and what became of it follow from `n` by
arithmetic. So a million orders need no round trips, and SQLite and PostgreSQL get the same book.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection, models

from yantuan.aftersales.models import AfterSale, AfterSaleLine
from yantuan.catalog.models import StockMovement
from yantuan.fulfilment.models import PickupCheck, Shipment, ShipmentLine
from yantuan.kernel.ids import EPOCH_MS
from yantuan.orders.models import Order, OrderEvent, OrderLine, Participation
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund, RefundLine

DAY = 86_400_000
HOUR = 3_600_000
ID_STEP = 1 << 22
"""Ids of one millisecond; children of an order use the first few behind the order's own."""
PHONES = 1000
BIG_GROUPS = 4
"""Sales the big store runs side by side."""
OFFERS_BIG, OFFERS_SMALL = 10, 4


@dataclass(frozen=True)
class Plan:
    """How `orders` orders spread over stores, sales and days. Times are Unix milliseconds."""

    orders: int
    stores: int
    people: int
    person_id: int
    periods: int
    start_ms: int
    step_ms: int
    now_ms: int

    @property
    def per_period(self) -> int:
        return -(-self.orders // self.periods)

    @property
    def groups(self) -> int:
        """Sales in one period: several of the big store, one of each other."""
        return BIG_GROUPS + self.stores - 1

    def at(self, n: int) -> int:
        """When order `n` was placed."""
        return self.start_ms + n * self.step_ms


def id_at(ms: int) -> int:
    """The first row id of a millisecond."""
    return (ms - EPOCH_MS) * ID_STEP


def moment(expression: str) -> str:
    """SQL for a timestamp from Unix milliseconds."""
    if connection.vendor == "postgresql":
        return f"to_timestamp(({expression}) / 1000.0)"
    return f"strftime('%Y-%m-%d %H:%M:%f', ({expression}) / 1000.0, 'unixepoch')"


def _json(text: str) -> str:
    return f"CAST('{text}' AS jsonb)" if connection.vendor == "postgresql" else f"'{text}'"


def _default(field: models.Field[object, object]) -> str:
    value = field.get_default()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (list, dict)):
        return _json(json.dumps(value))
    return f"'{value}'" if isinstance(value, str) else str(value)


def run(sql: str) -> None:
    """One statement without parameters."""
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _insert(model: type[models.Model], values: Mapping[str, str], source: str) -> None:
    """Insert `values` (column → SQL) FROM `source`; what isn't named gets the model's default, or NULL."""
    chosen = dict(values)
    for field in model._meta.concrete_fields:
        if field.column not in chosen and not field.null and not isinstance(field, models.AutoField):
            chosen[field.column] = _default(field)
    columns = ", ".join(f'"{name}"' for name in chosen)
    run(f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {", ".join(chosen.values())} FROM {source}')


def write_portion(plan: Plan, first: int, last: int) -> None:
    """Write orders `first` … `last - 1` with everything that belongs to them."""
    for name in ("seed_base", "seed_line", "seed_order"):
        run(f"DROP TABLE IF EXISTS {name}")
    run(_base_sql(plan, first, last))
    run(_LINE_SQL)
    run(_ORDER_SQL)
    if connection.vendor == "postgresql":
        run("ANALYZE seed_order")
        run("ANALYZE seed_line")
    _orders()
    _events(plan)
    _movements()
    _payments()
    _deliveries()
    _refunds()
    _cases(plan)


def _base_sql(plan: Plan, first: int, last: int) -> str:
    """Who, where and when. `kind` is what becomes of the order; it follows from `n` and from how long ago it was."""
    others = plan.stores - 1
    big = BIG_GROUPS * others
    return f"""
    CREATE TEMP TABLE seed_base AS
    WITH RECURSIVE numbers(n) AS (
        SELECT CAST({first} AS bigint) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {last}
    ), slots AS (
        SELECT n, n / {plan.per_period} AS period, (n % {plan.per_period}) % {big + others} AS slot,
            (n % {plan.per_period}) / {big + others} AS turn, (n * 37 + n / 100) % 100 AS luck
        FROM numbers
    ), placed AS (
        SELECT n, luck,
            period * {plan.groups} + CASE WHEN slot < {big} THEN slot % {BIG_GROUPS} ELSE slot - {big - BIG_GROUPS} END AS gno,
            CASE WHEN slot < {big} THEN turn * {others} + slot / {BIG_GROUPS} ELSE turn END AS k,
            {plan.start_ms} + n * {plan.step_ms} AS ms,
            {plan.now_ms} - {plan.start_ms} - n * {plan.step_ms} AS age,
            CASE WHEN (n * 13) % 7 = 0 THEN 1 ELSE 0 END AS pickup,
            CASE WHEN (n * 11) % 5 = 0 THEN 'offline' ELSE 'wechatpay' END AS method
        FROM slots
    ), fate AS (
        SELECT placed.*, (k / 8) * 7 + CASE WHEN k % 8 = 7 THEN 0 ELSE k % 8 END AS joined,
            CASE WHEN luck < 3 AND method = 'offline' AND age < {12 * HOUR} THEN 'unpaid'
                 WHEN luck < 6 AND method = 'offline' AND age < {12 * HOUR} THEN 'waiting'
                 WHEN luck < 10 AND age > {25 * HOUR} THEN 'closed'
                 WHEN luck IN (10, 11) AND age > {DAY} THEN 'cancelled'
                 WHEN luck IN (12, 13) AND age > {15 * DAY} THEN 'settled'
                 WHEN luck = 14 AND age > {12 * DAY} AND age < {18 * DAY} THEN 'open'
                 ELSE 'paid' END AS kind
        FROM placed
    )
    SELECT f.*, g.id AS group_id, g.store_id, g.point_id, g.offers, ({plan.start_ms} - {EPOCH_MS}) * {ID_STEP} AS era,
        (f.ms - {EPOCH_MS}) * {ID_STEP} AS id, (f.gno * 613 + f.joined) % {plan.people} AS person,
        {plan.person_id} + (f.gno * 613 + f.joined) % {plan.people} AS person_id,
        CASE WHEN f.n % 10 < 7 THEN 1 WHEN f.n % 10 < 9 THEN 2 ELSE 3 END AS lines,
        CASE WHEN f.kind IN ('paid', 'settled', 'open') AND f.age > {11 * DAY} AND f.pickup = 0 THEN 'received'
             WHEN f.kind = 'paid' AND f.age > {2 * DAY} AND f.pickup = 0 THEN 'shipped'
             WHEN f.kind IN ('paid', 'settled', 'open') AND f.age > {3 * DAY} AND f.pickup = 1 THEN 'picked'
             WHEN f.pickup = 1 AND (f.method = 'offline' OR f.kind NOT IN ('unpaid', 'waiting', 'closed'))
                 THEN 'awaiting_pickup'
             ELSE 'none' END AS delivery
    FROM fate f JOIN seed_group g ON g.gno = f.gno"""


_LINE_SQL = """
CREATE TEMP TABLE seed_line AS
SELECT b.n, j.j, b.id + j.j AS id, b.id AS order_id, f.offer_id, f.pool_id, f.product_id, f.title, f.sku_name, f.price,
    f.hash, 1 + CASE WHEN (b.n + j.j) % 4 = 0 THEN 1 ELSE 0 END AS quantity,
    f.price * (1 + CASE WHEN (b.n + j.j) % 4 = 0 THEN 1 ELSE 0 END) AS amount
FROM seed_base b
JOIN (SELECT 1 AS j UNION ALL SELECT 2 UNION ALL SELECT 3) j ON j.j <= b.lines
JOIN seed_offer f ON f.gno = b.gno AND f.pos = (b.n / 7 + j.j * 3) % b.offers
"""

_ORDER_SQL = """
CREATE TEMP TABLE seed_order AS
SELECT b.*, s.goods, s.second, s.third, s.text, s.half,
    CASE WHEN b.pickup = 1 OR s.goods >= 9900 THEN 0 ELSE 600 END AS freight,
    s.goods + CASE WHEN b.pickup = 1 OR s.goods >= 9900 THEN 0 ELSE 600 END AS total
FROM seed_base b JOIN (
    SELECT n, CAST(SUM(amount) AS bigint) AS goods,
        COALESCE(MAX(CASE WHEN j = 2 THEN amount END), 0) AS second,
        COALESCE(MAX(CASE WHEN j = 3 THEN amount END), 0) AS third,
        MAX(CASE WHEN j = 1 THEN price / 2 END) AS half,
        MAX(CASE WHEN j = 1 THEN title || ' ' || sku_name || '×' || quantity END)
            || COALESCE('；' || MAX(CASE WHEN j = 2 THEN title || ' ' || sku_name || '×' || quantity END), '') AS text
    FROM seed_line GROUP BY n
) s ON s.n = b.n
"""

_PAID = "s.kind IN ('paid', 'settled', 'open', 'cancelled')"
_SHARE = (
    "CASE WHEN l.j = 1 THEN s.freight - s.freight * s.second / s.goods - s.freight * s.third / s.goods"
    " ELSE s.freight * l.amount / s.goods END"
)
_BACK = "CASE s.kind WHEN 'cancelled' THEN s.total WHEN 'settled' THEN s.half ELSE 0 END"


def _orders() -> None:
    _insert(Participation, {
        "id": "s.era + s.gno * 65536 + s.joined", "store_id": "s.store_id", "group_buy_id": "s.group_id",
        "person_id": "s.person_id", "number": "s.joined + 1", "created_at": moment("s.ms"),
    }, "seed_order s WHERE s.k % 8 <> 7")  # fmt: skip
    _insert(Order, _order_values(), "seed_order s JOIN seed_phone p ON p.no = s.person % " + str(PHONES))
    back = "s.kind = 'cancelled'"
    _insert(OrderLine, {
        "id": "l.id", "order_id": "l.order_id", "store_id": "s.store_id", "offer_id": "l.offer_id",
        "pool_id": "l.pool_id", "product_id": "l.product_id", "position": "l.j - 1", "title": "l.title",
        "sku_name": "l.sku_name", "price_fen": "l.price", "quantity": "l.quantity", "amount_fen": "l.amount",
        "freight_share_fen": _SHARE, "snapshot_hash": "l.hash",
        "shipped_quantity": "CASE WHEN s.delivery IN ('shipped', 'received') THEN l.quantity ELSE 0 END",
        "picked_quantity": "CASE WHEN s.delivery = 'picked' THEN l.quantity ELSE 0 END",
        "refunded_quantity": f"CASE WHEN {back} THEN l.quantity ELSE 0 END",
        "refunded_goods_fen": f"CASE WHEN {back} THEN l.amount WHEN s.kind = 'settled' AND l.j = 1 THEN s.half ELSE 0 END",
        "refunded_freight_fen": f"CASE WHEN {back} THEN {_SHARE} ELSE 0 END",
    }, "seed_line l JOIN seed_order s ON s.n = l.n")  # fmt: skip


def _order_values() -> dict[str, str]:
    courier = "s.pickup = 0"
    hold = f"CASE s.method WHEN 'offline' THEN {24 * HOUR} ELSE {HOUR // 4} END"
    return {
        "id": "s.id", "store_id": "s.store_id", "group_buy_id": "s.group_id", "person_id": "s.person_id",
        "participation_id": "s.era + s.gno * 65536 + s.joined", "number": "s.joined + 1",
        "payment": "CASE s.kind WHEN 'unpaid' THEN 'unpaid' WHEN 'waiting' THEN 'awaiting_confirmation'"
        " WHEN 'closed' THEN 'closed' WHEN 'cancelled' THEN 'refunded' WHEN 'settled' THEN 'partly_refunded' ELSE 'paid' END",
        "delivery": "s.delivery",
        "aftersale": "CASE s.kind WHEN 'open' THEN 'open' WHEN 'settled' THEN 'settled' ELSE 'none' END",
        "payment_method": "s.method",
        "delivery_method": f"CASE WHEN {courier} THEN 'courier' ELSE 'pickup' END",
        "pickup_point_id": f"CASE WHEN {courier} THEN NULL ELSE s.point_id END",
        "pickup_code": f"CASE WHEN s.pickup = 1 AND {_PAID} THEN CAST(10000000 + s.n AS text) ELSE '' END",
        "recipient_name": "substr('赵钱孙李周吴郑王冯陈', CAST(s.person % 10 + 1 AS integer), 1)"
        " || substr('小春夏秋冬晓雨雪', CAST(s.person / 10 % 8 + 1 AS integer), 1)"
        " || substr('明红芳军丽伟敏静', CAST(s.person / 80 % 8 + 1 AS integer), 1)",
        "phone_sealed": "p.sealed", "phone_last4": "p.last4",
        "province": "'浙江省'", "city": "'杭州市'", "district": "'西湖区'", "detail": "'文三路 88 号枫林里'",
        "building": "CAST(s.person % 20 + 1 AS text) || '号楼'", "unit": "CAST(s.person % 3 + 1 AS text) || '单元'",
        "room": "CAST(s.person % 30 + 1 AS text) || '0' || CAST(s.person % 4 + 1 AS text)",
        "goods_fen": "s.goods", "freight_fen": "s.freight", "total_fen": "s.total",
        "paid_fen": f"CASE WHEN {_PAID} THEN s.total ELSE 0 END", "refunded_fen": _BACK,
        "goods_text": "s.text", "idempotency_key": "'seed-' || s.n", "body_hash": f"'{'5' * 64}'",
        "placed_at": moment("s.ms"),
        "expires_at": moment(f"CASE WHEN s.kind = 'unpaid' THEN s.ms + {hold} END"),
        "paid_at": moment(f"CASE WHEN {_PAID} THEN s.ms + 60000 END"),
        "closed_at": moment(f"CASE WHEN s.kind = 'closed' THEN s.ms + {hold} END"),
        "close_reason": "CASE WHEN s.kind <> 'closed' THEN '' WHEN s.luck % 5 = 0 THEN 'buyer' ELSE 'expired' END",
        "shipped_at": moment(f"CASE WHEN s.delivery IN ('shipped', 'received') THEN s.ms + {DAY} END"),
        "received_at": moment(f"CASE WHEN s.delivery = 'received' THEN s.ms + {11 * DAY} END"),
        "auto_receive_at": moment(f"CASE WHEN s.delivery = 'shipped' THEN s.ms + {11 * DAY} END"),
    }  # fmt: skip


def _event(
    ordinal: int, axis: str, event: str, edge: tuple[str, str], at: str, actor: str, where: str
) -> None:
    before, after = edge
    _insert(OrderEvent, {
        "id": f"s.id + {ordinal}", "order_id": "s.id", "store_id": "s.store_id", "at": moment(at),
        "actor_kind": f"'{actor}'", "actor_id": "s.person_id" if actor == "buyer" else "NULL", "axis": f"'{axis}'",
        "event": f"'{event}'", "before": f"'{before}'", "after": f"'{after}'",
    }, f"seed_order s WHERE {where}")  # fmt: skip


def _events(plan: Plan) -> None:
    pay, drive, sent = "payment", "delivery", "s.kind IN ('paid', 'settled', 'open', 'cancelled', 'waiting')"
    offline, awaits, shipped = (
        "s.method = 'offline'",
        "awaiting_pickup",
        "s.delivery IN ('shipped', 'received')",
    )
    proof = f"{offline} AND {sent}"
    _event(1, "note", "placed", ("", ""), "s.ms", "buyer", "TRUE")
    _event(2, pay, "submit_proof", ("unpaid", "awaiting_confirmation"), "s.ms + 30000", "buyer", proof)
    _event(
        3, pay, "pay", ("awaiting_confirmation", "paid"), "s.ms + 60000", "leader", f"{offline} AND {_PAID}"
    )
    _event(
        3, pay, "pay", ("unpaid", "paid"), "s.ms + 60000", "provider", f"s.method = 'wechatpay' AND {_PAID}"
    )
    _event(4, pay, "close", ("unpaid", "closed"), f"s.ms + {HOUR}", "system", "s.kind = 'closed'")
    _event(
        5,
        drive,
        "await_pickup",
        ("none", awaits),
        "s.ms + 60000",
        "system",
        f"s.delivery IN ('{awaits}', 'picked')",
    )
    _event(6, drive, "ship_all", ("none", "shipped"), f"s.ms + {DAY}", "leader", shipped)
    _event(
        7,
        drive,
        "receive",
        ("shipped", "received"),
        f"s.ms + {11 * DAY}",
        "system",
        "s.delivery = 'received'",
    )
    _event(8, drive, "pick_all", (awaits, "picked"), f"s.ms + {2 * DAY}", "leader", "s.delivery = 'picked'")
    _event(9, pay, "refund_all", ("paid", "refunded"), f"s.ms + {HOUR}", "provider", "s.kind = 'cancelled'")
    case = f"CASE s.kind WHEN 'open' THEN {plan.now_ms - HOUR} ELSE s.ms + {12 * DAY} END"
    _event(10, "aftersale", "open", ("none", "open"), case, "buyer", "s.kind IN ('open', 'settled')")
    late, settled = f"s.ms + {13 * DAY}", "s.kind = 'settled'"
    _event(11, pay, "refund_part", ("paid", "partly_refunded"), late, "provider", settled)
    _event(12, "aftersale", "settle", ("open", "settled"), late, "system", settled)


def _movements() -> None:
    for ordinal, kind, where, late in (
        (0, "hold", "TRUE", 0),
        (4, "sell", _PAID, 60_000),
        (8, "release", "s.kind = 'closed'", HOUR),
        (12, "restock", "s.kind = 'cancelled'", HOUR),
    ):
        _insert(StockMovement, {
            "id": f"l.id + {ordinal}", "store_id": "s.store_id", "pool_id": "l.pool_id", "kind": f"'{kind}'",
            "quantity": "l.quantity", "order_line_id": "l.id", "cause_id": "l.id" if kind == "restock" else "0",
            "actor_kind": "'system'", "created_at": moment(f"s.ms + {late}"),
        }, f"seed_line l JOIN seed_order s ON s.n = l.n WHERE {where}")  # fmt: skip


def _payments() -> None:
    _insert(PaymentAttempt, {
        "id": "s.id", "order_id": "s.id", "store_id": "s.store_id", "trade_type": "'JSAPI'", "appid": "'wxseed'",
        "mchid": "'1900000001'", "out_trade_no": "'S' || s.id", "amount_fen": "s.total",
        "state": f"CASE WHEN {_PAID} THEN 'succeeded' ELSE 'closed' END",
        "time_expire": moment(f"s.ms + {HOUR // 4}"),
        "transaction_id": f"CASE WHEN {_PAID} THEN '42' || s.id END",
        "paid_fen": f"CASE WHEN {_PAID} THEN s.total ELSE 0 END",
        "success_at": moment(f"CASE WHEN {_PAID} THEN s.ms + 60000 END"),
        "closed_at": moment(f"CASE WHEN {_PAID} THEN NULL ELSE s.ms + {HOUR // 4} END"),
        "created_at": moment("s.ms + 5000"),
    }, f"seed_order s WHERE s.method = 'wechatpay' AND ({_PAID} OR s.n % 2 = 0)")  # fmt: skip
    _insert(OfflineProof, {
        "id": "s.id", "order_id": "s.id", "store_id": "s.store_id", "amount_fen": "s.total",
        "state": f"CASE WHEN {_PAID} THEN 'confirmed' ELSE 'sent' END", "created_at": moment("s.ms + 30000"),
        "decided_at": moment(f"CASE WHEN {_PAID} THEN s.ms + 60000 END"),
    }, f"seed_order s WHERE s.method = 'offline' AND ({_PAID} OR s.kind = 'waiting')")  # fmt: skip


def _deliveries() -> None:
    sent, picked = "s.delivery IN ('shipped', 'received')", "s.delivery = 'picked'"
    _insert(Shipment, {
        "id": "s.id", "order_id": "s.id", "store_id": "s.store_id", "carrier": "'YTO'", "carrier_name": "'圆通速递'",
        "tracking_no": "'YT' || (100000000000 + s.n)", "created_at": moment(f"s.ms + {DAY}"),
    }, f"seed_order s WHERE {sent}")  # fmt: skip
    joined = "seed_line l JOIN seed_order s ON s.n = l.n WHERE "
    _insert(ShipmentLine, {
        "id": "l.id", "shipment_id": "s.id", "order_line_id": "l.id", "quantity": "l.quantity",
    }, joined + sent)  # fmt: skip
    _insert(PickupCheck, {
        "id": "l.id", "order_id": "s.id", "order_line_id": "l.id", "store_id": "s.store_id", "quantity": "l.quantity",
        "created_at": moment(f"s.ms + {2 * DAY}"),
    }, joined + picked)  # fmt: skip


def _refunds() -> None:
    done = f"CASE s.kind WHEN 'cancelled' THEN s.ms + {HOUR} ELSE s.ms + {13 * DAY} END"
    both = "s.kind IN ('cancelled', 'settled')"
    _insert(Refund, {
        "id": "s.id", "order_id": "s.id", "store_id": "s.store_id",
        "attempt_id": "CASE s.method WHEN 'wechatpay' THEN s.id END",
        "aftersale_id": "CASE s.kind WHEN 'settled' THEN s.id END",
        "cause": "CASE s.kind WHEN 'settled' THEN 'after_sale' ELSE 'cancel' END", "out_refund_no": "'R' || s.id",
        "amount_fen": _BACK, "restock": "s.kind = 'cancelled'", "state": "'succeeded'", "send_after": moment(done),
        "actor_kind": "'buyer'", "actor_id": "s.person_id", "created_at": moment(done), "done_at": moment(done),
    }, f"seed_order s WHERE {both}")  # fmt: skip
    _insert(RefundLine, {
        "id": "l.id", "refund_id": "s.id", "order_line_id": "l.id",
        "quantity": "CASE s.kind WHEN 'cancelled' THEN l.quantity ELSE 0 END",
        "goods_fen": "CASE s.kind WHEN 'cancelled' THEN l.amount ELSE s.half END",
        "freight_fen": f"CASE s.kind WHEN 'cancelled' THEN {_SHARE} ELSE 0 END",
    }, f"seed_line l JOIN seed_order s ON s.n = l.n WHERE {both} AND (s.kind = 'cancelled' OR l.j = 1)")  # fmt: skip


def _cases(plan: Plan) -> None:
    opened = f"CASE s.kind WHEN 'open' THEN {plan.now_ms - HOUR} ELSE s.ms + {12 * DAY} END"
    _insert(AfterSale, {
        "id": "s.id", "order_id": "s.id", "store_id": "s.store_id", "person_id": "s.person_id", "kind": "'refund_only'",
        "reason": "'missing'", "state": "CASE s.kind WHEN 'open' THEN 'requested' ELSE 'refunded' END",
        "requested_fen": "s.half", "agreed_fen": "CASE s.kind WHEN 'settled' THEN s.half END",
        "refund_id": "CASE s.kind WHEN 'settled' THEN s.id END", "created_at": moment(opened),
        "due_at": moment(f"CASE s.kind WHEN 'open' THEN {plan.now_ms + 47 * HOUR} END"),
        "settled_at": moment(f"CASE s.kind WHEN 'settled' THEN s.ms + {13 * DAY} END"),
    }, "seed_order s WHERE s.kind IN ('open', 'settled')")  # fmt: skip
    _insert(AfterSaleLine, {
        "id": "l.id", "aftersale_id": "s.id", "order_line_id": "l.id", "quantity": "1", "goods_fen": "l.price",
        "open": "s.kind = 'open'",
    }, "seed_line l JOIN seed_order s ON s.n = l.n WHERE s.kind IN ('open', 'settled') AND l.j = 1")  # fmt: skip

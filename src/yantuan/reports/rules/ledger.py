"""Amounts: what was promised, paid and given back add up to the fen."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from typing import Final

from yantuan.kernel.money import MAX_FEN
from yantuan.reports.rules.base import MAX_IDS, Finding, Reader, rule

ORDER: Final = "orders_order"
LINE: Final = "orders_orderline"


@rule("M1", "S1", "订单金额 = 商品 + 运费 − 优惠，分摊合计相符", kind="money")
def order_amounts(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT o.id, o.goods_fen, o.freight_fen, o.discount_fen, o.total_fen
        FROM orders_order o LEFT JOIN (
            SELECT order_id, SUM(amount_fen) AS goods, SUM(freight_share_fen) AS freight,
                SUM(discount_share_fen) AS discount, SUM(price_fen * quantity) AS priced,
                MIN(CASE WHEN freight_share_fen < discount_share_fen THEN freight_share_fen ELSE discount_share_fen END) AS least
            FROM orders_orderline WHERE {read.orders("order_id")} GROUP BY order_id
        ) l ON l.order_id = o.id
        WHERE {read.orders("o.id")} AND (l.order_id IS NULL
            OR l.goods <> o.goods_fen OR l.freight <> o.freight_fen OR l.discount <> o.discount_fen
            OR l.priced + o.freight_fen - o.discount_fen <> o.total_fen OR l.least < 0)
        """,
        expected="各行金额、运费分摊、优惠分摊之和与订单一致",
        suggestion="核对订单行金额；不要手工改订单，用退款更正",
        of=ORDER,
    )


@lru_cache(maxsize=20_000)
def promise_hash(offer_id: int, title: str, sku_name: str, price_fen: int) -> str:
    """The hash kept with an order line over what was promised. Remembered, for many lines promise the same."""
    facts = json.dumps([offer_id, title, sku_name, price_fen], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(facts.encode()).hexdigest()


@rule("M2", "S1", "订单行快照自下单后没有被改动", kind="money")
def snapshots_unchanged(read: Reader) -> list[Finding]:
    # The same promise is made to many: its hash is computed once, and the lines that carry it are only counted.
    promises = read.rows(
        f"""
        SELECT MIN(id), offer_id, title, sku_name, price_fen, snapshot_hash FROM orders_orderline
        WHERE {read.orders("order_id")} GROUP BY offer_id, title, sku_name, price_fen, snapshot_hash
        """
    )
    wrong = []
    for line_id, offer_id, title, sku_name, price_fen, kept in promises:
        if promise_hash(offer_id, title, sku_name, price_fen) != kept:
            wrong.append((line_id, title, sku_name, price_fen))
    return read.finding(
        sorted(wrong)[:MAX_IDS],
        expected="标题、规格、单价的摘要与下单时相同",
        suggestion="从备份比对这些订单行，查明谁改了数据库",
        of=LINE,
    )


@rule("L4", "S1", "已付 = 成功的支付与确认的线下收款，已退 = 成功的退款", kind="money")
def received_and_returned(read: Reader) -> list[Finding]:
    paid = read.probe(
        f"""
        SELECT o.id, o.paid_fen, COALESCE(a.paid, 0), COALESCE(p.proven, 0)
        FROM orders_order o LEFT JOIN (
            SELECT order_id, SUM(paid_fen) AS paid FROM payments_paymentattempt
            WHERE state = 'succeeded' AND {read.orders("order_id")} GROUP BY order_id
        ) a ON a.order_id = o.id LEFT JOIN (
            SELECT order_id, SUM(amount_fen) AS proven FROM payments_offlineproof
            WHERE state = 'confirmed' AND {read.orders("order_id")} GROUP BY order_id
        ) p ON p.order_id = o.id
        WHERE {read.orders("o.id")} AND o.paid_fen <> COALESCE(a.paid, 0) + COALESCE(p.proven, 0)
        """,
        expected="订单已付金额等于成功支付单与已确认凭证之和",
        suggestion="在微信支付商户平台核对该订单的交易，或请团长核对收款",
        of=ORDER,
    )
    returned = read.probe(
        f"""
        SELECT o.id, o.refunded_fen, COALESCE(r.back, 0)
        FROM orders_order o LEFT JOIN (
            SELECT order_id, SUM(amount_fen) AS back FROM payments_refund
            WHERE state = 'succeeded' AND {read.orders("order_id")} GROUP BY order_id
        ) r ON r.order_id = o.id
        WHERE {read.orders("o.id")} AND o.refunded_fen <> COALESCE(r.back, 0)
        """,
        expected="订单已退金额等于成功退款单之和",
        suggestion="在微信支付商户平台核对该订单的退款",
        of=ORDER,
    )
    return paid + returned


@rule("L5", "S1", "退款合计（含处理中）不超过已付", kind="money")
def refunds_within_payments(read: Reader) -> list[Finding]:
    whole = read.probe(
        f"""
        SELECT o.id, o.paid_fen, r.back FROM (
            SELECT order_id, SUM(amount_fen) AS back FROM payments_refund
            WHERE {read.orders("order_id")} GROUP BY order_id
        ) r JOIN orders_order o ON o.id = r.order_id
        WHERE r.back > o.paid_fen
        """,
        expected="所有退款单之和 ≤ 已付",
        suggestion="暂停该订单的退款，联系团长核对",
        of=ORDER,
    )
    lines = read.probe(
        f"""
        SELECT l.id, l.refunded_goods_fen, l.refunded_freight_fen, l.refunded_quantity
        FROM orders_orderline l LEFT JOIN (
            SELECT x.order_line_id, SUM(x.goods_fen) AS goods, SUM(x.freight_fen) AS freight, SUM(x.quantity) AS units
            FROM payments_refundline x JOIN payments_refund f ON f.id = x.refund_id
            WHERE {read.orders("f.order_id")} GROUP BY x.order_line_id
        ) r ON r.order_line_id = l.id
        WHERE {read.orders("l.order_id")} AND (l.refunded_goods_fen <> COALESCE(r.goods, 0)
            OR l.refunded_freight_fen <> COALESCE(r.freight, 0)
            OR l.refunded_quantity <> COALESCE(r.units, 0))
        """,
        expected="订单行的已退计数等于退款明细之和",
        suggestion="核对该订单行的退款明细",
        of=LINE,
    )
    return whole + lines


@rule("L6", "S1", "每个卖场：收到的钱 = 成交 + 多收，退回的不超过收到的", kind="money")
def stores_balance(read: Reader) -> list[Finding]:
    """Nobody's money is held here, so a leader's balance is what came in less what went back; it is never negative, and
    what is there equals what the orders say was theirs to earn plus what is on its way back."""
    if not read.sums:
        return []
    rows = read.rows(
        f"""
        SELECT o.store_id, SUM(o.paid_fen), SUM(o.refunded_fen),
            SUM(CASE WHEN o.payment IN ('paid', 'partly_refunded', 'refunded') THEN o.total_fen ELSE 0 END)
        FROM orders_order o WHERE {read.of_store("o.store_id")} GROUP BY o.store_id
        """
    )
    extra = dict(
        read.rows(
            f"""
            SELECT o.store_id, SUM(a.paid_fen) FROM payments_paymentattempt a JOIN orders_order o ON o.id = a.order_id
            WHERE a.extra AND a.state = 'succeeded' AND {read.of_store("o.store_id")} GROUP BY o.store_id
            """
        )
    )
    wrong = [
        (store, paid, back, earned, extra.get(store, 0))
        for store, paid, back, earned in rows
        if back > paid or paid != earned + extra.get(store, 0)
    ]
    return read.finding(
        wrong,
        expected="卖场收到的钱等于成交订单的金额加待退回的多收款，退回不超过收到",
        suggestion="从 L4、O2、O4 找到具体订单，再与微信账单核对",
        of="stores_store",
    )


_AMOUNTS: Final = (
    (ORDER, "id", ("total_fen", "goods_fen", "freight_fen", "paid_fen")),
    (LINE, "order_id", ("amount_fen", "price_fen", "freight_share_fen", "discount_share_fen")),
    ("payments_paymentattempt", "order_id", ("amount_fen", "paid_fen")),
    ("payments_refund", "order_id", ("amount_fen",)),
)
_PAID_TIMES: Final = 10
"""What was paid may exceed the cap of one order when it was paid more than once."""


@rule("L8", "S1", "所有金额都是整数分，且在上限之内", kind="money")
def amounts_sane(read: Reader) -> list[Finding]:
    found: list[Finding] = []
    for table, order, columns in _AMOUNTS:
        outside = [f"{c} < 0 OR {c} > {MAX_FEN * (_PAID_TIMES if c == 'paid_fen' else 1)}" for c in columns]
        if read.sqlite:
            # SQLite keeps whatever it is given; a fraction would show as another type.
            outside += [f"typeof({c}) <> 'integer'" for c in columns]
        found += read.probe(
            f"SELECT id, {', '.join(columns)} FROM {table} WHERE {read.orders(order)} AND ({' OR '.join(outside)})",
            expected="金额是不为负、不超过上限的整数分",
            suggestion="查明是谁写入的，从备份比对",
            of=table,
        )
    return found

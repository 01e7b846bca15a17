"""Amounts: what was promised, paid and given back add up to the fen."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache

from yantuan.reports.rules.base import MAX_IDS, Finding, Reader, finding, rule


@rule("M1", "S1", "订单金额 = 商品 + 运费 − 优惠，分摊合计相符")
def order_amounts(read: Reader) -> list[Finding]:
    return read.probe(
        """
        SELECT o.id, o.goods_fen, o.freight_fen, o.discount_fen, o.total_fen
        FROM orders_order o LEFT JOIN orders_orderline l ON l.order_id = o.id
        GROUP BY o.id
        HAVING COUNT(l.id) = 0
            OR SUM(l.amount_fen) <> o.goods_fen
            OR SUM(l.freight_share_fen) <> o.freight_fen
            OR SUM(l.discount_share_fen) <> o.discount_fen
            OR SUM(l.price_fen * l.quantity) + o.freight_fen - o.discount_fen <> o.total_fen
            OR MIN(l.freight_share_fen) < 0 OR MIN(l.discount_share_fen) < 0
        """,
        expected="各行金额、运费分摊、优惠分摊之和与订单一致",
        suggestion="核对订单行金额；不要手工改订单，用退款更正",
    )


@lru_cache(maxsize=20_000)
def promise_hash(offer_id: int, title: str, sku_name: str, price_fen: int) -> str:
    """The hash kept with an order line over what was promised. Remembered, for many lines promise the same."""
    facts = json.dumps([offer_id, title, sku_name, price_fen], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(facts.encode()).hexdigest()


@rule("M2", "S1", "订单行快照自下单后没有被改动")
def snapshots_unchanged(read: Reader) -> list[Finding]:
    wrong = []
    lines = read.stream(
        "SELECT id, offer_id, title, sku_name, price_fen, snapshot_hash FROM orders_orderline"
        " WHERE id > {after} ORDER BY id"
    )
    for line_id, offer_id, title, sku_name, price_fen, kept in lines:
        if promise_hash(offer_id, title, sku_name, price_fen) != kept:
            wrong.append((line_id, title, sku_name, price_fen))
            if len(wrong) == MAX_IDS:
                break
    return finding(
        wrong,
        expected="标题、规格、单价的摘要与下单时相同",
        suggestion="从备份比对这些订单行，查明谁改了数据库",
    )


@rule("L4", "S1", "已付 = 成功的支付，已退 = 成功的退款")
def received_and_returned(read: Reader) -> list[Finding]:
    paid = read.probe(
        """
        SELECT o.id, o.paid_fen, COALESCE(a.paid, 0)
        FROM orders_order o LEFT JOIN (
            SELECT order_id, SUM(paid_fen) AS paid FROM payments_paymentattempt
            WHERE state = 'succeeded' GROUP BY order_id
        ) a ON a.order_id = o.id
        WHERE (o.payment_method = 'wechatpay' AND o.paid_fen <> COALESCE(a.paid, 0))
            OR o.paid_fen < COALESCE(a.paid, 0)
        """,
        expected="订单已付金额等于成功支付单之和",
        suggestion="在微信支付商户平台核对该订单的交易",
    )
    returned = read.probe(
        """
        SELECT o.id, o.refunded_fen, COALESCE(r.back, 0)
        FROM orders_order o LEFT JOIN (
            SELECT order_id, SUM(amount_fen) AS back FROM payments_refund
            WHERE state = 'succeeded' GROUP BY order_id
        ) r ON r.order_id = o.id
        WHERE o.refunded_fen <> COALESCE(r.back, 0)
        """,
        expected="订单已退金额等于成功退款单之和",
        suggestion="在微信支付商户平台核对该订单的退款",
    )
    return paid + returned


@rule("L5", "S1", "退款合计（含处理中）不超过已付")
def refunds_within_payments(read: Reader) -> list[Finding]:
    whole = read.probe(
        """
        SELECT o.id, o.paid_fen, r.back FROM orders_order o JOIN (
            SELECT order_id, SUM(amount_fen) AS back FROM payments_refund GROUP BY order_id
        ) r ON r.order_id = o.id
        WHERE r.back > o.paid_fen
        """,
        expected="所有退款单之和 ≤ 已付",
        suggestion="暂停该订单的退款，联系团长核对",
    )
    lines = read.probe(
        """
        SELECT l.id, l.refunded_goods_fen, l.refunded_freight_fen, l.refunded_quantity
        FROM orders_orderline l LEFT JOIN (
            SELECT order_line_id, SUM(goods_fen) AS goods, SUM(freight_fen) AS freight, SUM(quantity) AS units
            FROM payments_refundline GROUP BY order_line_id
        ) r ON r.order_line_id = l.id
        WHERE l.refunded_goods_fen <> COALESCE(r.goods, 0)
            OR l.refunded_freight_fen <> COALESCE(r.freight, 0)
            OR l.refunded_quantity <> COALESCE(r.units, 0)
        """,
        expected="订单行的已退计数等于退款明细之和",
        suggestion="核对该订单行的退款明细",
    )
    return whole + lines

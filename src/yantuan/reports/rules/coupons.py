"""Coupons: copies are counted, a used one has its live order, and no order took more than its copy gave."""

from __future__ import annotations

from yantuan.reports.rules.base import Finding, Reader, rule


@rule("C1", "S1", "优惠券的领取、使用和金额与订单一致")
def coupons_match(read: Reader) -> list[Finding]:
    return (_counters(read) if read.sums else []) + _uses(read)


def _counters(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT c.id, c.claimed, COALESCE(k.n, 0), c.used, COALESCE(u.n, 0), c.used_fen, COALESCE(u.fen, 0)
        FROM promotions_coupon c
        LEFT JOIN (
            SELECT coupon_id, COUNT(*) AS n FROM promotions_couponclaim GROUP BY coupon_id
        ) k ON k.coupon_id = c.id
        LEFT JOIN (
            SELECT coupon_id, COUNT(*) AS n, SUM(fen) AS fen FROM promotions_couponuse GROUP BY coupon_id
        ) u ON u.coupon_id = c.id
        WHERE {read.of_store("c.store_id")} AND (c.claimed <> COALESCE(k.n, 0) OR c.used <> COALESCE(u.n, 0)
            OR c.used_fen <> COALESCE(u.fen, 0))
        """,
        expected="已领、已用张数和金额等于领取与使用记录之和",
        suggestion="核对这种券的领取和使用记录",
    )


def _uses(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT u.id, u.order_id, o.payment, u.fen, o.discount_fen
        FROM promotions_couponuse u
        JOIN promotions_coupon c ON c.id = u.coupon_id
        JOIN promotions_couponclaim k ON k.id = u.claim_id
        LEFT JOIN orders_order o ON o.id = u.order_id
        WHERE {read.of_store("c.store_id")} AND {read.recent("u.id")} AND (o.id IS NULL OR o.payment = 'closed'
            OR o.store_id <> c.store_id OR o.person_id <> k.person_id OR k.coupon_id <> c.id
            OR (c.kind <> 'freight' AND u.fen > o.discount_fen))
        """,
        expected="每张已用的券对应本人一笔未关闭的订单，抵扣不超过订单优惠",
        suggestion="核对这笔订单和券；订单关闭后券应已退回",
    )

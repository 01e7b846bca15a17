"""Sales that settle when they close: nobody of a sale that did not form is forgotten, and every refund is the one written down."""

from __future__ import annotations

from yantuan.reports.rules.base import GRACE, Finding, Reader, rule


@rule("F1", "S1", "未成团、拼箱和阶梯价的退款与结算记录一致", kind="money")
def settlements_match(read: Reader) -> list[Finding]:
    return _refunds(read) + _forgotten(read)


def _refunds(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT s.id, s.order_id, s.kind, s.amount_fen, r.cause, r.amount_fen
        FROM settling_settlement s
        LEFT JOIN payments_refund r ON r.id = s.refund_id
        WHERE {read.of_store("s.store_id")} AND {read.recent("s.id")} AND s.state = 'started'
            AND (r.id IS NULL OR r.order_id <> s.order_id OR r.cause <> s.kind OR r.amount_fen <> s.amount_fen)
        """,
        expected="每笔已发起的截单结算对应同一订单、同一原因、同一金额的退款",
        suggestion="核对这笔订单的退款和截单结算",
    )


def _forgotten(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT o.id, o.group_buy_id, o.payment
        FROM settling_formation f
        JOIN orders_order o ON o.group_buy_id = f.group_buy_id
        LEFT JOIN settling_settlement s ON s.order_id = o.id AND s.kind = 'unformed'
        WHERE {read.of_store("o.store_id")} AND {read.recent("o.id")} AND f.state = 'failed' AND s.id IS NULL
            AND o.payment IN ('paid', 'partly_refunded') AND o.paid_at < %s
        """,
        read.at(read.moment - GRACE),
        expected="没有成团的团，每笔已付款订单都有退款记录",
        suggestion="重新投递这笔订单的付款事件，系统会自动退款",
    )

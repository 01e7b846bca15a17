"""Payments, refunds and what providers told us."""

from __future__ import annotations

from datetime import timedelta

from yantuan.payments import reconcile
from yantuan.reports.rules.base import GRACE, Finding, Reader, rule

BILL_GRACE = timedelta(hours=6)
"""So long after a bill was ready it must have been compared."""


@rule("P1", "S1", "成功的支付单有唯一交易号，金额与订单一致")
def successes_agree(read: Reader) -> list[Finding]:
    return read.probe(
        """
        SELECT a.id, a.out_trade_no, a.state, a.amount_fen, a.paid_fen, o.total_fen
        FROM payments_paymentattempt a JOIN orders_order o ON o.id = a.order_id
        WHERE a.amount_fen <> o.total_fen
            OR (a.state = 'succeeded'
                AND (a.transaction_id IS NULL OR a.paid_fen <> a.amount_fen OR a.success_at IS NULL))
            OR (a.state <> 'succeeded' AND (a.paid_fen <> 0 OR a.transaction_id IS NOT NULL))
        """,
        expected="支付单金额等于订单金额；成功的有交易号和时间，未成功的没有",
        suggestion="在微信支付商户平台按商户订单号核对",
    )


@rule("P2", "S1", "支付单在一天内有结果")
def attempts_end(read: Reader) -> list[Finding]:
    return read.probe(
        """
        SELECT id, out_trade_no, state, created_at FROM payments_paymentattempt
        WHERE state IN ('created', 'prepaid') AND created_at < %s
        """,
        read.at(read.moment - timedelta(days=1) - GRACE),
        expected="支付单在 24 小时内成功或关闭",
        suggestion="检查后台任务是否在运行、微信支付是否可达",
    )


@rule("P3", "S1", "收到的支付通知都已处理")
def notices_handled(read: Reader) -> list[Finding]:
    return read.probe(
        "SELECT id, business_no, problem FROM payments_providernotice WHERE outcome = 'waiting' AND received_at < %s",
        read.at(read.moment - GRACE),
        expected="通知在五分钟内处理",
        suggestion="检查后台任务是否在运行",
    )


@rule("P4", "S1", "重复支付的钱都在退回")
def extra_money_goes_back(read: Reader) -> list[Finding]:
    twice = read.probe(
        """
        SELECT order_id, COUNT(*) FROM payments_paymentattempt
        WHERE state = 'succeeded' AND NOT extra GROUP BY order_id HAVING COUNT(*) > 1
        """,
        expected="一个订单最多一笔算数的支付",
        suggestion="为多出的支付单发起退款",
    )
    kept = read.probe(
        """
        SELECT a.id, a.out_trade_no, a.paid_fen FROM payments_paymentattempt a
        WHERE a.extra AND a.state = 'succeeded' AND NOT EXISTS (
            SELECT 1 FROM payments_refund r
            WHERE r.attempt_id = a.id AND r.cause IN ('late', 'extra') AND r.amount_fen = a.paid_fen
        )
        """,
        expected="多收的支付都有全额退款单",
        suggestion="为该支付单发起退款",
    )
    return twice + kept


@rule("P5", "S1", "有收款的日子都和微信账单对过账")
def bills_reconciled(read: Reader) -> list[Finding]:
    found: list[Finding] = []
    for day in reconcile.days_due(read.moment - BILL_GRACE):
        found += read.probe(
            """
            SELECT id, out_trade_no, success_at FROM payments_paymentattempt
            WHERE state = 'succeeded' AND success_at >= %s AND success_at < %s AND NOT EXISTS (
                SELECT 1 FROM payments_providernotice WHERE event_type = %s AND business_no = %s)
            """,
            read.at(reconcile.day_begin(day)),
            read.at(reconcile.day_begin(day + timedelta(days=1))),
            reconcile.CHECKED,
            day.isoformat(),
            expected="次日上午拿到微信账单后自动对账",
            suggestion="检查后台任务是否在运行、微信支付是否可达",
        )
    return found


@rule("R1", "S1", "退款单金额等于明细，处理中的持续在查")
def refunds_go_on(read: Reader) -> list[Finding]:
    sums = read.probe(
        """
        SELECT r.id, r.out_refund_no, r.amount_fen, COALESCE(l.fen, 0) FROM payments_refund r LEFT JOIN (
            SELECT refund_id, SUM(goods_fen + freight_fen) AS fen FROM payments_refundline GROUP BY refund_id
        ) l ON l.refund_id = r.id
        WHERE r.cause NOT IN ('late', 'extra') AND r.amount_fen <> COALESCE(l.fen, 0)
        """,
        expected="退款金额等于退款明细之和",
        suggestion="核对该退款单",
    )
    asleep = read.probe(
        """
        SELECT id, out_refund_no, state, next_try_at FROM payments_refund
        WHERE attempt_id IS NOT NULL AND state IN ('created', 'processing')
            AND (next_try_at IS NULL OR next_try_at < %s)
        """,
        read.at(read.moment - timedelta(minutes=15)),
        expected="未完成的退款在十五分钟内再次发起或查询",
        suggestion="在控制台对该退款点「重试」，并检查后台任务",
    )
    return sums + asleep


@rule("R2", "S1", "售后退款不超过申请的上限，一行只有一个进行中的售后")
def cases_within_ceiling(read: Reader) -> list[Finding]:
    ceiling = read.probe(
        """
        SELECT a.id, a.requested_fen, COALESCE(l.fen, 0), COALESCE(r.back, 0) FROM aftersales_aftersale a
        LEFT JOIN (
            SELECT aftersale_id, SUM(goods_fen + freight_fen) AS fen FROM aftersales_aftersaleline GROUP BY aftersale_id
        ) l ON l.aftersale_id = a.id
        LEFT JOIN (
            SELECT aftersale_id, SUM(amount_fen) AS back FROM payments_refund
            WHERE aftersale_id IS NOT NULL GROUP BY aftersale_id
        ) r ON r.aftersale_id = a.id
        WHERE COALESCE(r.back, 0) > COALESCE(l.fen, 0) OR a.requested_fen > COALESCE(l.fen, 0)
        """,
        expected="申请和退款都不超过所涉商品的份额",
        suggestion="核对该售后单的明细和退款单",
    )
    ends = read.probe(
        """
        SELECT l.id, a.id, a.state FROM aftersales_aftersaleline l
        JOIN aftersales_aftersale a ON a.id = l.aftersale_id
        WHERE l.open <> (a.settled_at IS NULL)
        """,
        expected="售后完结后不再占用订单行",
        suggestion="核对该售后单",
    )
    return ceiling + ends

"""Payments, refunds and what providers told us."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from yantuan.payments import reconcile
from yantuan.reports.rules.base import GRACE, Finding, Reader, rule

ATTEMPT: Final = "payments_paymentattempt"
REFUND: Final = "payments_refund"
CASE: Final = "aftersales_aftersale"

BILL_GRACE = timedelta(hours=6)
"""So long after a bill was ready it must have been compared."""


@rule("P1", "S1", "成功的支付单有唯一交易号，金额与订单一致", kind="money")
def successes_agree(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT a.id, a.out_trade_no, a.state, a.amount_fen, a.paid_fen, o.total_fen
        FROM payments_paymentattempt a JOIN orders_order o ON o.id = a.order_id
        WHERE {read.orders("a.order_id")} AND (a.amount_fen <> o.total_fen
            OR (a.state = 'succeeded'
                AND (a.transaction_id IS NULL OR a.paid_fen <> a.amount_fen OR a.success_at IS NULL))
            OR (a.state <> 'succeeded' AND (a.paid_fen <> 0 OR a.transaction_id IS NOT NULL)))
        """,
        expected="支付单金额等于订单金额；成功的有交易号和时间，未成功的没有",
        suggestion="在微信支付商户平台按商户订单号核对",
        of=ATTEMPT,
    )


@rule("P2", "S1", "支付单在一天内有结果")
def attempts_end(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT id, out_trade_no, state, created_at FROM payments_paymentattempt
        WHERE state IN ('created', 'prepaid') AND created_at < %s AND {read.of_store("store_id")}
        """,
        read.at(read.moment - timedelta(days=1) - GRACE),
        expected="支付单在 24 小时内成功或关闭",
        suggestion="检查后台任务是否在运行、微信支付是否可达",
    )


@rule("P3", "S1", "收到的支付通知都已处理，处理过的都留下了结果", house=True)
def notices_handled(read: Reader) -> list[Finding]:
    waiting = read.probe(
        "SELECT id, business_no, problem FROM payments_providernotice WHERE outcome = 'waiting' AND received_at < %s",
        read.at(read.moment - GRACE),
        expected="通知在五分钟内处理",
        suggestion="检查后台任务是否在运行",
    )
    # A notice that was booked must have left its payment; the other way round, polling books without a notice.
    lost = read.probe(
        f"""
        SELECT n.id, n.business_no, a.state FROM payments_providernotice n
        LEFT JOIN payments_paymentattempt a ON a.out_trade_no = n.business_no
        WHERE n.outcome = 'applied' AND n.event_type = 'TRANSACTION.SUCCESS' AND {read.recent("n.id")}
            AND (a.id IS NULL OR a.state <> 'succeeded')
        """,
        expected="处理过的支付成功通知对应一笔成功的支付单",
        suggestion="在微信支付商户平台按商户订单号核对",
    )
    return waiting + lost


@rule("P4", "S1", "重复支付的钱都在退回", kind="money")
def extra_money_goes_back(read: Reader) -> list[Finding]:
    twice = read.probe(
        f"""
        SELECT order_id, COUNT(*) FROM payments_paymentattempt
        WHERE state = 'succeeded' AND NOT extra AND {read.orders("order_id")} GROUP BY order_id HAVING COUNT(*) > 1
        """,
        expected="一个订单最多一笔算数的支付",
        suggestion="为多出的支付单发起退款",
        of="orders_order",
    )
    kept = read.probe(
        f"""
        SELECT a.id, a.out_trade_no, a.paid_fen FROM payments_paymentattempt a
        WHERE a.extra AND a.state = 'succeeded' AND {read.orders("a.order_id")} AND NOT EXISTS (
            SELECT 1 FROM payments_refund r
            WHERE r.attempt_id = a.id AND r.cause IN ('late', 'extra') AND r.amount_fen = a.paid_fen
        )
        """,
        expected="多收的支付都有全额退款单",
        suggestion="为该支付单发起退款",
        of=ATTEMPT,
    )
    return twice + kept


@rule("P5", "S1", "有收款的日子都和微信账单对过账", house=True)
def bills_reconciled(read: Reader) -> list[Finding]:
    found: list[Finding] = []
    for day in reconcile.days_late(read.moment, BILL_GRACE):
        done = read.rows(
            "SELECT account_id FROM payments_providernotice WHERE event_type = %s AND business_no = %s",
            reconcile.CHECKED,
            day.isoformat(),
        )
        checked = {0 if row[0] is None else int(row[0]) for row in done}
        begin, end = reconcile.day_begin(day), reconcile.day_begin(day + timedelta(days=1))
        paid = read.rows(
            """
            SELECT DISTINCT COALESCE(account_id, 0) FROM payments_paymentattempt
            WHERE state = 'succeeded' AND success_at >= %s AND success_at < %s
            """,
            read.at(begin),
            read.at(end),
        )
        for account_id in sorted({int(row[0]) for row in paid} - checked):
            found += read.probe(
                """
                SELECT id, out_trade_no, success_at FROM payments_paymentattempt
                WHERE state = 'succeeded' AND success_at >= %s AND success_at < %s AND COALESCE(account_id, 0) = %s
                """,
                read.at(begin),
                read.at(end),
                account_id,
                expected="次日上午拿到微信账单后自动对账",
                suggestion="检查后台任务是否在运行、微信支付是否可达",
            )
    return found


@rule("R1", "S1", "退款单金额等于明细，处理中的持续在查", kind="money")
def refunds_go_on(read: Reader) -> list[Finding]:
    sums = read.probe(
        f"""
        SELECT r.id, r.out_refund_no, r.amount_fen, COALESCE(l.fen, 0) FROM payments_refund r LEFT JOIN (
            SELECT refund_id, SUM(goods_fen + freight_fen) AS fen FROM payments_refundline GROUP BY refund_id
        ) l ON l.refund_id = r.id
        WHERE r.cause NOT IN ('late', 'extra') AND r.amount_fen <> COALESCE(l.fen, 0) AND {read.orders("r.order_id")}
        """,
        expected="退款金额等于退款明细之和",
        suggestion="核对该退款单",
        of=REFUND,
    )
    asleep = read.probe(
        f"""
        SELECT r.id, r.out_refund_no, r.state, r.next_try_at FROM payments_refund r
        JOIN stores_store s ON s.id = r.store_id AND s.halted_at IS NULL
        WHERE r.attempt_id IS NOT NULL AND r.state IN ('created', 'processing') AND {read.of_store("r.store_id")}
            AND (r.next_try_at IS NULL OR r.next_try_at < %s)
        """,
        read.at(read.moment - timedelta(minutes=15)),
        expected="未完成的退款在十五分钟内再次发起或查询",
        suggestion="在控制台对该退款点「重试」，并检查后台任务",
    )
    return sums + asleep


@rule("R2", "S1", "售后退款不超过申请的上限，一行只有一个进行中的售后", kind="money")
def cases_within_ceiling(read: Reader) -> list[Finding]:
    ceiling = read.probe(
        f"""
        SELECT a.id, a.requested_fen, COALESCE(l.fen, 0), COALESCE(r.back, 0) FROM aftersales_aftersale a
        LEFT JOIN (
            SELECT aftersale_id, SUM(goods_fen + freight_fen) AS fen FROM aftersales_aftersaleline GROUP BY aftersale_id
        ) l ON l.aftersale_id = a.id
        LEFT JOIN (
            SELECT aftersale_id, SUM(amount_fen) AS back FROM payments_refund
            WHERE aftersale_id IS NOT NULL GROUP BY aftersale_id
        ) r ON r.aftersale_id = a.id
        WHERE {read.orders("a.order_id")}
            AND (COALESCE(r.back, 0) > COALESCE(l.fen, 0) OR a.requested_fen > COALESCE(l.fen, 0))
        """,
        expected="申请和退款都不超过所涉商品的份额",
        suggestion="核对该售后单的明细和退款单",
        of=CASE,
    )
    ends = read.probe(
        f"""
        SELECT l.id, a.id, a.state FROM aftersales_aftersaleline l
        JOIN aftersales_aftersale a ON a.id = l.aftersale_id
        WHERE l.open <> (a.settled_at IS NULL) AND {read.orders("a.order_id")}
        """,
        expected="售后完结后不再占用订单行",
        suggestion="核对该售后单",
    )
    return ceiling + ends

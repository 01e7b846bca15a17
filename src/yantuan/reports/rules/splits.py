"""Profit sharing: never more than was agreed and is still paid, never for long, never without the leader's word."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from yantuan.reports.rules.base import GRACE, Finding, Reader, rule

SPLIT: Final = "splits_split"
END: Final = timedelta(days=31)
"""WeChat Pay sets money free after thirty days by itself; by then we know what became of it."""
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

_NET = """
    SELECT x.split_id, SUM(x.amount_fen - COALESCE(b.fen, 0)) AS fen FROM splits_splitpart x
    JOIN splits_splitparty y ON y.id = x.party_id AND y.kind = 'MERCHANT_ID'
    LEFT JOIN (
        SELECT part_id, SUM(amount_fen) AS fen FROM splits_splitreturn
        WHERE state IN ('succeeded', 'waived') GROUP BY part_id
    ) b ON b.part_id = x.id
    WHERE x.result = 'success' GROUP BY x.split_id
"""
"""What receivers that can give back hold of each split; what was waived they are known to hold."""


@rule("PS1", "S1", "分账不超过约定比例，也不超过已付减已退", kind="money")
def shares_within_bounds(read: Reader) -> list[Finding]:
    asked = read.probe(
        f"""
        SELECT s.id, s.out_order_no, s.base_fen, s.amount_fen, t.rate_bp, COALESCE(p.fen, 0) FROM splits_split s
        JOIN splits_splitterms t ON t.id = s.terms_id JOIN payments_paymentattempt a ON a.id = s.attempt_id
        LEFT JOIN (SELECT split_id, SUM(amount_fen) AS fen FROM splits_splitpart GROUP BY split_id) p
            ON p.split_id = s.id
        WHERE {read.orders("s.order_id")} AND (s.base_fen > a.paid_fen
            OR s.amount_fen > s.base_fen * t.rate_bp / 10000 OR s.amount_fen <> COALESCE(p.fen, 0))
        """,
        expected="分账金额等于明细之和，不超过（已付 − 已退）× 约定比例",
        suggestion="在微信支付商户平台核对该分账单，多分的请让接收方退回",
        of=SPLIT,
    )
    kept = read.probe(
        f"""
        SELECT s.id, s.out_order_no, n.fen, a.paid_fen, COALESCE(r.fen, 0), t.rate_bp FROM splits_split s
        JOIN ({_NET}) n ON n.split_id = s.id JOIN splits_splitterms t ON t.id = s.terms_id
        JOIN payments_paymentattempt a ON a.id = s.attempt_id
        LEFT JOIN (
            SELECT attempt_id, SUM(amount_fen) AS fen FROM payments_refund
            WHERE state = 'succeeded' AND attempt_id IN (SELECT attempt_id FROM splits_split) GROUP BY attempt_id
        ) r ON r.attempt_id = s.attempt_id
        WHERE {read.orders("s.order_id")} AND n.fen > (a.paid_fen - COALESCE(r.fen, 0)) * t.rate_bp / 10000
        """,
        expected="退款之后，接收方留下的不超过剩余付款 × 约定比例",
        suggestion="从接收方收回多出的部分，再核对退款单",
        of=SPLIT,
    )
    return asked + kept


@rule("PS2", "S2", "冻结的货款按时分账或解冻，退款不一直等收回分账")
def frozen_money_ends(read: Reader) -> list[Finding]:
    return _forgotten(read) + _asleep(read) + _refunds_waiting(read)


def _forgotten(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT a.id, a.out_trade_no, a.success_at FROM payments_paymentattempt a
        LEFT JOIN splits_split s ON s.attempt_id = a.id
        WHERE a.split_terms_id IS NOT NULL AND a.success_at < %s AND a.state = 'succeeded' AND s.id IS NULL
            AND {read.orders("a.order_id")}
        """,
        read.at(read.moment - 3 * HOUR),
        expected="每笔按约定冻结的付款都有分账单",
        suggestion="检查后台任务（worker）是否在运行；它每小时会补上漏掉的",
    )


def _asleep(read: Reader) -> list[Finding]:
    late = read.probe(
        f"""
        SELECT s.id, s.out_order_no, s.state, s.paid_at, s.last_error FROM splits_split s
        WHERE s.state IN ('planned', 'sharing', 'trouble', 'freeing') AND s.paid_at < %s AND {read.of_store("s.store_id")}
        """,
        read.at(read.moment - END),
        expected="付款 31 天内分账或解冻",
        suggestion="在控制台「分账单」看微信支付的原话，重新分账或放弃并解冻",
    )
    return late + read.probe(
        f"""
        SELECT s.id, s.out_order_no, s.state, s.next_try_at FROM splits_split s
        JOIN stores_store o ON o.id = s.store_id AND o.halted_at IS NULL
        WHERE s.state IN ('planned', 'sharing', 'freeing') AND {read.of_store("s.store_id")}
            AND (s.next_try_at IS NULL OR s.next_try_at < %s)
        """,
        read.at(read.moment - HOUR - GRACE),
        expected="到时的分账在一小时内处理",
        suggestion="检查后台任务（worker）是否在运行、微信支付是否可达",
    )


def _refunds_waiting(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT b.id, b.out_return_no, b.failure, r.out_refund_no FROM splits_splitreturn b
        JOIN payments_refund r ON r.id = b.refund_id AND r.state = 'created'
        WHERE b.state IN ('created', 'processing', 'failed') AND b.created_at < %s AND {read.orders("r.order_id")}
            AND NOT EXISTS (
                SELECT 1 FROM splits_splitreturn n WHERE n.refund_id = b.refund_id AND n.part_id = b.part_id
                    AND n.state IN ('succeeded', 'waived')
            )
        """,
        read.at(read.moment - DAY),
        expected="买家的退款不因收回分账等过一天",
        suggestion="在控制台「分账回退」再收回一次，或放行退款",
    )


@rule("PS3", "S1", "没有团长同意的约定不分账，分账单与付款时的约定一致")
def shares_were_agreed(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT s.id, s.out_order_no, a.split_terms_id, t.agreed_at FROM splits_split s
        JOIN payments_paymentattempt a ON a.id = s.attempt_id JOIN splits_splitterms t ON t.id = s.terms_id
        WHERE {read.orders("s.order_id")} AND (a.split_terms_id IS NULL OR a.split_terms_id <> t.id
            OR a.account_id IS NULL OR a.account_id <> t.account_id OR t.agreed_by IS NULL
            OR t.agreed_at IS NULL OR t.agreed_at > a.created_at OR a.order_id <> s.order_id)
        """,
        expected="付款之前团长已经同意这份约定",
        suggestion="查明是谁写入的；放弃分账并解冻",
    )

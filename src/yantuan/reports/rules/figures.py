"""Figures kept for reading only: each must be what a recount finds."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from yantuan.kernel.clock import CHINA
from yantuan.reports.rules.base import Finding, Reader, first_id, rule

_EVENTS: Final = "('pay', 'pay_late', 'refund_part', 'refund_all')"
_LOOKED_AT_AGAIN: Final = 3 * 60 * 1000 << 22
"""The counting of members lays its mark this far before the newest event it has counted (`members.counting`)."""
_SUMS: Final = """
SELECT store_id, person_id, COUNT(*) AS n, SUM(paid_fen) AS paid, SUM(refunded_fen) AS back,
    SUM(CASE WHEN refunded_fen > 0 THEN 1 ELSE 0 END) AS given, MIN(paid_at) AS first, MAX(paid_at) AS last
FROM orders_order WHERE paid_at IS NOT NULL GROUP BY store_id, person_id
"""
_ACCOUNTS: Final = """
SELECT id AS head, store_id, person_id FROM members_member
UNION ALL SELECT merged_into_id, store_id, person_id FROM members_member WHERE merged_into_id IS NOT NULL
"""


@rule("ME1", "S2", "团员的订单数、金额、退款和首末次下单等于订单之和")
def members_match(read: Reader) -> list[Finding]:
    mark = read.rows("SELECT event_id FROM members_counted WHERE id = 1 AND event_id > 0")
    if not mark or not read.sums:
        # Nothing is counted yet, so nothing can be counted wrongly.
        return []
    fresh = _fresh(read, int(mark[0][0]) + _LOOKED_AT_AGAIN)
    return _figures(read, fresh) + _missing(read, fresh)


def _fresh(read: Reader, counted: int) -> str:
    """SQL: people whose newest payments or refunds the worker need not have counted yet."""
    return f"""
        SELECT DISTINCT x.store_id, x.person_id FROM orders_orderevent e JOIN orders_order x ON x.id = e.order_id
        WHERE e.id >= {min(first_id(read.moment), counted + 1)} AND e.axis = 'payment' AND e.event IN {_EVENTS}
    """


def _figures(read: Reader, fresh: str) -> list[Finding]:
    return read.probe(
        f"""
        SELECT m.id, m.orders, COALESCE(t.n, 0), m.paid_fen, COALESCE(t.paid, 0), m.refunded_fen, COALESCE(t.back, 0),
            m.refunds, COALESCE(t.given, 0), m.first_at, t.first, m.last_at, t.last
        FROM members_member m JOIN (
            SELECT a.head, SUM(s.n) AS n, SUM(s.paid) AS paid, SUM(s.back) AS back, SUM(s.given) AS given,
                MIN(s.first) AS first, MAX(s.last) AS last, COUNT(f.person_id) AS fresh
            FROM ({_ACCOUNTS}) a
            LEFT JOIN ({_SUMS}) s ON s.store_id = a.store_id AND s.person_id = a.person_id
            LEFT JOIN ({fresh}) f ON f.store_id = a.store_id AND f.person_id = a.person_id
            GROUP BY a.head
        ) t ON t.head = m.id
        WHERE {read.of_store("m.store_id")} AND t.fresh = 0 AND (t.n IS NULL OR m.orders <> t.n OR m.paid_fen <> t.paid
            OR m.refunded_fen <> t.back OR m.refunds <> t.given OR m.first_at <> t.first OR m.last_at <> t.last)
        """,
        expected="订单数、实付、已退、退款单数、首次、末次：各自等于后面一个数（本人和合并账号的已付订单之和）",
        suggestion="重新统计这位团员（members.counting.count）",
    )


def _missing(read: Reader, fresh: str) -> list[Finding]:
    return read.probe(
        f"""
        SELECT MIN(o.id), o.store_id, o.person_id, COUNT(*) FROM orders_order o
        LEFT JOIN members_member m ON m.store_id = o.store_id AND m.person_id = o.person_id
        LEFT JOIN ({fresh}) f ON f.store_id = o.store_id AND f.person_id = o.person_id
        WHERE {read.of_store("o.store_id")} AND o.paid_at IS NOT NULL AND m.id IS NULL AND f.person_id IS NULL
        GROUP BY o.store_id, o.person_id
        """,
        expected="付过款的买家都在团员里",
        suggestion="重新统计这些买家（members.counting.count）",
    )


@rule("SH1", "S2", "分享的打开次数等于每天之和，也等于还留着的访客数")
def opens_match(read: Reader) -> list[Finding]:
    return _opens_of_days(read) + _days_of_shares(read) if read.sums else []


def _opens_of_days(read: Reader) -> list[Finding]:
    # The visitors of yesterday and today are certainly still there; those of days before may be on their way out.
    since = read.moment.astimezone(CHINA).date() - timedelta(days=1)
    return read.probe(
        f"""
        SELECT s.id, COALESCE(d.day, v.day), COALESCE(d.opens, 0), COALESCE(v.n, 0) FROM sharing_share s
        JOIN (
            SELECT share_id, day FROM sharing_shareday WHERE day >= %s
            UNION SELECT share_id, day FROM sharing_shareopen WHERE day >= %s
        ) k ON k.share_id = s.id
        LEFT JOIN sharing_shareday d ON d.share_id = k.share_id AND d.day = k.day
        LEFT JOIN (
            SELECT share_id, day, COUNT(*) AS n FROM sharing_shareopen WHERE day >= %s GROUP BY share_id, day
        ) v ON v.share_id = k.share_id AND v.day = k.day
        WHERE {read.of_store("s.store_id")} AND COALESCE(d.opens, 0) <> COALESCE(v.n, 0)
        """,
        since,
        since,
        since,
        expected="每天的打开次数等于当天不同访客数",
        suggestion="核对这个分享当天的打开记录",
    )


def _days_of_shares(read: Reader) -> list[Finding]:
    """Opens from before days were counted stand in a share's sum alone, so it may be the greater, never the smaller."""
    return read.probe(
        f"""
        SELECT s.id, s.opens, SUM(d.opens) FROM sharing_share s JOIN sharing_shareday d ON d.share_id = s.id
        WHERE {read.of_store("s.store_id")} GROUP BY s.id, s.opens, s.store_id
        HAVING s.opens < SUM(d.opens) OR MIN(d.store_id) <> s.store_id OR MAX(d.store_id) <> s.store_id
        """,
        expected="总打开次数不少于每天之和，且都属于同一卖场",
        suggestion="核对这个分享的打开次数",
    )

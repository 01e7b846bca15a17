"""Stock: every unit is somewhere, and every change has a reason."""

from __future__ import annotations

from yantuan.reports.rules.base import GRACE, Finding, Reader, rule

_MOVED = """
SELECT pool_id,
    SUM(CASE WHEN kind = 'adjust' THEN quantity ELSE 0 END) AS adjusted,
    SUM(CASE WHEN kind = 'hold' THEN quantity ELSE 0 END) AS holds,
    SUM(CASE WHEN kind = 'release' THEN quantity ELSE 0 END) AS releases,
    SUM(CASE WHEN kind = 'sell' THEN quantity ELSE 0 END) AS sells,
    SUM(CASE WHEN kind = 'restock' THEN quantity ELSE 0 END) AS restocks
FROM catalog_stockmovement GROUP BY pool_id
"""


@rule("ST1", "S1", "可售 + 占用 + 已售 = 总库存 = 全部调整之和，都不为负")
def stock_conserved(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT p.id, p.total, p.available, p.held, p.sold, COALESCE(m.adjusted, 0)
        FROM catalog_stockpool p LEFT JOIN ({_MOVED}) m ON m.pool_id = p.id
        WHERE p.available < 0 OR p.held < 0 OR p.sold < 0
            OR p.available + p.held + p.sold <> p.total OR p.total <> COALESCE(m.adjusted, 0)
        """,
        expected="总库存等于库存调整之和，且三项相加等于总库存",
        suggestion="盘点实物后，用「调整库存」更正可售数",
    )


@rule("ST2", "S1", "占用 = 未付订单的件数，已售 = 已付订单的件数 − 退回库存")
def stock_matches_orders(read: Reader) -> list[Finding]:
    return read.probe(
        """
        SELECT p.id, p.held, COALESCE(u.held, 0), p.sold, COALESCE(u.sold, 0) - COALESCE(b.back, 0)
        FROM catalog_stockpool p
        LEFT JOIN (
            SELECT l.pool_id,
                SUM(CASE WHEN o.payment IN ('unpaid', 'awaiting_confirmation') THEN l.quantity ELSE 0 END) AS held,
                SUM(CASE WHEN o.payment IN ('paid', 'partly_refunded', 'refunded') THEN l.quantity ELSE 0 END) AS sold
            FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id GROUP BY l.pool_id
        ) u ON u.pool_id = p.id
        LEFT JOIN (
            SELECT pool_id, SUM(quantity) AS back FROM catalog_stockmovement WHERE kind = 'restock' GROUP BY pool_id
        ) b ON b.pool_id = p.id
        WHERE p.held <> COALESCE(u.held, 0) OR p.sold <> COALESCE(u.sold, 0) - COALESCE(b.back, 0)
        """,
        expected="库存的占用与已售和订单一致",
        suggestion="先停止该商品的销售，再核对相关订单",
    )


@rule("ST3", "S1", "库存变动记录完整解释每个计数")
def movements_explain(read: Reader) -> list[Finding]:
    sums = read.probe(
        f"""
        SELECT p.id, p.available, p.held, p.sold
        FROM catalog_stockpool p LEFT JOIN ({_MOVED}) m ON m.pool_id = p.id
        WHERE p.available <> COALESCE(m.adjusted - m.holds + m.releases + m.restocks, 0)
            OR p.held <> COALESCE(m.holds - m.releases - m.sells, 0)
            OR p.sold <> COALESCE(m.sells - m.restocks, 0)
        """,
        expected="可售、占用、已售分别等于变动记录之和",
        suggestion="查看该库存的变动记录，找出缺失的一笔",
    )
    lines = read.probe(
        """
        SELECT order_line_id,
            SUM(CASE WHEN kind = 'hold' THEN quantity ELSE 0 END),
            SUM(CASE WHEN kind IN ('release', 'sell') THEN quantity ELSE 0 END)
        FROM catalog_stockmovement WHERE order_line_id IS NOT NULL
        GROUP BY order_line_id
        HAVING SUM(CASE WHEN kind IN ('release', 'sell') THEN quantity ELSE 0 END)
                > SUM(CASE WHEN kind = 'hold' THEN quantity ELSE 0 END)
            OR SUM(CASE WHEN kind = 'restock' THEN quantity ELSE 0 END)
                > SUM(CASE WHEN kind = 'sell' THEN quantity ELSE 0 END)
        """,
        expected="释放和售出不超过占用，退回不超过售出",
        suggestion="核对该订单行的库存变动",
    )
    return sums + lines


@rule("ST4", "S1", "限购计数、跟团人数和订单数与订单一致")
def counters_match(read: Reader) -> list[Finding]:
    limits = read.probe(
        """
        SELECT u.id, u.offer_id, u.person_id, u.quantity, COALESCE(q.units, 0)
        FROM orders_limituse u LEFT JOIN (
            SELECT l.offer_id, o.person_id, SUM(l.quantity) - SUM(COALESCE(b.back, 0)) AS units
            FROM orders_orderline l
            JOIN orders_order o ON o.id = l.order_id AND o.payment <> 'closed'
            LEFT JOIN (
                SELECT order_line_id, SUM(quantity) AS back FROM catalog_stockmovement
                WHERE kind = 'restock' GROUP BY order_line_id
            ) b ON b.order_line_id = l.id
            GROUP BY l.offer_id, o.person_id
        ) q ON q.offer_id = u.offer_id AND q.person_id = u.person_id
        WHERE u.quantity <> COALESCE(q.units, 0)
        """,
        expected="每人每个商品的限购计数等于其有效订单的件数",
        suggestion="核对这位买家在该商品上的订单",
    )
    groups = read.probe(
        """
        SELECT c.group_buy_id, c.orders, COALESCE(o.live, 0), c.last_number, COALESCE(j.top, 0)
        FROM groupbuys_groupcounter c
        LEFT JOIN (
            SELECT group_buy_id, COUNT(*) AS live FROM orders_order WHERE payment <> 'closed' GROUP BY group_buy_id
        ) o ON o.group_buy_id = c.group_buy_id
        LEFT JOIN (
            SELECT group_buy_id, MAX(number) AS top, COUNT(*) AS people FROM orders_participation GROUP BY group_buy_id
        ) j ON j.group_buy_id = c.group_buy_id
        WHERE c.orders <> COALESCE(o.live, 0) OR c.last_number <> COALESCE(j.top, 0)
            OR c.last_number <> COALESCE(j.people, 0)
        """,
        expected="团购的订单数等于未关闭订单数，跟团号连续不缺",
        suggestion="核对该团购的订单与跟团记录",
    )
    return limits + groups


@rule("ST5", "S1", "关闭的订单不再占用库存，到期未付的订单已关闭")
def nothing_held_in_vain(read: Reader) -> list[Finding]:
    held = read.probe(
        """
        SELECT m.order_line_id, m.pool_id, m.quantity, o.payment
        FROM catalog_stockmovement m
        LEFT JOIN orders_orderline l ON l.id = m.order_line_id
        LEFT JOIN orders_order o ON o.id = l.order_id
        WHERE m.kind = 'hold' AND m.cause_id = 0 AND (o.id IS NULL OR o.payment = 'closed')
            AND NOT EXISTS (
                SELECT 1 FROM catalog_stockmovement r
                WHERE r.order_line_id = m.order_line_id AND r.kind IN ('release', 'sell')
            )
        """,
        expected="没有订单或订单已关闭的占用都已释放",
        suggestion="核对该订单的关闭记录",
    )
    overdue = read.probe(
        "SELECT id, expires_at FROM orders_order WHERE payment = 'unpaid' AND expires_at < %s",
        read.at(read.moment - GRACE),
        expected="未付订单到期后五分钟内关闭",
        suggestion="检查后台任务（worker）是否在运行、支付平台是否可达",
    )
    return held + overdue

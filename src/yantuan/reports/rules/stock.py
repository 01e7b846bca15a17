"""Stock: every unit is somewhere, and every change has a reason."""

from __future__ import annotations

from dataclasses import dataclass

from yantuan.reports.rules.base import GRACE, Finding, Reader, finding, rule

_MOVED = """
SELECT pool_id,
    SUM(CASE WHEN kind = 'adjust' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'hold' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'release' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'sell' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'restock' THEN quantity ELSE 0 END)
FROM catalog_stockmovement GROUP BY pool_id
"""
_ORDERED = """
SELECT l.pool_id,
    SUM(CASE WHEN o.payment IN ('unpaid', 'awaiting_confirmation') THEN l.quantity ELSE 0 END),
    SUM(CASE WHEN o.payment IN ('paid', 'partly_refunded', 'refunded') THEN l.quantity ELSE 0 END)
FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id GROUP BY l.pool_id
"""


@dataclass(frozen=True)
class _Pool:
    """A pool's counters beside what its movements add up to."""

    id: int
    total: int
    available: int
    held: int
    sold: int
    adjusted: int
    holds: int
    releases: int
    sells: int
    restocks: int


def _pools(read: Reader) -> list[_Pool]:
    moved = {int(row[0]): [int(n) for n in row[1:]] for row in read.once(_MOVED)}
    nothing = [0, 0, 0, 0, 0]
    rows = read.once("SELECT id, total, available, held, sold FROM catalog_stockpool")
    return [_Pool(*row, *moved.get(row[0], nothing)) for row in rows]


@rule("ST1", "S1", "可售 + 占用 + 已售 = 总库存 = 全部调整之和，都不为负")
def stock_conserved(read: Reader) -> list[Finding]:
    wrong = [
        (p.id, p.total, p.available, p.held, p.sold, p.adjusted)
        for p in _pools(read)
        if min(p.available, p.held, p.sold) < 0
        or p.available + p.held + p.sold != p.total
        or p.total != p.adjusted
    ]
    return finding(
        wrong,
        expected="总库存等于库存调整之和，且三项相加等于总库存",
        suggestion="盘点实物后，用「调整库存」更正可售数",
    )


@rule("ST2", "S1", "占用 = 未付订单的件数，已售 = 已付订单的件数 − 退回库存")
def stock_matches_orders(read: Reader) -> list[Finding]:
    ordered = {int(pool): (int(held), int(sold)) for pool, held, sold in read.once(_ORDERED)}
    wrong = []
    for p in _pools(read):
        held, sold = ordered.get(p.id, (0, 0))
        if (p.held, p.sold) != (held, sold - p.restocks):
            wrong.append((p.id, p.held, held, p.sold, sold - p.restocks))
    return finding(
        wrong, expected="库存的占用与已售和订单一致", suggestion="先停止该商品的销售，再核对相关订单"
    )


@rule("ST3", "S1", "库存变动记录完整解释每个计数")
def movements_explain(read: Reader) -> list[Finding]:
    wrong = [
        (p.id, p.available, p.held, p.sold)
        for p in _pools(read)
        if p.available != p.adjusted - p.holds + p.releases + p.restocks
        or p.held != p.holds - p.releases - p.sells
        or p.sold != p.sells - p.restocks
    ]
    sums = finding(
        wrong,
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
        SELECT offer_id, person_id, SUM(n) FROM (
            SELECT offer_id, person_id, quantity AS n FROM orders_limituse
            UNION ALL
            SELECT l.offer_id, o.person_id, -l.quantity
            FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE o.payment <> 'closed'
            UNION ALL
            SELECT l.offer_id, o.person_id, m.quantity
            FROM catalog_stockmovement m JOIN orders_orderline l ON l.id = m.order_line_id
            JOIN orders_order o ON o.id = l.order_id WHERE m.kind = 'restock'
        ) uses GROUP BY offer_id, person_id HAVING SUM(n) <> 0
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

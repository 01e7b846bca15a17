"""Stock: every unit is somewhere, and every change has a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yantuan.kernel.certain import doubt
from yantuan.reports.rules.base import GRACE, Finding, Reader, rule

POOL: Final = "catalog_stockpool"
LINE: Final = "orders_orderline"
_MOVED = """
SELECT pool_id,
    SUM(CASE WHEN kind = 'adjust' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'hold' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'release' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'sell' THEN quantity ELSE 0 END),
    SUM(CASE WHEN kind = 'restock' THEN quantity ELSE 0 END)
FROM (
    SELECT pool_id, kind, SUM(quantity) AS quantity FROM catalog_stockmovement WHERE {mine} GROUP BY {pool}, kind
) sums GROUP BY pool_id
"""
_ORDERED = """
SELECT l.pool_id,
    SUM(CASE WHEN o.payment IN ('unpaid', 'awaiting_confirmation') THEN l.quantity ELSE 0 END),
    SUM(CASE WHEN o.payment IN ('paid', 'partly_refunded', 'refunded') THEN l.quantity ELSE 0 END)
FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id WHERE {mine} GROUP BY l.pool_id
"""
_OFFERED = """
SELECT pool_id, SUM(quantity) FROM waiting_wish WHERE state = 'offered' AND {mine} GROUP BY pool_id
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
    mine = read.of_store("store_id")
    # A plus keeps SQLite from walking the index on the pool and looking every row up: one pass and a sort is faster.
    moved_sql = _MOVED.format(mine=mine, pool="+pool_id" if read.sqlite else "pool_id")
    moved = {int(row[0]): [int(n) for n in row[1:]] for row in read.once(moved_sql)}
    nothing = [0, 0, 0, 0, 0]
    rows = read.once(f"SELECT id, total, available, held, sold FROM catalog_stockpool WHERE {mine}")
    return [_Pool(*row, *moved.get(row[0], nothing)) for row in rows]


@rule("ST1", "S1", "可售 + 占用 + 已售 = 总库存 = 全部调整之和，都不为负", kind="stock")
def stock_conserved(read: Reader) -> list[Finding]:
    broken = read.probe(
        f"""
        SELECT id, total, available, held, sold FROM catalog_stockpool WHERE {read.of_store("store_id")}
            AND (available < 0 OR held < 0 OR sold < 0 OR available + held + sold <> total)
        """,
        expected="可售 + 占用 + 已售等于总库存，都不为负",
        suggestion="盘点实物后，用「调整库存」更正可售数",
        of=POOL,
    )
    if not read.sums:
        return broken
    wrong = [(p.id, p.total, p.adjusted) for p in _pools(read) if p.total != p.adjusted]
    return broken + read.finding(
        wrong,
        expected="总库存等于库存调整之和",
        suggestion="盘点实物后，用「调整库存」更正可售数",
        of=POOL,
    )


@rule("ST2", "S1", "占用 = 未付订单和给候补留的件数，已售 = 已付订单的件数 − 退回库存", kind="stock")
def stock_matches_orders(read: Reader) -> list[Finding]:
    if not read.sums:
        return []
    rows = read.once(_ORDERED.format(mine=read.of_store("l.store_id")))
    ordered = {int(pool): (int(held), int(sold)) for pool, held, sold in rows}
    offered = {int(pool): int(n) for pool, n in read.once(_OFFERED.format(mine=read.of_store("store_id")))}
    wrong = []
    for p in _pools(read):
        held, sold = ordered.get(p.id, (0, 0))
        held += offered.get(p.id, 0)
        if (p.held, p.sold) != (held, sold - p.restocks):
            wrong.append((p.id, p.held, held, p.sold, sold - p.restocks))
    return read.finding(
        wrong,
        expected="库存的占用与已售和订单一致",
        suggestion="先停止该商品的销售，再核对相关订单",
        of=POOL,
    )


@rule("ST3", "S1", "库存变动记录完整解释每个计数，每个订单行的变动与它的付款一致", kind="stock")
def movements_explain(read: Reader) -> list[Finding]:
    sums: list[Finding] = []
    if read.sums:
        wrong = [
            (p.id, p.available, p.held, p.sold)
            for p in _pools(read)
            if p.available != p.adjusted - p.holds + p.releases + p.restocks
            or p.held != p.holds - p.releases - p.sells
            or p.sold != p.sells - p.restocks
        ]
        sums = read.finding(
            wrong,
            expected="可售、占用、已售分别等于变动记录之和",
            suggestion="查看该库存的变动记录，找出缺失的一笔",
            of=POOL,
        )
    return sums + _lines_explained(read)


def _lines_explained(read: Reader) -> list[Finding]:
    """Each line by itself: held once while unpaid, released when closed, sold when paid, never more back than sold."""
    chosen = "m.order_line_id IS NOT NULL"
    if not read.scope.whole:
        chosen = f"m.order_line_id IN (SELECT id FROM orders_orderline WHERE {read.orders('order_id')})"
    return read.probe(
        f"""
        SELECT l.id, o.payment, l.quantity, m.held, m.released, m.sold, m.back FROM orders_orderline l
        JOIN orders_order o ON o.id = l.order_id LEFT JOIN (
            SELECT m.order_line_id,
                SUM(CASE WHEN m.kind = 'hold' THEN m.quantity ELSE 0 END) AS held,
                SUM(CASE WHEN m.kind = 'release' THEN m.quantity ELSE 0 END) AS released,
                SUM(CASE WHEN m.kind = 'sell' THEN m.quantity ELSE 0 END) AS sold,
                SUM(CASE WHEN m.kind = 'restock' THEN m.quantity ELSE 0 END) AS back
            FROM catalog_stockmovement m WHERE {chosen} GROUP BY m.order_line_id
        ) m ON m.order_line_id = l.id
        WHERE {read.orders("l.order_id")} AND (m.held IS NULL OR m.back > m.sold
            OR m.held - m.released - m.sold <> CASE WHEN o.payment IN ('unpaid', 'awaiting_confirmation') THEN l.quantity ELSE 0 END
            OR m.sold <> CASE WHEN o.payment IN ('paid', 'partly_refunded', 'refunded') THEN l.quantity ELSE 0 END)
        """,
        expected="未付的占用着，关闭的已释放，付过的已售出，退回不超过售出",
        suggestion="核对该订单行的库存变动",
        of=LINE,
    )


@rule("ST4", "S1", "限购计数、跟团人数和订单数与订单一致，没有人超过限购", kind="stock")
def counters_match(read: Reader) -> list[Finding]:
    return (_limits(read) + _groups(read) if read.sums else []) + _beyond_limit(read)


def _limits(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT offer_id, person_id, SUM(n) FROM (
            SELECT u.offer_id, u.person_id, u.quantity AS n FROM orders_limituse u
            JOIN groupbuys_offer f ON f.id = u.offer_id WHERE {read.of_store("f.store_id")}
            UNION ALL
            SELECT l.offer_id, o.person_id, -l.quantity
            FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
            WHERE o.payment <> 'closed' AND {read.of_store("l.store_id")}
            UNION ALL
            SELECT l.offer_id, o.person_id, m.quantity
            FROM catalog_stockmovement m JOIN orders_orderline l ON l.id = m.order_line_id
            JOIN orders_order o ON o.id = l.order_id WHERE m.kind = 'restock' AND {read.of_store("m.store_id")}
        ) uses GROUP BY offer_id, person_id HAVING SUM(n) <> 0
        """,
        expected="每人每个商品的限购计数等于其有效订单的件数",
        suggestion="核对这位买家在该商品上的订单",
        of="groupbuys_offer",
    )


def _groups(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT c.group_buy_id, c.orders, COALESCE(o.live, 0), c.last_number, COALESCE(j.top, 0)
        FROM groupbuys_groupcounter c JOIN groupbuys_groupbuy g ON g.id = c.group_buy_id
        LEFT JOIN (
            SELECT group_buy_id, COUNT(*) AS live FROM orders_order
            WHERE payment <> 'closed' AND {read.of_store("store_id")} GROUP BY {"+" if read.sqlite else ""}group_buy_id
        ) o ON o.group_buy_id = c.group_buy_id
        LEFT JOIN (
            SELECT group_buy_id, MAX(number) AS top, COUNT(*) AS people FROM orders_participation
            WHERE {read.of_store("store_id")} GROUP BY group_buy_id
        ) j ON j.group_buy_id = c.group_buy_id
        WHERE {read.of_store("g.store_id")} AND (c.orders <> COALESCE(o.live, 0)
            OR c.last_number <> COALESCE(j.top, 0) OR c.last_number <> COALESCE(j.people, 0))
        """,
        expected="团购的订单数等于未关闭订单数，跟团号连续不缺",
        suggestion="核对该团购的订单与跟团记录",
        of="groupbuys_groupbuy",
    )


def _beyond_limit(read: Reader) -> list[Finding]:
    """Limits may be lowered later, so only sales that nobody has edited since they were published are looked at."""
    return read.probe(
        f"""
        SELECT f.id, u.person_id, u.quantity, f.limit_per_person FROM groupbuys_offer f
        JOIN groupbuys_groupbuy g ON g.id = f.group_buy_id JOIN orders_limituse u ON u.offer_id = f.id
        WHERE f.limit_per_person > 0 AND u.quantity > f.limit_per_person AND g.updated_at <= g.published_at
            AND {read.of_store("f.store_id")}
        """,
        expected="没有人买得比限购多",
        suggestion="联系买家取消多出的部分",
        of="groupbuys_offer",
    )


def _waiting(read: Reader) -> list[Finding]:
    """A place in a line holds stock while it is offered, and only then."""
    return read.probe(
        f"""
        SELECT w.id, w.state, w.quantity FROM waiting_wish w
        WHERE {read.of_store("w.store_id")} AND CASE WHEN w.state = 'offered' THEN w.quantity ELSE 0 END <> COALESCE((
            SELECT SUM(CASE WHEN m.kind = 'hold' THEN m.quantity ELSE -m.quantity END)
            FROM catalog_stockmovement m WHERE m.order_line_id = w.id AND m.kind IN ('hold', 'release')
        ), 0)
        """,
        expected="给候补留的件数占用着，结束的候补不再占用",
        suggestion="核对这位候补的库存变动",
        of="waiting_wish",
    )


@rule("ST5", "S1", "关闭的订单不再占用库存，到期未付的订单已关闭", kind="stock")
def nothing_held_in_vain(read: Reader) -> list[Finding]:
    orphans = read.probe(
        f"""
        SELECT m.id, m.order_line_id, m.pool_id, m.quantity FROM catalog_stockmovement m
        LEFT JOIN orders_orderline l ON l.id = m.order_line_id
        WHERE m.order_line_id IS NOT NULL AND l.id IS NULL AND {read.of_store("m.store_id")} AND {read.recent("m.id")}
            AND NOT EXISTS (SELECT 1 FROM waiting_wish w WHERE w.id = m.order_line_id)
        """,
        expected="每笔占用都属于一个存在的订单行，或一位候补",
        suggestion="从备份比对缺失的订单",
        of="catalog_stockmovement",
    )
    held = read.probe(
        f"""
        SELECT l.id, l.pool_id, l.quantity, o.payment FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id
        WHERE o.payment = 'closed' AND {read.orders("o.id")}
            AND NOT EXISTS (SELECT 1 FROM catalog_stockmovement r WHERE r.order_line_id = l.id AND r.kind = 'release')
        """,
        expected="关闭的订单的占用都已释放",
        suggestion="核对该订单的关闭记录",
        of=LINE,
    )
    overdue = read.probe(
        f"SELECT id, expires_at FROM orders_order WHERE payment = 'unpaid' AND expires_at < %s AND {read.of_store('store_id')}",
        read.at(read.moment - doubt() - GRACE),
        expected="未付订单到期后五分钟内关闭",
        suggestion="检查后台任务（worker）是否在运行、支付平台是否可达",
    )
    return orphans + held + overdue + _waiting(read)

"""Rights: invite codes, who may sell, and every row in its own store."""

from __future__ import annotations

from typing import Any, Final

from yantuan.kernel.config import config
from yantuan.reports.rules.base import MAX_IDS, Finding, Reader, finding, rule


@rule("I1", "S1", "邀请码用量等于用它开通的团长数", house=True)
def invites_counted(read: Reader) -> list[Finding]:
    return read.probe(
        """
        SELECT c.id, c.uses_taken, c.uses_allowed, COUNT(l.id) FROM leaders_invitecode c
        LEFT JOIN leaders_leader l ON l.invite_code_id = c.id
        GROUP BY c.id
        HAVING COUNT(l.id) <> c.uses_taken OR c.uses_taken > c.uses_allowed
        """,
        expected="已用次数等于引用它的团长数，且不超过上限",
        suggestion="核对该邀请码的团长名单，必要时作废",
    )


@rule("I2", "S1", "只有通过认证且未停用的团长在卖")
def sellers_certified(read: Reader) -> list[Finding]:
    published = read.probe(
        f"""
        SELECT g.id, g.published_at, l.certified_at FROM groupbuys_groupbuy g
        JOIN stores_store s ON s.id = g.store_id JOIN leaders_leader l ON l.id = s.leader_id
        WHERE g.state <> 'draft' AND {read.of_store("g.store_id")} AND (g.published_at IS NULL OR l.certified_at IS NULL OR (
            g.published_at < l.certified_at AND NOT EXISTS (
                SELECT 1 FROM leaders_certification c
                WHERE c.leader_id = l.id AND c.state = 'approved' AND c.decided_at <= g.published_at
            )
        ))
        """,
        expected="团购发布时团长已通过认证",
        suggestion="核对团长的认证记录，必要时暂停卖场",
    )
    late = [
        row
        for store_id, moment, boundary in _stopped(read)
        for row in read.rows(
            f"""
            SELECT id, placed_at, %s FROM orders_order WHERE store_id = %s AND id > %s
                AND placed_at > %s AND {read.recent("id")} ORDER BY id LIMIT {MAX_IDS}
            """,
            str(moment),
            store_id,
            boundary,
            moment,
        )
    ]
    return published + finding(
        late, expected="停用之后没有新订单", suggestion="联系买家退款，查明订单从何而来"
    )


def _stopped(read: Reader) -> list[tuple[int, Any, int]]:
    """(store, since when, id of the audit entry that says so) for every suspension in force, the store's or its leader's.

    A host clock that is set back makes older orders look newer than the suspension. Ids of one process never go back, so
    an order only counts as placed afterwards when its id, too, is greater than the entry's.
    """
    return [
        (int(store_id), moment, int(boundary))
        for kind in ("leader", "store")
        for store_id, moment, boundary in read.rows(
            f"""
            SELECT s.id, x.suspended_at, COALESCE((
                SELECT MAX(a.id) FROM kernel_auditentry a
                WHERE a.target_kind = '{kind}' AND a.target_id = x.id AND a.action = '{kind}.suspend'
            ), 0)
            FROM stores_store s JOIN {"leaders_leader x ON x.id = s.leader_id" if kind == "leader" else "stores_store x ON x.id = s.id"}
            WHERE x.suspended_at IS NOT NULL AND {read.of_store("s.id")}
            """
        )
    ]


_GOODS: Final = (
    ("规格与商品", "SELECT s.id, s.store_id, p.store_id FROM catalog_sku s JOIN catalog_product p ON p.id = s.product_id WHERE s.store_id <> p.store_id"),
    ("规格与库存", "SELECT s.id, s.store_id, p.store_id FROM catalog_sku s JOIN catalog_stockpool p ON p.id = s.pool_id WHERE s.store_id <> p.store_id"),
    ("团内商品与团购", "SELECT o.id, o.store_id, g.store_id FROM groupbuys_offer o JOIN groupbuys_groupbuy g ON g.id = o.group_buy_id WHERE o.store_id <> g.store_id"),
    ("团内商品与规格", "SELECT o.id, o.store_id, s.store_id FROM groupbuys_offer o JOIN catalog_sku s ON s.id = o.sku_id WHERE o.store_id <> s.store_id OR o.product_id <> s.product_id"),
    ("团内商品与库存", "SELECT o.id, o.store_id, p.store_id FROM groupbuys_offer o JOIN catalog_stockpool p ON p.id = o.pool_id WHERE o.store_id <> p.store_id"),
)  # fmt: skip
"""Goods and sales that must belong to the same store; few rows, looked at whole every time."""
_TRADE: Final = (
    ("跟团与团购", "SELECT j.id, j.store_id, g.store_id FROM orders_participation j JOIN groupbuys_groupbuy g ON g.id = j.group_buy_id WHERE {recent} AND j.store_id <> g.store_id"),
    ("订单与跟团、团购", "SELECT o.id, o.store_id, j.store_id FROM orders_order o JOIN orders_participation j ON j.id = o.participation_id JOIN groupbuys_groupbuy g ON g.id = o.group_buy_id WHERE {orders} AND (o.store_id <> g.store_id OR o.store_id <> j.store_id OR o.group_buy_id <> j.group_buy_id OR o.person_id <> j.person_id OR o.number <> j.number)"),
    ("订单行与订单、团内商品", "SELECT l.id, l.store_id, f.store_id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id JOIN groupbuys_offer f ON f.id = +l.offer_id WHERE {orders} AND (l.store_id <> o.store_id OR l.store_id <> f.store_id OR f.group_buy_id <> o.group_buy_id OR l.pool_id <> f.pool_id)"),
    ("支付单与订单", "SELECT x.id, x.store_id, o.store_id FROM payments_paymentattempt x JOIN orders_order o ON o.id = x.order_id WHERE {orders} AND x.store_id <> o.store_id"),
    ("付款凭证与订单", "SELECT x.id, x.store_id, o.store_id FROM payments_offlineproof x JOIN orders_order o ON o.id = x.order_id WHERE {orders} AND x.store_id <> o.store_id"),
    ("退款单与订单、支付单", "SELECT x.id, x.store_id, o.store_id FROM payments_refund x JOIN orders_order o ON o.id = x.order_id LEFT JOIN payments_paymentattempt a ON a.id = x.attempt_id WHERE {orders} AND (x.store_id <> o.store_id OR a.order_id <> x.order_id)"),
    ("分账单与订单", "SELECT x.id, x.store_id, o.store_id FROM splits_split x JOIN orders_order o ON o.id = x.order_id WHERE {orders} AND x.store_id <> o.store_id"),
    ("分账回退与退款单", "SELECT x.id, s.order_id, o.order_id FROM splits_splitreturn x JOIN payments_refund o ON o.id = x.refund_id JOIN splits_splitpart p ON p.id = x.part_id JOIN splits_split s ON s.id = p.split_id WHERE {parents} AND (o.order_id <> s.order_id OR x.store_id <> s.store_id)"),
    ("退款明细与订单", "SELECT x.id, o.order_id, l.order_id FROM payments_refundline x JOIN payments_refund o ON o.id = x.refund_id JOIN orders_orderline l ON l.id = x.order_line_id WHERE {parents} AND o.order_id <> l.order_id"),
    ("包裹与订单", "SELECT x.id, x.store_id, o.store_id FROM fulfilment_shipment x JOIN orders_order o ON o.id = x.order_id WHERE {orders} AND x.store_id <> o.store_id"),
    ("包裹明细与订单", "SELECT x.id, o.order_id, l.order_id FROM fulfilment_shipmentline x JOIN fulfilment_shipment o ON o.id = x.shipment_id JOIN orders_orderline l ON l.id = x.order_line_id WHERE {parents} AND o.order_id <> l.order_id"),
    ("核销与订单", "SELECT x.id, x.store_id, l.store_id FROM fulfilment_pickupcheck x JOIN orders_orderline l ON l.id = x.order_line_id WHERE {checks} AND (x.store_id <> l.store_id OR l.order_id <> x.order_id)"),
    ("售后与订单", "SELECT x.id, x.store_id, o.store_id FROM aftersales_aftersale x JOIN orders_order o ON o.id = x.order_id WHERE {orders} AND (x.store_id <> o.store_id OR x.person_id <> o.person_id)"),
    ("售后明细与订单", "SELECT x.id, o.order_id, l.order_id FROM aftersales_aftersaleline x JOIN aftersales_aftersale o ON o.id = x.aftersale_id JOIN orders_orderline l ON l.id = x.order_line_id WHERE {parents} AND o.order_id <> l.order_id"),
)  # fmt: skip
"""Rows of the trade that must belong to the same store (and order). A plus keeps SQLite from going from offers to lines,
which lie all over the table; it reads the lines as they lie and looks their offers up."""


@rule("T1", "S1", "每一行都属于它自己的卖场，没有跨卖场的引用")
def tenants_closed(read: Reader) -> list[Finding]:
    narrowed = {
        "orders": read.orders("o.id"),
        "parents": read.orders("o.order_id"),
        "checks": read.orders("x.order_id"),
        "recent": f"{read.recent('j.id')} AND {read.of_store('j.store_id')}",
    }
    return [
        found
        for words, sql in _GOODS + _TRADE
        for found in read.probe(
            sql.format(**narrowed),
            expected=f"{words}属于同一卖场（或同一订单）",
            suggestion="查明这些行是怎么写入的",
        )
    ]


@rule("T2", "S1", "权限都指向在用的人：团长有本人账号，运营账号有二次验证", house=True)
def rights_have_people(read: Reader) -> list[Finding]:
    leaders = read.probe(
        """
        SELECT l.id, p.disabled_at FROM leaders_leader l LEFT JOIN identity_person p ON p.id = l.person_id
        WHERE p.id IS NULL OR (p.disabled_at IS NOT NULL AND l.suspended_at IS NULL AND l.certification = 'approved')
        """,
        expected="在售的团长账号存在且未停用",
        suggestion="暂停该团长，或恢复账号",
    )
    operators = read.probe(
        """
        SELECT u.id, u.username FROM auth_user u WHERE u.is_active AND u.is_staff AND u.last_login IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM otp_totp_totpdevice d WHERE d.user_id = u.id AND d.confirmed)
        """,
        expected="登录过的运营账号绑定了动态验证码",
        suggestion="请该运营登录控制台绑定，或停用账号",
    )
    return leaders + ([] if config().demo else operators)

"""Orders: three axes that agree with their history and with what they stand for."""

from __future__ import annotations

from yantuan.orders.states import MACHINES
from yantuan.reports.rules.base import Finding, Reader, rule


def _known_states(axis: str) -> str:
    return ", ".join(f"'{state}'" for state in MACHINES[axis].states)


def _edges() -> str:
    """Legal (axis, before, event, after) as SQL values; they come from our own tables, never from outside."""
    return ", ".join(
        f"('{axis}', '{before}', '{event}', '{after}')"
        for axis, machine in MACHINES.items()
        for before, row in machine.edges.items()
        for event, after in row.items()
    )


_FIRST = {"payment": "unpaid", "delivery": "none", "aftersale": "none"}


@rule("O1", "S1", "订单状态合法，且等于重放全部事件的结果")
def states_replay(read: Reader) -> list[Finding]:
    unknown = read.probe(
        f"""
        SELECT id, payment, delivery, aftersale FROM orders_order
        WHERE payment NOT IN ({_known_states("payment")})
            OR delivery NOT IN ({_known_states("delivery")})
            OR aftersale NOT IN ({_known_states("aftersale")})
        """,
        expected="三条状态轴都在状态表内",
        suggestion="查明谁改了数据库，从备份比对",
    )
    axes = ", ".join(f"'{axis}'" for axis in MACHINES)
    illegal = read.probe(
        f"""
        SELECT order_id, axis, before, event, after FROM orders_orderevent
        WHERE axis IN ({axes}) AND ((axis, before, event, after) NOT IN (VALUES {_edges()}) OR actor_kind = '')
        """,
        expected="每个事件都是状态表里的一条边，并记有操作者",
        suggestion="查看该订单的时间线",
    )
    return unknown + illegal + [f for axis in MACHINES for f in _replay(read, axis)]


def _replay(read: Reader, axis: str) -> list[Finding]:
    """Events lead from the first state to the present one: every state is left as often as it is entered, but for those
    two. This needs no order among events of the same moment."""
    return read.probe(
        f"""
        SELECT order_id, state, SUM(n) FROM (
            SELECT order_id, before AS state, -1 AS n FROM orders_orderevent WHERE axis = '{axis}'
            UNION ALL SELECT order_id, after, 1 FROM orders_orderevent WHERE axis = '{axis}'
            UNION ALL SELECT id, '{_FIRST[axis]}', 1 FROM orders_order WHERE {axis} <> '{_FIRST[axis]}'
            UNION ALL SELECT id, {axis}, -1 FROM orders_order WHERE {axis} <> '{_FIRST[axis]}'
        ) steps GROUP BY order_id, state HAVING SUM(n) <> 0
        """,
        expected=f"{axis} 状态等于重放事件的结果",
        suggestion="查看该订单的时间线，找出缺失或多出的事件",
    )


@rule("O2", "S1", "已支付 ⇔ 收到的钱足够（零元订单除外）")
def paid_means_money(read: Reader) -> list[Finding]:
    return read.probe(
        """
        SELECT id, payment, payment_method, total_fen, paid_fen FROM orders_order
        WHERE (payment IN ('paid', 'partly_refunded', 'refunded') AND (paid_fen < total_fen OR paid_at IS NULL))
            OR (payment IN ('unpaid', 'awaiting_confirmation') AND paid_fen <> 0)
            OR (payment_method = 'zero' AND total_fen <> 0)
            OR (payment = 'refunded' AND refunded_fen <> paid_fen)
            OR (payment = 'partly_refunded' AND (refunded_fen = 0 OR refunded_fen >= paid_fen))
        """,
        expected="已支付的订单收足了钱，未支付的没有收钱，退款状态与金额一致",
        suggestion="核对该订单的支付单、付款凭证和退款单",
    )


@rule("O3", "S1", "发货或自提的订单付过款且有凭据，关闭的订单没有进行中的售后")
def delivery_has_grounds(read: Reader) -> list[Finding]:
    unpaid = read.probe(
        """
        SELECT id, payment, delivery FROM orders_order
        WHERE delivery IN ('part_shipped', 'shipped', 'received', 'part_picked', 'picked')
            AND payment NOT IN ('paid', 'partly_refunded', 'refunded')
        """,
        expected="只有付过款的订单会发货或自提",
        suggestion="联系团长核对该订单",
    )
    parcels = read.probe(
        """
        SELECT o.id, o.delivery FROM orders_order o
        WHERE o.delivery IN ('part_shipped', 'shipped', 'received') AND NOT EXISTS (
            SELECT 1 FROM fulfilment_shipment s WHERE s.order_id = o.id AND s.withdrawn_at IS NULL
        )
        """,
        expected="已发货的订单至少有一个包裹",
        suggestion="查看该订单的发货记录",
    )
    checks = read.probe(
        """
        SELECT o.id, o.delivery FROM orders_order o
        WHERE o.delivery IN ('part_picked', 'picked') AND NOT EXISTS (
            SELECT 1 FROM fulfilment_pickupcheck c WHERE c.order_id = o.id AND c.undone_at IS NULL
        )
        """,
        expected="已自提的订单有核销记录",
        suggestion="查看该订单的核销记录",
    )
    closed = read.probe(
        "SELECT id, payment, aftersale FROM orders_order WHERE payment = 'closed' AND aftersale = 'open'",
        expected="关闭的订单没有进行中的售后",
        suggestion="由平台处理该售后",
    )
    return unpaid + parcels + checks + closed


@rule("O4", "S1", "关闭后收到的钱都在退回")
def late_money_goes_back(read: Reader) -> list[Finding]:
    return read.probe(
        """
        SELECT o.id, o.paid_fen, COALESCE(r.back, 0) FROM orders_order o LEFT JOIN (
            SELECT order_id, SUM(amount_fen) AS back FROM payments_refund GROUP BY order_id
        ) r ON r.order_id = o.id
        WHERE o.payment = 'closed' AND o.paid_fen > COALESCE(r.back, 0)
        """,
        expected="关闭的订单收到的每一分钱都有退款单",
        suggestion="为该订单发起退款",
    )


@rule("O5", "S2", "发货、自提、售后状态与明细一致")
def axes_match_sources(read: Reader) -> list[Finding]:
    counts = read.probe(
        """
        SELECT l.id, l.shipped_quantity, COALESCE(s.units, 0), l.picked_quantity, COALESCE(c.units, 0)
        FROM orders_orderline l
        LEFT JOIN (
            SELECT x.order_line_id, SUM(x.quantity) AS units FROM fulfilment_shipmentline x
            JOIN fulfilment_shipment p ON p.id = x.shipment_id AND p.withdrawn_at IS NULL
            GROUP BY x.order_line_id
        ) s ON s.order_line_id = l.id
        LEFT JOIN (
            SELECT order_line_id, SUM(quantity) AS units FROM fulfilment_pickupcheck
            WHERE undone_at IS NULL GROUP BY order_line_id
        ) c ON c.order_line_id = l.id
        WHERE l.shipped_quantity <> COALESCE(s.units, 0) OR l.picked_quantity <> COALESCE(c.units, 0)
        """,
        expected="每行的已发、已提件数等于包裹和核销之和",
        suggestion="查看该订单的包裹与核销记录",
    )
    cases = read.probe(
        """
        SELECT o.id, o.aftersale, COALESCE(a.live, 0), COALESCE(a.cases, 0) FROM orders_order o LEFT JOIN (
            SELECT order_id, COUNT(*) AS cases, SUM(CASE WHEN settled_at IS NULL THEN 1 ELSE 0 END) AS live
            FROM aftersales_aftersale GROUP BY order_id
        ) a ON a.order_id = o.id
        WHERE (o.aftersale = 'open') <> (COALESCE(a.live, 0) > 0)
            OR (o.aftersale = 'none') <> (COALESCE(a.cases, 0) = 0)
        """,
        expected="售后状态与售后单一致",
        suggestion="查看该订单的售后单",
    )
    return counts + cases

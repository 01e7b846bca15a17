"""Orders: three axes that agree with their history and with what they stand for."""

from __future__ import annotations

from typing import Final

from yantuan.aftersales.states import CASE
from yantuan.orders.states import MACHINES
from yantuan.reports.rules.base import Finding, Reader, rule

ORDER: Final = "orders_order"


def _known_states(axis: str) -> str:
    return ", ".join(f"'{state}'" for state in MACHINES[axis].states)


def _edges() -> str:
    """Legal (axis, before, event, after) as SQL values; they come from our own tables, never from outside."""
    return ", ".join(
        f"('{axis}', '{before}', '{event}', '{after}')"
        for axis, machine in {**MACHINES, "case": CASE}.items()
        for before, row in machine.edges.items()
        for event, after in row.items()
    )


_FIRST: Final = {"payment": "unpaid", "delivery": "none", "aftersale": "none"}


@rule("O1", "S1", "订单状态合法，且等于重放全部事件的结果")
def states_replay(read: Reader) -> list[Finding]:
    unknown = read.probe(
        f"""
        SELECT id, payment, delivery, aftersale FROM orders_order
        WHERE {read.orders("id")} AND (payment NOT IN ({_known_states("payment")})
            OR delivery NOT IN ({_known_states("delivery")})
            OR aftersale NOT IN ({_known_states("aftersale")}))
        """,
        expected="三条状态轴都在状态表内",
        suggestion="查明谁改了数据库，从备份比对",
    )
    # Each event by itself: looking a step up among the edges costs less than sorting millions of steps.
    illegal = read.probe(
        f"""
        SELECT k.order_id, k.axis, k.before, k.event, k.after FROM (
            SELECT order_id, axis, before, event, after, actor_kind FROM orders_orderevent
            WHERE axis <> 'note' AND {read.orders("order_id")}
        ) k WHERE k.actor_kind = '' OR ((k.axis, k.before, k.event, k.after) NOT IN (VALUES {_edges()})
            AND NOT (k.axis = 'case' AND k.before = ''))
        """,
        expected="每个事件都是状态表里的一条边，并记有操作者",
        suggestion="查看该订单的时间线",
    )
    return unknown + illegal + _replayed(read)


def _weight(axis: str, column: str) -> str:
    """SQL: a number per state, each a higher power of 32 than the one before, so that sums of fewer than sixteen of each
    say how many of each there were."""
    cases = " ".join(f"WHEN '{state}' THEN {32**n}" for n, state in enumerate(MACHINES[axis].states))
    return f"CASE {column} {cases} ELSE 1 END"


def _replayed(read: Reader) -> list[Finding]:
    """Events lead from the first state to the present one: every state is left as often as it is entered, but for those
    two. This needs no order among events of the same moment, and one pass over all events."""
    sums = ", ".join(
        f"SUM(CASE WHEN axis = '{axis}' THEN {_weight(axis, 'after')} - {_weight(axis, 'before')} ELSE 0 END) AS {axis}"
        for axis in MACHINES
    )
    wrong = " OR ".join(
        f"COALESCE(e.{axis}, 0) <> {_weight(axis, f'o.{axis}')} - {_weight(axis, repr(first))}"
        for axis, first in _FIRST.items()
    )
    return read.probe(
        f"""
        SELECT o.id, o.payment, o.delivery, o.aftersale FROM orders_order o LEFT JOIN (
            SELECT order_id, {sums} FROM orders_orderevent
            WHERE axis IN ('payment', 'delivery', 'aftersale') AND {read.orders("order_id")} GROUP BY order_id
        ) e ON e.order_id = o.id
        WHERE {read.orders("o.id")} AND ({wrong})
        """,
        expected="三条状态轴都等于重放事件的结果",
        suggestion="查看该订单的时间线，找出缺失或多出的事件",
    )


@rule("O2", "S1", "已支付 ⇔ 收到的钱足够（零元订单除外）", kind="money")
def paid_means_money(read: Reader) -> list[Finding]:
    """Money that comes once more for an order given back is on its way back: exactly its amount is excused till then."""
    return read.probe(
        f"""
        SELECT id, payment, payment_method, total_fen, paid_fen FROM orders_order
        WHERE {read.orders("id")} AND (
            (payment IN ('paid', 'partly_refunded', 'refunded') AND (paid_fen < total_fen OR paid_at IS NULL))
            OR (payment IN ('unpaid', 'awaiting_confirmation') AND paid_fen <> 0)
            OR (payment_method = 'zero' AND total_fen <> 0)
            OR (payment = 'refunded' AND refunded_fen <> paid_fen AND paid_fen - refunded_fen <> (
                SELECT COALESCE(SUM(r.amount_fen), 0) FROM payments_refund r
                WHERE r.order_id = orders_order.id AND r.state <> 'succeeded'
            ))
            OR (payment = 'partly_refunded' AND (refunded_fen = 0 OR refunded_fen >= paid_fen))
        )
        """,
        expected="已支付的订单收足了钱，未支付的没有收钱，退款状态与金额一致",
        suggestion="核对该订单的支付单、付款凭证和退款单",
        of=ORDER,
    )


@rule("O3", "S1", "发货或自提的订单付过款且有凭据，关闭的订单没有进行中的售后")
def delivery_has_grounds(read: Reader) -> list[Finding]:
    mine = read.orders("o.id")
    unpaid = read.probe(
        f"""
        SELECT o.id, o.payment, o.delivery, o.aftersale FROM orders_order o
        WHERE {mine} AND ((o.delivery IN ('part_shipped', 'shipped', 'received', 'part_picked', 'picked')
                AND o.payment NOT IN ('paid', 'partly_refunded', 'refunded'))
            OR (o.payment = 'closed' AND o.aftersale = 'open')
            OR (o.delivery IN ('shipped', 'received') AND o.shipped_at IS NULL)
            OR (o.delivery = 'received' AND o.received_at IS NULL)
            OR (o.payment = 'closed') <> (o.closed_at IS NOT NULL))
        """,
        expected="只有付过款的订单会发货或自提，各有时间；关闭的订单没有进行中的售后",
        suggestion="联系团长核对该订单；有售后的由平台处理",
    )
    parcels = read.probe(
        f"""
        SELECT o.id, o.delivery FROM orders_order o
        LEFT JOIN (SELECT DISTINCT order_id FROM fulfilment_shipment WHERE withdrawn_at IS NULL) s ON s.order_id = o.id
        WHERE {mine} AND o.delivery IN ('part_shipped', 'shipped', 'received') AND s.order_id IS NULL
        """,
        expected="已发货的订单至少有一个包裹",
        suggestion="查看该订单的发货记录",
    )
    checks = read.probe(
        f"""
        SELECT o.id, o.delivery FROM orders_order o
        LEFT JOIN (SELECT DISTINCT order_id FROM fulfilment_pickupcheck WHERE undone_at IS NULL) c ON c.order_id = o.id
        WHERE {mine} AND o.delivery IN ('part_picked', 'picked') AND c.order_id IS NULL
        """,
        expected="已自提的订单有核销记录",
        suggestion="查看该订单的核销记录",
    )
    return unpaid + parcels + checks


@rule("O4", "S1", "关闭后收到的钱都在退回", kind="money")
def late_money_goes_back(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT o.id, o.paid_fen, COALESCE(r.back, 0) FROM orders_order o LEFT JOIN (
            SELECT order_id, SUM(amount_fen) AS back FROM payments_refund WHERE {read.orders("order_id")} GROUP BY order_id
        ) r ON r.order_id = o.id
        WHERE {read.orders("o.id")} AND o.payment = 'closed' AND o.paid_fen > COALESCE(r.back, 0)
        """,
        expected="关闭的订单收到的每一分钱都有退款单",
        suggestion="为该订单发起退款",
        of=ORDER,
    )


@rule("O5", "S2", "发货、自提、售后状态与明细一致")
def axes_match_sources(read: Reader) -> list[Finding]:
    counts = read.probe(
        f"""
        SELECT l.id, l.shipped_quantity, COALESCE(s.units, 0), l.picked_quantity, COALESCE(c.units, 0)
        FROM orders_orderline l
        LEFT JOIN (
            SELECT x.order_line_id, SUM(x.quantity) AS units FROM fulfilment_shipmentline x
            JOIN fulfilment_shipment p ON p.id = x.shipment_id
            WHERE p.withdrawn_at IS NULL AND {read.orders("p.order_id")} GROUP BY x.order_line_id
        ) s ON s.order_line_id = l.id
        LEFT JOIN (
            SELECT order_line_id, SUM(quantity) AS units FROM fulfilment_pickupcheck
            WHERE undone_at IS NULL AND {read.orders("order_id")} GROUP BY order_line_id
        ) c ON c.order_line_id = l.id
        WHERE {read.orders("l.order_id")}
            AND (l.shipped_quantity <> COALESCE(s.units, 0) OR l.picked_quantity <> COALESCE(c.units, 0))
        """,
        expected="每行的已发、已提件数等于包裹和核销之和",
        suggestion="查看该订单的包裹与核销记录",
    )
    cases = read.probe(
        f"""
        SELECT o.id, o.aftersale, COALESCE(a.live, 0), COALESCE(a.cases, 0) FROM orders_order o LEFT JOIN (
            SELECT order_id, COUNT(*) AS cases, SUM(CASE WHEN settled_at IS NULL THEN 1 ELSE 0 END) AS live
            FROM aftersales_aftersale WHERE {read.orders("order_id")} GROUP BY order_id
        ) a ON a.order_id = o.id
        WHERE {read.orders("o.id")} AND ((o.aftersale = 'open') <> (COALESCE(a.live, 0) > 0)
            OR (o.aftersale = 'none') <> (COALESCE(a.cases, 0) = 0))
        """,
        expected="售后状态与售后单一致",
        suggestion="查看该订单的售后单",
    )
    return counts + cases

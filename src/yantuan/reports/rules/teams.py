"""Teams: every seat taken is an open order, a formed team was paid by all its members, and no ended team keeps money."""

from __future__ import annotations

from yantuan.reports.rules.base import GRACE, Finding, Reader, rule

_LOOK = "核对这个拼团的名额和订单"


@rule("TM1", "S1", "拼团占用的名额等于未关闭的订单，成团的人都付过款")
def seats_match(read: Reader) -> list[Finding]:
    return (_counters(read) if read.sums else []) + _seats(read) + _formed(read)


def _counters(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT t.id, t.state, t.taken, COALESCE(s.n, 0) FROM teams_team t
        LEFT JOIN (SELECT team_id, COUNT(*) AS n FROM teams_seat WHERE state <> 'back' GROUP BY team_id) s
            ON s.team_id = t.id
        WHERE {read.of_store("t.store_id")} AND t.taken <> COALESCE(s.n, 0)
        """,
        expected="拼团已占名额等于有效名额的个数",
        suggestion=_LOOK,
    )


def _seats(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT s.id, s.order_id, s.state, o.payment, t.state FROM teams_seat s
        JOIN teams_team t ON t.id = s.team_id
        LEFT JOIN orders_order o ON o.id = s.order_id
        WHERE {read.of_store("t.store_id")} AND {read.recent("s.id")} AND (o.id IS NULL
            OR o.person_id <> s.person_id OR o.group_buy_id <> t.group_buy_id OR s.group_buy_id <> t.group_buy_id
            OR (s.state = 'taken') <> (t.state = 'forming' AND s.state <> 'back')
            OR (s.state = 'taken' AND o.payment = 'closed')
            OR (s.state = 'back' AND t.state = 'forming' AND o.payment = 'unpaid'))
        """,
        expected="拼团中的每个名额对应本人在这个团购里一笔未关闭的订单",
        suggestion=_LOOK,
    )


def _formed(read: Reader) -> list[Finding]:
    return read.probe(
        f"""
        SELECT t.id, t.size, COUNT(o.id) FROM teams_team t
        LEFT JOIN teams_seat s ON s.team_id = t.id AND s.state = 'kept'
        LEFT JOIN orders_order o ON o.id = s.order_id AND o.paid_at IS NOT NULL
        WHERE t.state = 'formed' AND {read.of_store("t.store_id")} AND {read.recent("t.id")}
        GROUP BY t.id, t.size HAVING COUNT(o.id) <> t.size
        """,
        expected="成团的每个人都付过款，人数正好",
        suggestion=_LOOK,
    )


@rule("TM2", "S2", "到时的拼团已有结果，未成团的订单都已关闭或在退款")
def ended_teams_settled(read: Reader) -> list[Finding]:
    late = read.at(read.moment - GRACE)
    forming = read.probe(
        f"""
        SELECT id, ends_at FROM teams_team WHERE state = 'forming' AND ends_at < %s AND {read.of_store("store_id")}
        """,
        late,
        expected="到时的拼团在五分钟内有结果",
        suggestion="确认后台任务（worker）在运行",
    )
    kept = read.probe(
        f"""
        SELECT s.id, s.order_id, o.payment FROM teams_seat s JOIN teams_team t ON t.id = s.team_id
        JOIN orders_order o ON o.id = s.order_id
        WHERE t.state = 'over' AND t.settled_at < %s AND {read.of_store("t.store_id")}
            AND (o.payment IN ('unpaid', 'awaiting_confirmation') OR (o.payment IN ('paid', 'partly_refunded')
            AND EXISTS (SELECT 1 FROM orders_orderline l WHERE l.order_id = o.id AND l.refunded_quantity < l.quantity)))
        """,
        late,
        expected="未成团的订单都已关闭或全额退款",
        suggestion="确认后台任务（worker）在运行，或到订单里手动退款",
    )
    return forming + kept

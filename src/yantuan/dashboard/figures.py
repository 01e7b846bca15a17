"""The figures behind the dashboard, each one read of its own. What each means stands in `docs/dashboard.md`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, F, Max, Min, OuterRef, Q, Subquery, Sum

from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.reasons import reason_label, reason_label_en
from yantuan.catalog.models import Product
from yantuan.dashboard.rules import LATE_HOURS, Span, average_fen, pace, part_bp
from yantuan.dashboard.schemas import DashGoods, DashPace, DashReason, DashSlot, DashSums
from yantuan.kernel.clock import CHINA
from yantuan.members.models import Member
from yantuan.orders.models import Order, OrderLine
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.payments.parts import CAUSES_EN

GOODS: Final = 10
"""Goods in the ranking."""
_SLOT: Final = """
SELECT {slot}, COUNT(*), COALESCE(SUM(paid_fen), 0) FROM orders_order
WHERE store_id = %s AND paid_at >= %s AND paid_at < %s
"""
_HOURS: Final = {
    "sqlite": "CAST((julianday({until}) - julianday(paid_at)) * 86400 + 0.0005 AS INTEGER) / 3600",
    "postgresql": "CAST(FLOOR(EXTRACT(EPOCH FROM ({until} - paid_at)) / 3600) AS INTEGER)",
}
"""Whole hours since the payment. SQLite keeps moments as fractions of days: half a millisecond makes them whole again."""
_SPEED: Final = """
SELECT delivery_method, CASE WHEN {until} IS NULL THEN NULL ELSE {hours} END, COUNT(*),
    SUM(CASE WHEN {until} IS NULL AND payment IN ('paid', 'partly_refunded') THEN 1 ELSE 0 END),
    SUM(CASE WHEN {until} IS NULL AND payment IN ('paid', 'partly_refunded') AND paid_at < %s THEN 1 ELSE 0 END)
FROM orders_order WHERE store_id = %s AND paid_at >= %s AND paid_at < %s GROUP BY 1, 2
"""
_UNTIL: Final = "(CASE delivery_method WHEN 'pickup' THEN received_at ELSE shipped_at END)"
"""When an order was out of the leader's hands: wholly handed out, or its first parcel gone."""


def within(span: Span, column: str = "paid_at") -> Q:
    """`column` lies in the span."""
    return Q(**{f"{column}__gte": span.begin, f"{column}__lt": span.end})


def paid_orders(store_id: int, span: Span) -> Any:
    """Orders of a store by the moment they were paid, whatever became of them since."""
    return Order.objects.filter(within(span), store_id=store_id).order_by()


def sums(store_id: int, span: Span) -> DashSums:
    """Money, orders and people of a span."""
    whole = paid_orders(store_id, span).aggregate(n=Count("*"), fen=Sum("paid_fen"))
    orders, paid = whole["n"], int(whole["fen"] or 0) + _moved_extra(store_id, span)
    done = Refund.objects.filter(within(span, "done_at"), store_id=store_id, state=Refund.State.SUCCEEDED)
    refunded = int(done.aggregate(n=Sum("amount_fen"))["n"] or 0)
    buyers, returning = _buyers(store_id, span)
    return DashSums(
        orders=orders,
        paid_fen=paid,
        refunded_fen=refunded,
        net_fen=paid - refunded,
        average_fen=average_fen(paid, orders),
        buyers=buyers,
        returning=returning,
        returning_bp=part_bp(returning, buyers),
    )


def _moved_extra(store_id: int, span: Span) -> int:
    """What paying too much or too late adds to the span: it stands in its order's sum, but came at a time of its own."""
    extra = PaymentAttempt.objects.filter(store_id=store_id, extra=True, state=PaymentAttempt.State.SUCCEEDED)
    moved = 0
    for came, paid, fen in extra.values_list("success_at", "order__paid_at", "paid_fen"):
        moved += fen * (span.holds(came) - span.holds(paid))
    return int(moved)


def _buyers(store_id: int, span: Span) -> tuple[int, int]:
    """How many people paid, and how many of them had paid on an earlier day of Beijing as well."""
    mine = paid_orders(store_id, span).values_list("person_id").annotate(n=Count("*"))
    counts = dict(mine)
    before = Member.objects.filter(store_id=store_id, first_at__lt=span.begin, last_at__gte=span.begin)
    known = counts.keys() & set(before.values_list("person_id", flat=True))
    often = mine.filter(n__gt=1).annotate(first=Min("paid_at"), last=Max("paid_at"))
    again = sum(
        first.astimezone(CHINA).date() < last.astimezone(CHINA).date()
        for person_id, _, first, last in often
        if person_id not in known
    )
    return len(counts), len(known) + again


def slots(store_id: int, spans: Sequence[Span]) -> list[DashSlot]:
    """The bars of the chart in one statement, each a walk over its own part of the index."""
    moment = connection.ops.adapt_datetimefield_value
    sql = " UNION ALL ".join(_SLOT.format(slot=n) for n in range(len(spans)))
    values = [v for span in spans for v in (store_id, moment(span.begin), moment(span.end))]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = {int(n): (int(orders), int(fen)) for n, orders, fen in cursor.fetchall()}
    return [
        DashSlot(begin=span.begin, orders=found[n][0], paid_fen=found[n][1]) for n, span in enumerate(spans)
    ]


def goods(store_id: int, span: Span) -> tuple[list[DashGoods], int]:
    """What sold best by money, and how many different goods were sold."""
    rows = OrderLine.objects.filter(within(span, "order__paid_at"), order__store_id=store_id)
    sold = (
        rows.order_by()
        .values("product_id")
        .annotate(
            name=Max("title"),
            pieces=Sum("quantity"),
            fen=Sum(F("amount_fen") - F("discount_share_fen")),
            back=Sum("refunded_quantity"),
            back_fen=Sum("refunded_goods_fen"),
        )
    )
    every = sorted(sold, key=lambda row: (-row["fen"], -row["pieces"], row["product_id"]))
    best = every[:GOODS]
    titles = dict(Product.objects.filter(id__in=[r["product_id"] for r in best]).values_list("id", "title"))
    return [
        DashGoods(
            product_id=str(r["product_id"]), title=titles.get(r["product_id"], r["name"]), pieces=r["pieces"],
            amount_fen=r["fen"], refunded_pieces=r["back"], refunded_fen=r["back_fen"],
        )
        for r in best
    ], len(every)  # fmt: skip


def reasons(store_id: int, span: Span) -> list[DashReason]:
    """Why money went back, by what the buyer chose, otherwise by what caused the refund; the dearest first."""
    case = AfterSale.objects.filter(id=OuterRef("aftersale_id")).values("reason")[:1]
    rows = (
        Refund.objects.filter(within(span, "done_at"), store_id=store_id, state=Refund.State.SUCCEEDED)
        .filter(amount_fen__gt=0)
        .annotate(why=Subquery(case))
        .order_by()
        .values("cause", "why")
        .annotate(n=Count("id"), fen=Sum("amount_fen"))
    )
    found = [_reason(row) for row in rows]
    return sorted(found, key=lambda one: (-one.fen, one.code))


def _reason(row: Mapping[str, Any]) -> DashReason:
    cause, why = Refund.Cause(row["cause"]), row["why"] or ""
    return DashReason(
        code=why or cause.value,
        label=reason_label(why) if why else cause.label,
        label_en=(reason_label_en(why) if why else CAUSES_EN[cause.value]).capitalize(),
        refunds=row["n"],
        fen=row["fen"],
    )


def speed(store_id: int, span: Span) -> dict[str, DashPace]:
    """How soon orders paid in the span went out, by their way of delivery; what waits and what waits too long."""
    moment = connection.ops.adapt_datetimefield_value
    late = span.end - timedelta(hours=LATE_HOURS)
    hours = _HOURS[connection.vendor].format(until=_UNTIL)
    with connection.cursor() as cursor:
        cursor.execute(
            _SPEED.format(hours=hours, until=_UNTIL),
            [moment(late), store_id, moment(span.begin), moment(span.end)],
        )
        rows = [(str(method), hour, *map(int, more)) for method, hour, *more in cursor.fetchall()]
    return {method: _pace([row[1:] for row in rows if row[0] == method]) for method in ("courier", "pickup")}


def _pace(rows: Sequence[tuple[Any, ...]]) -> DashPace:
    """From (whole hours it took or None, orders, of them waiting, of them late)."""
    told = pace({int(hour): n for hour, n, _, _ in rows if hour is not None})
    return DashPace(
        orders=sum(n for _, n, _, _ in rows),
        done=told.done,
        within=list(told.within),
        median_hours=told.median_hours,
        waiting=sum(waiting for _, _, waiting, _ in rows),
        late=sum(late for _, _, _, late in rows),
    )

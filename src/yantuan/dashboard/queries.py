"""The dashboard: every figure is counted from orders, refunds and opens whenever it is asked for, nothing is kept."""

from __future__ import annotations

from yantuan.dashboard import figures
from yantuan.dashboard.rules import DAYS, Length, slots_of, span_of
from yantuan.dashboard.schemas import DashboardOut
from yantuan.dashboard.shares import shares
from yantuan.kernel.clock import now
from yantuan.stores.models import Store


def dashboard(store: Store, length: Length) -> DashboardOut:
    """All figures of a store for the days that end now."""
    days = DAYS[length]
    span = span_of(days, now())
    speed = figures.speed(store.id, span)
    goods, sold = figures.goods(store.id, span)
    return DashboardOut(
        days=days,
        begin=span.begin,
        end=span.end,
        sums=figures.sums(store.id, span),
        before=figures.sums(store.id, span.earlier(days)),
        slots=figures.slots(store.id, slots_of(days, span)),
        goods=goods,
        goods_sold=sold,
        shares=shares(store.id, span),
        reasons=figures.reasons(store.id, span),
        shipping=speed["courier"],
        pickup=speed["pickup"],
    )

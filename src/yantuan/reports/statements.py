"""The leader's statement (对账单) and first look, counted from orders and refunds to the fen.

Money in counts on the Beijing day it was paid, money back on the day the refund was done. An order paid after it was
closed and given back by itself counts on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Count, Sum

from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel.clock import CHINA, now
from yantuan.kernel.errors import Invalid
from yantuan.orders.lists import LEADER_TABS
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.reports.schemas import StatementDay, StatementGroup, StatementOut, SummaryOut
from yantuan.stores.models import Store

MAX_DAYS: Final = 366
REFUNDING: Final = (Refund.State.CREATED, Refund.State.PROCESSING, Refund.State.ABNORMAL)
WAITING: Final = ("to_ship", "to_pick", "to_confirm", "aftersale")


@dataclass
class Sums:
    """Running totals in fen."""

    orders: int = 0
    paid: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        return self.paid - self.refunded


def day_start(day: date) -> datetime:
    """Midnight in Beijing at the beginning of `day`."""
    return datetime.combine(day, time.min, tzinfo=CHINA)


def china_day(moment: datetime) -> date:
    """The Beijing day a moment falls on."""
    return moment.astimezone(CHINA).date()


def check_span(first: date, last: date) -> None:
    """Raise Invalid `span_invalid` unless first ≤ last and at most a year lies between."""
    if first > last or (last - first).days >= MAX_DAYS:
        raise Invalid(
            "span_invalid", "日期范围不对，最多一年", "Choose a span of at most a year.", field="first"
        )


@dataclass(frozen=True)
class Money:
    """Money that came in: for an order (`orders` 1), or beyond what any order owed (0)."""

    group_buy_id: int
    at: datetime
    method: str
    fen: int
    orders: int


def received(store: Store, begin: datetime, end: datetime) -> Iterator[Money]:
    """Every payment of [begin, end): orders at their payment, late and repeated payments at their own time."""
    extra: dict[int, int] = defaultdict(int)
    attempts = PaymentAttempt.objects.filter(
        store_id=store.id, extra=True, state=PaymentAttempt.State.SUCCEEDED
    ).values_list("order_id", "order__group_buy_id", "success_at", "paid_fen")
    for order_id, group, at, fen in attempts:
        extra[order_id] += fen
        if at is not None and begin <= at < end:
            yield Money(group, at, "wechatpay", fen, 0)
    paid = Order.objects.filter(store=store, paid_at__gte=begin, paid_at__lt=end).values_list(
        "id", "group_buy_id", "paid_at", "payment_method", "paid_fen"
    )
    for order_id, group, at, method, fen in paid.iterator():
        if at is not None:
            yield Money(group, at, method, fen - extra.get(order_id, 0), 1)


def statement(store: Store, first: date, last: date) -> StatementOut:
    """Money of a store from `first` to `last`, both included."""
    check_span(first, last)
    begin, end = day_start(first), day_start(last + timedelta(days=1))
    days: dict[date, Sums] = defaultdict(Sums)
    groups: dict[int, Sums] = defaultdict(Sums)
    methods: dict[str, int] = defaultdict(int)
    for money in received(store, begin, end):
        for sums in (days[china_day(money.at)], groups[money.group_buy_id]):
            sums.orders += money.orders
            sums.paid += money.fen
        methods[money.method] += money.fen
    back = Refund.objects.filter(
        store_id=store.id, state=Refund.State.SUCCEEDED, done_at__gte=begin, done_at__lt=end
    )
    for group, at, fen in back.values_list("order__group_buy_id", "done_at", "amount_fen").iterator():
        for sums in (days[china_day(at)], groups[group]) if at else ():
            sums.refunded += fen
    whole = _whole(days.values())
    return StatementOut(
        first=first,
        last=last,
        orders=whole.orders,
        paid_fen=whole.paid,
        paid_wechatpay_fen=methods["wechatpay"],
        paid_offline_fen=methods["offline"],
        refunded_fen=whole.refunded,
        refunding_fen=_refunding(store),
        net_fen=whole.net,
        days=_days(days),
        groups=_groups(groups),
    )


def _whole(parts: Iterable[Sums]) -> Sums:
    whole = Sums()
    for part in parts:
        whole.orders += part.orders
        whole.paid += part.paid
        whole.refunded += part.refunded
    return whole


def _refunding(store: Store) -> int:
    """Money on its way back now, whenever it was paid."""
    rows = Refund.objects.filter(store_id=store.id, state__in=REFUNDING)
    return int(rows.aggregate(n=Sum("amount_fen"))["n"] or 0)


def _days(days: dict[date, Sums]) -> list[StatementDay]:
    """Days on which money moved, newest first."""
    return [
        StatementDay(day=day, orders=s.orders, paid_fen=s.paid, refunded_fen=s.refunded, net_fen=s.net)
        for day, s in sorted(days.items(), reverse=True)
    ]


def _groups(groups: dict[int, Sums]) -> list[StatementGroup]:
    """Sales on which money moved, newest first."""
    titles = dict(GroupBuy.objects.filter(id__in=groups).values_list("id", "title"))
    return [
        StatementGroup(
            group_buy_id=str(i),
            title=titles.get(i, ""),
            orders=s.orders,
            paid_fen=s.paid,
            refunded_fen=s.refunded,
            net_fen=s.net,
        )
        for i, s in sorted(groups.items(), reverse=True)
    ]


def summary(store: Store) -> SummaryOut:
    """Today in Beijing, and what waits for the leader."""
    today = day_start(china_day(now()))
    tomorrow = today + timedelta(days=1)
    money = list(received(store, today, tomorrow))
    # Narrowed first, so that a million finished orders are not looked at.
    some = reduce(or_, (LEADER_TABS[tab] for tab in WAITING))
    waiting = Order.objects.filter(some, store=store).aggregate(
        **{tab: Count("id", filter=LEADER_TABS[tab]) for tab in WAITING}
    )
    running = GroupBuy.objects.filter(
        store=store,
        kind=GroupBuy.Kind.DATED,
        state=GroupBuy.State.PUBLISHED,
        starts_at__lte=now(),
        ends_at__gt=now(),
    )
    return SummaryOut(
        today_orders=sum(m.orders for m in money),
        today_paid_fen=sum(m.fen for m in money),
        to_ship=waiting["to_ship"],
        to_pick=waiting["to_pick"],
        to_confirm=waiting["to_confirm"],
        aftersales_open=waiting["aftersale"],
        running_groups=running.count(),
        refund_trouble=Refund.objects.filter(
            store_id=store.id, state__in=[Refund.State.ABNORMAL, Refund.State.CLOSED]
        ).count(),
    )

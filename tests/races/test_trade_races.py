"""A whole trade at once (STK-03): every snapshot of it is conserved."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections, transaction
from django.db.models import Sum

from orders.orderworld import World, counts, make_world
from races.conftest import Pace
from races.racing import together
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.orders import actions as orders
from yantuan.orders.drafts import Draft, Refused
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.placing import place_orders
from yantuan.orders.states import PAID_PAYMENTS
from yantuan.payments import closing
from yantuan.payments.actions import confirm_offline_refund, refund_as_leader
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader

TRADERS = 6
SWEEP_SECONDS = 0.25
"""Pause of the workers between two looks for orders that are due."""


def _life(world: World, place: int, draft: Draft) -> None:
    """One order's fate: of ten, three are cancelled, two never paid, five paid; of twenty, one is given back."""
    outcome = place_orders([draft])[0]
    if isinstance(outcome, Refused):
        assert outcome.error.code == "sold_out"
        return
    order_id, fate = int(outcome.order.id), place % 10
    if fate < 3:
        closing.close_if_over(order_id, "buyer", SYSTEM)
    elif fate < 5:
        Order.objects.filter(id=order_id).update(expires_at=now())
    else:
        with transaction.atomic():
            orders.mark_paid(order_id, outcome.order.total_fen, SYSTEM)
        if place % 20 == 9:
            _give_back(world, order_id)


def _give_back(world: World, order_id: int) -> None:
    boss = world.leader_person
    refund = refund_as_leader(boss, order_id, [], include_freight=True, reason="缺货", restock=True)
    confirm_offline_refund(boss, refund.id)


def _look(ended: threading.Event, seconds: float) -> list[set[str]]:
    """What was wrong in each of many snapshots, taken while the trade goes on."""
    found = []
    try:
        while not ended.wait(seconds):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                reader = Reader(now())
                found.append({name for name in ("ST1", "ST2", "ST3", "ST4") if RULES[name].check(reader)})
        return found
    finally:
        connections.close_all()


def _drafts(world: World, count: int) -> list[Draft]:
    pairs = [world.buyer() for _ in range(max(TRADERS, count // 10))]
    return [
        world.draft(
            pairs[n % len(pairs)], lines=((world.offers[n % len(world.offers)], 1),), payment_method="offline"
        )
        for n in range(count)
    ]


def _trade(world: World, drafts: list[Draft]) -> None:
    """The traders share the drafts; two workers expire what is due until the last of them has finished."""
    trading = list(range(TRADERS))
    ended = threading.Event()

    def trader(first: int) -> None:
        try:
            for place in range(first, len(drafts), TRADERS):
                _life(world, place, drafts[place])
        finally:
            trading.pop()
            if not trading:
                ended.set()

    def worker() -> None:
        while not ended.wait(SWEEP_SECONDS):
            closing.expire_due()

    traders = [lambda n=n: trader(n) for n in range(TRADERS)]  # type: ignore[misc]
    done = together([*traders, worker, worker])
    assert done == [None] * len(done)


def test_a_whole_trade_is_conserved_at_every_moment(pace: Pace) -> None:
    """STK-03."""
    count, goods = pace.size(120, 2000, 12), pace.size(20, 20, 3)
    world = make_world(stock_units=pace.size(5, 200, 3), offers=goods)
    drafts, ended = _drafts(world, count), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(_look, ended, pace.size(50, 1000, 50) / 1000)
        try:
            _trade(world, drafts)
        finally:
            ended.set()
        samples = looking.result(60)
    assert len(samples) > 2 and set().union(*samples) == set()
    # One round looks at so many at most, and what became due last is still there.
    while closing.expire_due():
        pass
    live = OrderLine.objects.filter(order__payment__in=[*PAID_PAYMENTS, "refunded"])
    sold = live.aggregate(units=Sum("quantity"))["units"]
    back = OrderLine.objects.filter(order__payment="refunded").count()
    assert sum(counts(offer)[2] for offer in world.offers) == sold - back
    assert sum(counts(offer)[1] for offer in world.offers) == 0
    assert not Order.objects.filter(payment="unpaid").exists()

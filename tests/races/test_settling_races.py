"""Races around a sale that settles: the payment that forms it, the last payment and the judgement, two judges."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction

from orders.orderworld import World, make_world, order_of
from races.conftest import Pace
from races.racing import LOCK, deadlocks, meeting, together, without
from races.test_stock_races import place_each
from yantuan.groupbuys.models import GroupBuy
from yantuan.groupbuys.options import SaleOptions, packed
from yantuan.groupbuys.options.forming import FormingRule, SaleForming
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.orders import actions as orders
from yantuan.orders.models import Order
from yantuan.payments.models import Refund
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader
from yantuan.settling import actions
from yantuan.settling.models import Formation, Settlement


def forming_sale(reach: int, buyers: int) -> tuple[World, list[Order]]:
    """A sale that forms from so many buyers, and an unpaid order of each of those who came."""
    world = make_world(stock_units=500)
    sale = SaleForming(rule=FormingRule(reach=reach))
    GroupBuy.objects.filter(id=world.group_buy.id).update(options=packed(SaleOptions(forming=sale)))
    drafts = [world.draft(world.buyer(), payment_method="offline") for _ in range(buyers)]
    return world, [order_of(outcome) for outcome in place_each(drafts, 1)]


def pay_one(order: Order) -> None:
    """The money, and then the worker that hears of it."""
    with transaction.atomic():
        orders.mark_paid(order.id, order.total_fen, SYSTEM)
    actions.note_paid(order.id)


def over(world: World) -> None:
    """Closed for longer than the judgement waits for open orders."""
    moment = now() - timedelta(days=2)
    GroupBuy.objects.filter(id=world.group_buy.id).update(state=GroupBuy.State.CLOSED, closed_at=moment)


def settled(world: World) -> set[int]:
    """Orders that get everything back because the sale did not form."""
    rows = Settlement.objects.filter(group_buy_id=world.group_buy.id, kind=Settlement.Kind.UNFORMED)
    return set(rows.values_list("order_id", flat=True))


def said(world: World, topic: str) -> int:
    return OutboxEvent.objects.filter(topic=topic, payload__group_buy_id=str(world.group_buy.id)).count()


def test_payments_at_once_form_a_sale_once(pace: Pace) -> None:
    for _ in range(pace.size(3, 20, 1)):
        world, found = forming_sale(5, pace.size(5, 12, 5))
        done = together([partial(pay_one, order) for order in found])
        assert [one for one in done if isinstance(one, Exception)] == []
        formation = Formation.objects.get(pk=world.group_buy.id)
        assert formation.state == "formed" and 5 <= formation.people <= len(found)
        assert said(world, actions.FORMED_TOPIC) == 1
        over(world)
        assert actions.judge(world.group_buy.id)
        assert settled(world) == set()


def test_the_last_payment_beside_the_judgement(pace: Pace) -> None:
    """Whoever came first: a sale goes ahead for all that paid, or all that paid get everything back."""
    before = deadlocks()
    for _ in range(pace.size(8, 60, 2)):
        world, found = forming_sale(3, 3)
        for order in found[:2]:
            pay_one(order)
        over(world)
        judge = partial(actions.judge, world.group_buy.id)
        done = together([partial(pay_one, found[2]), judge, judge])
        assert [one for one in done if isinstance(one, Exception)] == [] and done.count(True) == 1
        formation = Formation.objects.get(pk=world.group_buy.id)
        failed = formation.state == "failed"
        assert settled(world) == ({order.id for order in found} if failed else set())
        outbox.drain()
        refunded = set(Refund.objects.filter(order__in=found).values_list("order_id", "amount_fen"))
        assert refunded == ({(order.id, order.total_fen) for order in found} if failed else set())
        assert RULES["F1"].check(Reader(now())) == []
    assert deadlocks() == before


def test_control_without_the_lock_somebody_is_forgotten() -> None:
    world, found = forming_sale(3, 3)
    for order in found[:2]:
        pay_one(order)
    over(world)
    judge, last = partial(actions.judge, world.group_buy.id), partial(pay_one, found[2])
    judging, writing = (
        'UPDATE "orders_order"|INSERT INTO "settling_settlement"',
        'UPDATE "settling_formation"',
    )
    with without(LOCK), meeting(judging, 2), meeting(writing, 2):
        together([last, judge])
    # Two have their money back of a sale the third pays for.
    assert settled(world) == {order.id for order in found[:2]}


def test_two_judges_judge_once(pace: Pace) -> None:
    for _ in range(pace.size(3, 20, 1)):
        world, found = forming_sale(3, 2)
        for order in found:
            pay_one(order)
        over(world)
        done = together([partial(actions.judge, world.group_buy.id)] * 4)
        assert sorted(map(bool, done)) == [False, False, False, True]
        assert settled(world) == {order.id for order in found}
        assert AuditEntry.objects.filter(action="sale.judged", target_id=world.group_buy.id).count() == 1


def test_control_without_the_lock_a_sale_is_judged_twice() -> None:
    world, found = forming_sale(3, 2)
    for order in found:
        pay_one(order)
    over(world)
    with without(LOCK), meeting('INSERT INTO "settling_settlement"', 2):
        done = together([partial(actions.judge, world.group_buy.id)] * 2)
    assert done == [True, True]

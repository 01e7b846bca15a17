"""How teams end: formed by the last payment, over by their time, sold all the same where that was promised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from orders.orderworld import World, counts
from teams.teamworld import close, counted, pay, placed, start, team_draft, team_world
from yantuan.groupbuys.models import GroupBuy
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import Conflict
from yantuan.notices.models import InboxMessage
from yantuan.orders import actions as orders
from yantuan.orders.holding import held_orders
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail
from yantuan.payments import refunds
from yantuan.payments import rules as payment_rules
from yantuan.payments.models import Refund
from yantuan.payments.queries import left_of_lines
from yantuan.reports.checks import run_checks
from yantuan.teams import actions
from yantuan.teams.jobs import end_teams
from yantuan.teams.models import Seat, Team

pytestmark = pytest.mark.django_db
SOUND = ["TM1", "TM2", "ST1", "ST2", "ST3", "M1", "M2", "R1"]


def full(world: World, size: int = 3) -> tuple[Team, list[Order]]:
    """A team with every seat taken and nothing paid."""
    team, first = start(world)
    return team, [first, *placed(*(team_draft(world, team.id) for _ in range(size - 1)))]


def later(hours: float) -> frozen:
    return frozen(now() + timedelta(hours=hours))


def give_back_whole(order: Order) -> None:
    """The leader gives everything of a paid order back."""
    with transaction.atomic():
        locked = orders.lock_order(order.id)
        parts = payment_rules.everything(left_of_lines(list(locked.lines.all())))
        refunds.start_refund(locked, parts, cause="leader", reason="", restock=True, actor=SYSTEM)
    outbox.drain()


def told(kind: str) -> list[int]:
    """Whom a message of this kind was written to."""
    return sorted(InboxMessage.objects.filter(kind=kind).values_list("person_id", flat=True))


def payments(found: list[Order]) -> list[str]:
    return [Order.objects.get(id=one.id).payment for one in found]


def test_the_last_payment_forms_the_team_and_not_the_last_seat() -> None:
    world = team_world(size=3)
    team, found = full(world)
    pay(*found[:2])
    assert end_teams() == 1 and counted(team) == ("forming", 3, 3)
    pay(found[2])
    assert counted(team) == ("formed", 3, 0)
    assert list(Seat.objects.filter(team=team).values_list("state", flat=True)) == ["kept"] * 3
    for order in found:
        assert [e.event for e in order.events.filter(event="team_formed")] == ["team_formed"]
    with later(25):
        assert end_teams() == 0
    assert Refund.objects.count() == 0 and run_checks(SOUND).violations == []
    assert told("team_formed") == sorted(order.person_id for order in found)


def test_before_it_is_formed_nothing_of_it_moves() -> None:
    world = team_world(size=2)
    team, found = full(world, 2)
    [alone] = placed(world.draft())
    pay(found[0], alone)
    asked = {order.id: order.group_buy_id for order in (*found, alone)}
    held = held_orders(asked)
    assert set(held) == {order.id for order in found}
    assert held[found[0].id].code == "team_forming"
    pay(found[1])
    assert counted(team)[0] == "formed" and held_orders(asked) == {}


def test_over_time_every_payment_goes_back_in_full_and_unpaid_orders_close() -> None:
    world = team_world(size=3, hours=1)
    team, found = full(world)
    pay(*found[:2])
    with later(1):
        assert end_teams() == 1
        outbox.drain()
        assert end_teams() == 0
    assert counted(team) == ("over", 0, 0)
    # Paid by a stroke of the pen: there is no provider to send the money back, so it waits as it would for an offline payment.
    assert payments(found) == ["paid", "paid", "closed"]
    assert Order.objects.get(id=found[2].id).close_reason == "team_over"
    rows = Refund.objects.order_by("order_id")
    assert [(r.order_id, r.amount_fen, r.cause) for r in rows] == [
        (order.id, order.total_fen, "unformed") for order in found[:2]
    ]
    outbox.drain()
    assert Refund.objects.count() == 2
    assert set(held_orders({order.id: 0 for order in found})) == {order.id for order in found}
    assert told("team_over") == sorted(order.person_id for order in found[:2])


def test_an_end_told_twice_gives_back_once() -> None:
    world = team_world(size=2, hours=1)
    team, found = full(world, 2)
    pay(found[0])
    with later(2):
        end_teams()
        assert actions.wind_up_all(team.id) and actions.wind_up_all(team.id)
    assert Refund.objects.count() == 1
    assert counts(world.offers[0])[1] == 0


def test_money_that_comes_after_the_end_goes_back() -> None:
    world = team_world(size=2, hours=1)
    team, found = full(world, 2)
    with later(1):
        assert actions.settle(team.id) == "end"
        # Booked between the decision and the closing of the order.
        with transaction.atomic():
            orders.mark_paid(found[1].id, found[1].total_fen, SYSTEM)
        outbox.drain()
    assert payments(found) == ["closed", "paid"]
    assert [(r.order_id, r.amount_fen) for r in Refund.objects.all()] == [(found[1].id, found[1].total_fen)]
    assert counted(team) == ("over", 0, 0)


def test_paid_in_time_and_noticed_late_is_formed() -> None:
    world = team_world(size=2, hours=1)
    team, found = full(world, 2)
    for order in found:
        with transaction.atomic():
            orders.mark_paid(order.id, order.total_fen, SYSTEM)
    with later(2):
        assert actions.settle(team.id) == "form"
        outbox.drain()
    assert counted(team)[0] == "formed" and Refund.objects.count() == 0


def test_sold_all_the_same_where_it_was_promised() -> None:
    world = team_world(size=3, hours=1, sell_anyway=True)
    team, found = full(world)
    pay(found[0])
    with later(1):
        end_teams()
        outbox.drain()
    assert counted(team)[0] == "kept"
    assert (Refund.objects.count(), held_orders({found[0].id: 0})) == (0, {})
    assert found[0].events.filter(event="team_kept").count() == 1


def test_nothing_is_sold_all_the_same_without_a_payment() -> None:
    world = team_world(size=3, hours=1, sell_anyway=True)
    team, found = full(world)
    with later(1):
        end_teams()
        outbox.drain()
    assert counted(team)[0] == "over" and payments(found) == ["closed"] * 3


def test_terms_changed_later_are_for_later_teams() -> None:
    world = team_world(size=3, hours=1)
    team, found = full(world)
    world.group_buy.options["teams"] |= {"sell_anyway": True, "size": 2}
    world.group_buy.save(update_fields=["options"])
    pay(*found[:2])
    assert counted(team)[0] == "forming"
    with later(1):
        end_teams()
        outbox.drain()
    assert counted(team)[0] == "over" and Refund.objects.count() == 2


def test_a_sale_that_is_closed_ends_its_teams() -> None:
    world = team_world(size=2)
    team, found = full(world, 2)
    pay(found[0])
    assert end_teams() == 1 and counted(team)[0] == "forming"
    GroupBuy.objects.update(state="closed")
    assert end_teams() == 1
    outbox.drain()
    assert counted(team)[0] == "over" and Refund.objects.count() == 1


def test_who_gets_all_the_money_back_leaves_the_team() -> None:
    world = team_world(size=2)
    team, found = full(world, 2)
    pay(found[0])
    give_back_whole(found[0])
    assert counted(team) == ("forming", 1, 1)
    [next_one] = placed(team_draft(world, team.id))
    pay(found[1], next_one)
    assert counted(team) == ("formed", 2, 0)


def test_a_payment_counts_no_more_from_the_moment_it_is_asked_back() -> None:
    world = team_world(size=2)
    team, found = full(world, 2)
    pay(found[0])
    with transaction.atomic():
        locked = orders.lock_order(found[0].id)
        parts = payment_rules.everything(left_of_lines(list(locked.lines.all())))
        refunds.start_refund(locked, parts, cause="cancel", reason="", restock=True, actor=SYSTEM)
        orders.mark_paid(found[1].id, found[1].total_fen, SYSTEM)
    assert actions.settle(team.id) == "wait" and counted(team)[0] == "forming"


def test_late_money_takes_the_seat_again_only_while_it_is_free() -> None:
    world = team_world(size=2)
    team, found = full(world, 2)
    close(found[1])
    with transaction.atomic():
        assert orders.mark_paid_late(found[1].id, found[1].total_fen, SYSTEM)
    assert counted(team) == ("forming", 2, 2)
    close(found[0])
    placed(team_draft(world, team.id))
    with transaction.atomic():
        assert not orders.mark_paid_late(found[0].id, found[0].total_fen, SYSTEM)
    assert counted(team) == ("forming", 2, 2)
    assert run_checks(["TM1", "ST2"]).violations == []


def test_the_orders_page_tells_of_its_team() -> None:
    world = team_world(size=2)
    team, found = full(world, 2)
    pay(found[0])
    shown = order_detail(found[0], "buyer").team
    assert shown is not None
    assert (shown.code, shown.state_label, shown.size, shown.paid) == (team.code, "拼团中", 2, 1)
    [alone] = placed(world.draft())
    assert order_detail(alone, "buyer").team is None


def test_one_members_trouble_keeps_nobody_elses_money(monkeypatch: pytest.MonkeyPatch) -> None:
    world = team_world(size=3, hours=1)
    _, found = full(world)
    pay(*found[:2])
    real = refunds.start_refund

    def refused(order: Order, *args: Any, **kwargs: Any) -> Refund:
        if order.id == found[0].id:
            raise Conflict("refund_too_old", "太久了", "Too old.")
        return real(order, *args, **kwargs)

    monkeypatch.setattr(refunds, "start_refund", refused)
    with later(1):
        end_teams()
        outbox.drain()
    assert [row.order_id for row in Refund.objects.all()] == [found[1].id]
    monkeypatch.setattr(refunds, "start_refund", real)
    with later(1.01):
        outbox.drain()
    assert {row.order_id for row in Refund.objects.all()} == {order.id for order in found[:2]}

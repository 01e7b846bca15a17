"""Teams at a running provider: what was paid in a team that did not form goes back to the fen, whoever pays at the last moment."""

from __future__ import annotations

import pytest
from payworld import Simulator, World, counts, fresh, post_notice, run_out, start_pay

from yantuan.groupbuys.options import OfferOptions, SaleOptions, packed
from yantuan.groupbuys.options.teams import OfferTeams, SaleTeams
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.orders.drafts import TeamWish
from yantuan.orders.models import Order
from yantuan.payments import closing, refund_work
from yantuan.payments.actions import cancel, refresh
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.reports.checks import run_checks
from yantuan.teams.jobs import end_teams
from yantuan.teams.models import Seat, Team


@pytest.fixture
def teams(world: World) -> World:
    """The sale is sold to teams of three, for an hour, at ¥29.90 in place of ¥39.90."""
    world.group_buy.options = packed(SaleOptions(teams=SaleTeams(size=3, hours=1)))
    world.group_buy.save(update_fields=["options"])
    [offer] = world.offers
    offer.options = packed(OfferOptions(teams=OfferTeams(price_fen=2990)))
    offer.save(update_fields=["options"])
    return world


def seat(world: World, team: Team | None = None) -> Order:
    """An order in the team, or in a new one."""
    wish = TeamWish(team.id if team else None)
    return world.order(world.buyer(), expected_total_fen=2990 + 800, team=wish)


def team_of(order: Order) -> Team:
    return Seat.objects.select_related("team").get(order_id=order.id).team


def paid(order: Order, sim: Simulator) -> PaymentAttempt:
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    refresh(order.person, order.id)
    outbox.drain()
    return attempt


def back(sim: Simulator) -> None:
    """The worker sends refunds, and hears a little later what became of them."""
    outbox.drain()
    with sim.later(10):
        refund_work.push_due()
        outbox.drain()


def ended(sim: Simulator) -> None:
    """The hour is over: the decision, what follows, and the refunds."""
    Team.objects.filter(state="forming").update(ends_at=now())
    assert end_teams() == 1
    back(sim)


def test_everybodys_money_is_back_in_the_providers_book(teams: World, sim: Simulator) -> None:
    first = seat(teams)
    team = team_of(first)
    second, third = seat(teams, team), seat(teams, team)
    attempts = [paid(order, sim) for order in (first, second)]
    _, open_attempt = start_pay(third)
    ended(sim)
    assert end_teams() == 0
    for order, attempt in zip((first, second), attempts, strict=True):
        found = fresh(order)
        assert (found.payment, found.paid_fen, found.refunded_fen) == ("refunded", 3790, 3790)
        book = sim.book(attempt.out_trade_no)
        assert (book["total"], book["refunded"]) == (3790, 3790)
    assert [r.cause for r in Refund.objects.all()] == ["unformed", "unformed"]
    unpaid = fresh(third)
    assert (unpaid.payment, unpaid.close_reason) == ("closed", "team_over")
    with pytest.raises(AssertionError, match="order_closed"):
        sim.pay(open_attempt.out_trade_no)
    assert counts(teams.offers[0]) == (10, 0, 0)
    team.refresh_from_db()
    assert (team.state, team.taken) == ("over", 0)
    assert run_checks(["TM1", "TM2"]).violations == []


def test_paid_at_the_provider_in_the_moment_of_the_end_goes_back_too(teams: World, sim: Simulator) -> None:
    """Nobody here knows of the payment yet when the team ends: closing at the provider finds it."""
    order = seat(teams)
    _, attempt = start_pay(order)
    sim.fault("paid_before_close")
    ended(sim)
    found = fresh(order)
    assert (found.payment, found.paid_fen, found.refunded_fen) == ("refunded", 3790, 3790)
    assert sim.book(attempt.out_trade_no)["refunded"] == 3790
    assert counts(teams.offers[0]) == (10, 0, 0)


def test_while_the_provider_is_silent_nothing_of_it_is_closed(teams: World, sim: Simulator) -> None:
    order = seat(teams)
    start_pay(order)
    sim.fault("answer_garbage", times=None)
    ended(sim)
    assert (fresh(order).payment, counts(teams.offers[0])) == ("unpaid", (9, 1, 0))
    sim.clear_faults()
    with sim.later(30):
        outbox.drain()
    assert (fresh(order).payment, counts(teams.offers[0])) == ("closed", (10, 0, 0))


def test_a_notice_that_comes_after_the_end_is_given_back_whole(teams: World, sim: Simulator) -> None:
    """The order was closed with its team; the provider tells of its money later: recorded, and back by itself."""
    order = seat(teams)
    _, attempt = start_pay(order)
    PaymentAttempt.objects.update(state="closed", next_poll_at=None)
    ended(sim)
    assert fresh(order).close_reason == "team_over"
    sim.pay(attempt.out_trade_no)
    assert post_notice(sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])) == 204
    back(sim)
    found = fresh(order)
    assert (found.payment, found.paid_fen, found.refunded_fen) == ("closed", 3790, 3790)
    assert [(r.cause, r.amount_fen) for r in Refund.objects.all()] == [("late", 3790)]


def test_a_hold_that_ends_frees_its_seat_and_the_team_goes_on(teams: World, sim: Simulator) -> None:
    first = seat(teams)
    team = team_of(first)
    second, slow = seat(teams, team), seat(teams, team)
    for order in (first, second):
        paid(order, sim)
    run_out(slow)
    assert closing.expire_due() == 1
    team.refresh_from_db()
    assert (team.state, team.taken) == ("forming", 2)
    paid(seat(teams, team), sim)
    team.refresh_from_db()
    assert (team.state, team.taken) == ("formed", 3)
    assert not Refund.objects.exists()


def test_who_cancels_before_it_is_formed_has_the_money_and_leaves_the_seat(
    teams: World, sim: Simulator
) -> None:
    first = seat(teams)
    team = team_of(first)
    attempt = paid(first, sim)
    cancel(first.person, first.id, "")
    back(sim)
    team.refresh_from_db()
    assert (team.state, team.taken) == ("forming", 0)
    assert sim.book(attempt.out_trade_no)["refunded"] == 3790
    assert fresh(first).payment == "refunded"

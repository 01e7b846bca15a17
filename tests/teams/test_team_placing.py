"""Coming into a team with an order: one seat per order, one team per person, and never a seat too many."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orders.orderworld import World, counts, footprint, refusal
from teams.teamworld import (
    TEAM_FEN,
    close,
    codes_of,
    counted,
    pay,
    placed,
    start,
    team_draft,
    team_of,
    team_world,
)
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError
from yantuan.orders.drafts import Refused, TeamWish
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.orders.quoting import quote
from yantuan.orders.schemas import LineIn, QuoteIn, TeamIn
from yantuan.reports.checks import run_checks
from yantuan.teams.models import Seat, Team

pytestmark = pytest.mark.django_db


def test_whoever_starts_a_team_pays_its_price_and_has_its_first_seat() -> None:
    world = team_world(size=3, hours=2)
    team, order = start(world)
    assert (order.goods_fen, order.lines.get().price_fen) == (TEAM_FEN, TEAM_FEN)
    assert (team.size, team.taken, team.state, team.ends_at - team.started_at) == (
        3,
        1,
        "forming",
        timedelta(hours=2),
    )
    assert (team.group_buy_id, team.store_id) == (world.group_buy.id, world.store.id)
    assert counts(world.offers[0]) == (9, 1, 0)


def test_the_end_of_the_sale_is_the_end_of_its_teams() -> None:
    world = team_world(hours=72)
    team, _ = start(world)
    assert team.ends_at == world.group_buy.ends_at


def test_the_last_seat_goes_to_one_of_a_batch() -> None:
    world = team_world(size=3)
    team, _ = start(world)
    wishes = [team_draft(world, team.id) for _ in range(4)]
    outcomes = place_orders(wishes)
    assert codes_of(outcomes) == ["placed", "placed", "team_full", "team_full"]
    assert isinstance(outcomes[2], Refused) and "自己开一个新团" in outcomes[2].error.zh
    assert counted(team) == ("forming", 3, 3)
    assert counts(world.offers[0]) == (7, 3, 0)


def test_the_last_seat_goes_to_the_first_of_two_batches() -> None:
    world = team_world(size=2)
    team, _ = start(world)
    assert codes_of(place_orders([team_draft(world, team.id)])) == ["placed"]
    before = footprint()
    assert refusal(place_orders([team_draft(world, team.id)])[0]) == "team_full"
    assert footprint() == before and counted(team) == ("forming", 2, 2)


def test_a_person_is_in_one_team_of_a_sale_at_a_time() -> None:
    world = team_world(size=2)
    team, order = start(world)
    other, _ = start(world)
    pair = world.buyers[0]
    before = footprint()
    for wish in (None, team.id, other.id):
        assert refusal(place_orders([team_draft(world, wish, pair)])[0]) == "already_in_team"
    assert footprint() == before
    twice = [team_draft(world), team_draft(world)]
    twice[1] = replace(twice[1], person_id=twice[0].person_id, address_id=twice[0].address_id)
    assert codes_of(place_orders(twice)) == ["placed", "already_in_team"]
    pay(order, *placed(team_draft(world, team.id)))
    assert counted(team) == ("formed", 2, 0)
    assert codes_of(place_orders([team_draft(world, None, pair)])) == ["placed"]


def test_the_same_checkout_again_takes_no_second_seat() -> None:
    world = team_world()
    draft = team_draft(world)
    first, again = placed(draft)[0], placed(draft)[0]
    assert first == again and Seat.objects.count() == 1
    assert counted(team_of(first)) == ("forming", 1, 1)


def test_what_is_refused_leaves_nothing_behind() -> None:
    world = team_world(offers=2)
    team, _ = start(world)
    plain = world.offers[1]
    plain.options = {}
    plain.save(update_fields=["options"])
    strange = team_world()
    cases = {
        "team_unknown": team_draft(world, 4711),
        "team_needs_wechatpay": team_draft(world, team.id, payment_method="offline"),
        "team_no_adding": team_draft(world, team.id, adds=True),
        "team_price_missing": team_draft(world, team.id, lines=((plain, 1),)),
        "price_changed": team_draft(world, team.id, expected_total_fen=4790),
    }
    before = footprint()
    for code, draft in cases.items():
        assert refusal(place_orders([draft])[0]) == code
    assert refusal(place_orders([team_draft(strange, team.id)])[0]) == "team_unknown"
    strange.group_buy.options = {}
    strange.group_buy.save(update_fields=["options"])
    assert refusal(place_orders([team_draft(strange)])[0]) == "team_not_offered"
    assert (footprint(), counted(team), Team.objects.count()) == (before, ("forming", 1, 1), 1)


def test_a_team_over_takes_nobody() -> None:
    world = team_world(hours=1)
    team, _ = start(world)
    with frozen(now() + timedelta(hours=1)):
        assert refusal(place_orders([team_draft(world, team.id)])[0]) == "team_over"


def test_alone_costs_the_usual_price_and_takes_no_seat() -> None:
    world = team_world()
    [order] = placed(world.draft())
    assert (order.goods_fen, Seat.objects.count()) == (3990, 0)


def test_an_order_that_closes_gives_its_seat_back_once() -> None:
    world = team_world(size=2)
    team, first = start(world)
    [second] = placed(team_draft(world, team.id))
    close(second)
    close(second)
    assert counted(team) == ("forming", 1, 1)
    [third] = placed(team_draft(world, team.id))
    pay(first, third)
    assert counted(team)[0] == "formed"
    assert run_checks(["TM1"]).violations == []


def test_the_quote_says_the_team_price_and_what_stands_in_the_way() -> None:
    world = team_world(size=2)
    team, _ = start(world)
    person = world.buyer()[0]

    def asked(wish: TeamIn | None) -> tuple[int, str]:
        lines = [LineIn(offer_id=world.offers[0].id, quantity=1)]
        body = QuoteIn(group_buy_id=world.group_buy.id, lines=lines, delivery_method="courier", team=wish)
        found = quote(person.id, body)
        return found.total_fen, found.demand

    assert asked(None) == (4790, "")
    assert asked(TeamIn()) == asked(TeamIn(id=str(team.id))) == (TEAM_FEN + 800, "")
    placed(team_draft(world, team.id))
    assert asked(TeamIn(id=str(team.id)))[1] == "该团已满，可以自己开一个新团"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(2, 5), st.lists(st.sampled_from(["join", "start", "close", "pay"]), max_size=14))
def test_whatever_happens_seats_are_live_orders_and_no_team_is_overfilled(
    size: int, steps: list[str]
) -> None:
    """Every team has as many seats as open orders in it, and is formed exactly by `size` payments."""
    world = team_world(size=size, stock_units=99)
    team, _ = start(world)
    moment = now()
    for n, step in enumerate(steps):
        with frozen(moment + timedelta(minutes=2 * n)):
            _step(world, team, step)
    team.refresh_from_db()
    live = Order.objects.filter(id__in=team.seats.values("order_id")).exclude(
        payment__in=["closed", "refunded"]
    )
    if team.state == "forming":
        assert team.taken == live.count() <= size
    else:
        assert (team.state, live.filter(payment="paid").count()) == ("formed", size)
    assert run_checks(["TM1", "ST1", "ST2", "ST3"]).violations == []


def _step(world: World, team: Team, step: str) -> None:
    unpaid = Order.objects.filter(group_buy_id=team.group_buy_id, payment="unpaid").order_by("id")
    if step in ("join", "start"):
        wish = TeamWish(team.id if step == "join" else None)
        place_orders([team_draft(world, wish.team_id)])
    elif (order := unpaid.first()) is not None:
        close(order) if step == "close" else pay(order)


def test_a_team_that_is_full_refuses_with_its_id() -> None:
    world = team_world(size=2)
    team, _ = start(world)
    placed(team_draft(world, team.id))
    outcome = place_orders([team_draft(world, team.id)])[0]
    assert isinstance(outcome, Refused) and isinstance(outcome.error, AppError)
    assert outcome.error.details == {"team_id": str(team.id)}


def test_a_batch_of_any_size_costs_the_same_statements() -> None:
    world = team_world(size=10, stock_units=99)
    team, _ = start(world)

    def cost(count: int) -> int:
        drafts = [team_draft(world, team.id if n % 2 else None) for n in range(count)]
        with CaptureQueriesContext(connection) as ran:
            assert codes_of(place_orders(drafts)) == ["placed"] * count
        return len(ran.captured_queries)

    assert cost(2) == cost(12)


def test_whoever_buys_alone_pays_for_none_of_it() -> None:
    """A sale with teams reads and writes nothing more for those who don't want one."""
    plain, teams = team_world(), team_world()
    plain.group_buy.options = {}
    plain.group_buy.save(update_fields=["options"])

    def cost(world: World) -> int:
        draft = world.draft()
        with CaptureQueriesContext(connection) as ran:
            placed(draft)
        return len(ran.captured_queries)

    assert cost(plain) == cost(teams)

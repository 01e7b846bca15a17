"""Races around a team: the last seat, a seat and one's second team, the last payment and the end; each with its control."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.db import transaction

from orders.orderworld import World, add_offer, counts, order_of
from races.conftest import Pace
from races.racing import LOCK, deadlocks, meeting, together, unconstrained, without
from races.test_stock_races import TAKES_STOCK, codes, known, place_each, wins
from teams.teamworld import FREIGHT, TEAM_FEN, Pair, counted, placed, start, team_draft, team_world
from yantuan.groupbuys.options import OfferOptions, packed
from yantuan.groupbuys.options.teams import OfferTeams
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.orders import actions as orders
from yantuan.orders.drafts import Draft
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders
from yantuan.payments.models import Refund
from yantuan.teams import actions
from yantuan.teams.models import Seat, Team


def apart(world: World, team: Team, pairs: list[Pair]) -> list[Draft]:
    """A checkout each in the team, of goods of one's own: no lock of a pool stands between them."""
    drafts = []
    for n, pair in enumerate(pairs):
        offer = add_offer(world, 30 + n, 5, 3990)
        offer.options = packed(OfferOptions(teams=OfferTeams(price_fen=TEAM_FEN)))
        offer.save(update_fields=["options"])
        drafts.append(
            team_draft(world, team.id, pair, lines=((offer, 1),), expected_total_fen=TEAM_FEN + FREIGHT)
        )
    return drafts


def test_the_last_seats_go_to_as_many_and_the_others_may_start_anew(pace: Pace) -> None:
    before = deadlocks()
    for _ in range(pace.size(3, 30, 1)):
        world = team_world(size=3)
        team, _ = start(world)
        drafts = apart(world, team, [world.buyer() for _ in range(pace.size(8, 40, 4))])
        outcomes = place_each(drafts, len(drafts))
        assert (wins(outcomes), codes(outcomes)) == (2, {"team_full"})
        assert counted(team) == ("forming", 3, 3)
        assert Order.objects.filter(group_buy=world.group_buy).count() == 3
    assert deadlocks() == before


def last_seat(wanted: int) -> tuple[World, Team, list[Draft]]:
    """One seat left, and checkouts of people who carry a number of this sale already."""
    world = team_world(size=2)
    pairs = known(world, wanted)
    team, _ = start(world)
    return world, team, apart(world, team, pairs)


def test_without_the_lock_the_database_still_refuses_a_seat_too_many() -> None:
    _, team, drafts = last_seat(2)
    with without(LOCK), meeting(TAKES_STOCK, 2):
        outcomes = place_each(drafts, 2)
    assert (wins(outcomes), codes(outcomes)) == (1, {"team_full"})
    assert counted(team) == ("forming", 2, 2)


def test_control_without_lock_and_constraint_a_team_is_overfilled() -> None:
    _, team, drafts = last_seat(2)
    with unconstrained("teams_team", "team_not_overfilled"), without(LOCK), meeting(TAKES_STOCK, 2):
        assert wins(place_each(drafts, 2)) == 2
        assert counted(team) == ("forming", 3, 3)


def test_one_person_on_two_phones_sits_down_once(pace: Pace) -> None:
    for _ in range(pace.size(4, 30, 1)):
        world = team_world(size=4, offers=2)
        (team, _), (other, _) = start(world), start(world)
        pair = world.buyer()
        drafts = [*apart(world, team, [pair]), *apart(world, other, [pair]), *apart(world, team, [pair])]
        outcomes = place_each(drafts, 3)
        assert (wins(outcomes), codes(outcomes)) == (1, {"already_in_team"})
        assert Seat.objects.filter(person=pair[0]).count() == 1


def test_control_without_lock_and_uniqueness_one_person_sits_in_two_teams() -> None:
    world = team_world(size=4)
    [pair] = known(world, 1)
    (team, _), (other, _) = start(world), start(world)
    drafts = [*apart(world, team, [pair]), *apart(world, other, [pair])]
    with unconstrained("teams_seat", "seat_once_per_sale"), without(LOCK), meeting(TAKES_STOCK, 2):
        assert wins(place_each(drafts, 2)) == 2


def full_unpaid(size: int) -> tuple[World, Team, list[Order]]:
    world = team_world(size=size, stock_units=50)
    team, first = start(world)
    return world, team, [first, *placed(*(team_draft(world, team.id) for _ in range(size - 1)))]


def pay_one(order: Order) -> None:
    """What a notice of the provider does, and then the worker."""
    with transaction.atomic():
        orders.mark_paid(order.id, order.total_fen, SYSTEM)
    actions.order_paid(order.id)


def test_payments_at_once_form_the_team_once(pace: Pace) -> None:
    for _ in range(pace.size(4, 30, 1)):
        _, team, found = full_unpaid(4)
        done = together([lambda o=order: pay_one(o) for order in found])  # type: ignore[misc]
        assert [one for one in done if isinstance(one, Exception)] == []
        assert counted(team) == ("formed", 4, 0)
        outbox.drain()
        events = [order.events.filter(event="team_formed").count() for order in found]
        assert events == [1, 1, 1, 1]


def test_the_last_payment_and_the_end_at_once_are_formed_or_given_back_whole(pace: Pace) -> None:
    """Either everybody has the goods, or everybody's money is on its way back; never something between."""
    before, ends = deadlocks(), set()
    for _ in range(pace.size(8, 60, 2)):
        world, team, found = full_unpaid(2)
        pay_one(found[0])
        Team.objects.filter(id=team.id).update(ends_at=now() - timedelta(seconds=1))
        end = partial(actions.settle, team.id)
        done = together([partial(pay_one, found[1]), end, end])
        assert [one for one in done if isinstance(one, Exception)] == []
        outbox.drain()
        state = counted(team)[0]
        ends.add(state)
        refunded = set(Refund.objects.filter(order__in=found).values_list("order_id", "amount_fen"))
        whole = {(order.id, order.total_fen) for order in found}
        assert refunded == (whole if state == "over" else set())
        assert counts(world.offers[0])[1] == 0
    assert ends <= {"formed", "over"} and deadlocks() == before


def test_control_without_the_teams_lock_a_team_is_formed_and_over_at_once() -> None:
    torn = set()
    for _ in range(5):
        _, team, found = full_unpaid(2)
        pay_one(found[0])
        Team.objects.filter(id=team.id).update(ends_at=now() - timedelta(seconds=1))
        with without(LOCK), meeting('UPDATE "teams_team"', 2):
            together([partial(pay_one, found[1]), partial(actions.settle, team.id)])
        seats = frozenset(Seat.objects.filter(team=team).values_list("state", flat=True))
        torn.add((counted(team)[0], seats))
    sound = {("formed", frozenset({"kept"})), ("over", frozenset({"back"}))}
    assert torn - sound


def test_a_seat_given_back_goes_to_one_of_those_who_want_it(pace: Pace) -> None:
    for _ in range(pace.size(3, 20, 1)):
        world, team, found = full_unpaid(2)
        drafts = apart(world, team, [world.buyer() for _ in range(4)])

        def close(order_id: int = found[1].id) -> None:
            with transaction.atomic():
                orders.close_order(order_id, "buyer", SYSTEM)

        wishes = [lambda one=draft: place_orders([one])[0] for draft in drafts]  # type: ignore[misc]
        done = together([close, close, *wishes])
        assert [one for one in done if isinstance(one, Exception)] == []
        state, taken, seats = counted(team)
        assert (state, taken) == ("forming", seats) and 1 <= taken <= 2
        if taken == 1:
            order_of(place_orders([team_draft(world, team.id)])[0])
        live = Order.objects.filter(id__in=team.seats.values("order_id")).exclude(payment="closed")
        assert live.count() == 2

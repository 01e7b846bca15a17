"""Races around a waiting list: a place is given once, taken once, given back once; each with a control without its lock."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from orders.orderworld import World, counts, make_world
from races.conftest import Pace
from races.racing import LOCK, meeting, together, unconstrained, without
from races.test_stock_races import known, place_each, wins
from yantuan.catalog import stock
from yantuan.catalog.models import StockMovement
from yantuan.groupbuys.options import SaleOptions, packed
from yantuan.groupbuys.options.limits import SaleLimits
from yantuan.identity.models import Address, Person
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.orders.placing import place_orders
from yantuan.waiting import actions, work
from yantuan.waiting.models import Wish

Pair = tuple[Person, Address]


def lined(people: int, free: int) -> tuple[World, list[Pair], list[Wish]]:
    """Sold out with `people` in line, then `free` units come back; nobody has been offered anything yet."""
    world = make_world(stock_units=1)
    pairs = known(world, people)
    world.group_buy.options = packed(SaleOptions(limits=SaleLimits(waiting_minutes=30)))
    world.group_buy.save(update_fields=["options"])
    assert wins(place_orders([world.draft()])) == 1
    wishes = [actions.line_up(person, world.offers[0].id, 1) for person, _ in pairs]
    with transaction.atomic():
        stock.adjust(world.offers[0].pool_id, free, SYSTEM)
    return world, pairs, wishes


def states(wishes: list[Wish]) -> list[str]:
    return [Wish.objects.get(id=one.id).state for one in wishes]


def moves(wish: Wish) -> list[str]:
    return sorted(StockMovement.objects.filter(order_line_id=wish.id).values_list("kind", flat=True))


def failures(done: list[object]) -> list[object]:
    return [one for one in done if isinstance(one, Exception)]


def test_several_workers_give_each_place_once(pace: Pace) -> None:
    world, _, wishes = lined(5, 3)
    pool_id = world.offers[0].pool_id
    given = together([lambda: actions.offer_places(pool_id)] * pace.size(8, 30, 4))
    assert failures(list(given)) == []
    assert sum(one for one in given if isinstance(one, int)) == 3
    assert states(wishes) == ["offered"] * 3 + ["waiting"] * 2
    assert counts(world.offers[0]) == (0, 4, 0)
    assert [moves(one) for one in wishes[:3]] == [["hold"]] * 3


def test_a_place_is_taken_or_passes_and_never_both(pace: Pace) -> None:
    for _ in range(pace.size(3, 20, 1)):
        world, pairs, wishes = lined(1, 1)
        actions.offer_places(world.offers[0].pool_id)
        draft = world.draft(pairs[0])
        # The window ends while the order is on its way: whichever holds the pool first decides.
        work_of = [lambda d=draft: wins(place_orders([d])), lambda w=wishes[0]: leave_now(w)]  # type: ignore[misc]
        placed, left = together(work_of)
        [state] = states(wishes)
        assert (placed, left, state) in ((1, False, "taken"), (1, True, "left"))
        assert moves(wishes[0]) == ["hold", "release"]
        assert counts(world.offers[0]) == (0, 2, 0)


def leave_now(wish: Wish) -> bool:
    return actions.leave(wish.person, wish.id).state == "left"


def test_several_workers_give_a_passed_place_back_once(pace: Pace) -> None:
    world, _, wishes = lined(1, 1)
    actions.offer_places(world.offers[0].pool_id)
    Wish.objects.update(until=now() - timedelta(seconds=1))
    done = together([work.pass_by] * pace.size(6, 30, 4))
    assert failures(list(done)) == []
    assert sum(one for one in done if isinstance(one, int)) == 1
    assert (states(wishes), moves(wishes[0])) == (["passed"], ["hold", "release"])
    assert counts(world.offers[0]) == (1, 1, 0)


def test_control_without_its_locks_a_place_is_given_back_twice() -> None:
    world, _, wishes = lined(1, 3)
    actions.offer_places(world.offers[0].pool_id)
    [wish] = wishes
    with (
        unconstrained("catalog_stockmovement", "movement_once_per_line"),
        without(LOCK),
        meeting('UPDATE "catalog_stockpool"', 3),
    ):
        together([lambda: give_back(wish)] * 3)
        assert moves(wish).count("release") > 1
        assert counts(world.offers[0])[0] > 3


def give_back(wish: Wish) -> None:
    with transaction.atomic():
        stock.release([wish])


def test_buyers_passing_by_never_get_what_belongs_to_the_line(pace: Pace) -> None:
    world, pairs, _ = lined(2, 3)
    passing = [world.draft() for _ in range(pace.size(10, 40, 5))]
    waiting = [world.draft(pair) for pair in pairs]
    outcomes = place_each([*passing, *waiting], 6)
    assert wins(outcomes[: len(passing)]) == 1
    assert wins(outcomes[len(passing) :]) == 2
    assert counts(world.offers[0]) == (0, 4, 0)

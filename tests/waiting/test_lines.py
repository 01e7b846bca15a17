"""A waiting list: fair turns, holds of its own, released exactly once, and nobody else buys what is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from orders.orderworld import World, counts, footprint, make_person, make_world, order_of, refusal
from yantuan.catalog import stock
from yantuan.catalog.models import StockMovement
from yantuan.groupbuys.options import SaleOptions, packed
from yantuan.groupbuys.options.limits import SaleLimits
from yantuan.groupbuys.queries import group_buy_page
from yantuan.identity.models import Person
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.errors import AppError
from yantuan.kernel.models import OutboxEvent
from yantuan.notices.lines import place_held
from yantuan.notices.models import InboxMessage
from yantuan.orders import actions as orders
from yantuan.orders.drafts import Placed
from yantuan.orders.placing import place_orders
from yantuan.reports.checks import run_checks
from yantuan.waiting import actions, queries, work
from yantuan.waiting.jobs import keep_lines_moving
from yantuan.waiting.models import Wish
from yantuan.waiting.rules import Place, allot, kept


@given(st.integers(0, 30), st.lists(st.integers(1, 9), max_size=12))
def test_whoever_fits_comes_in_turn_and_nothing_is_promised_twice(free: int, wishes: list[int]) -> None:
    line = [Place(n, 1, n, quantity) for n, quantity in enumerate(wishes)]
    chosen = allot(free, line)
    assert sum(place.quantity for place in chosen) <= free
    assert [place.id for place in chosen] == sorted(place.id for place in chosen)
    for place in line:
        before = sum(one.quantity for one in chosen if one.id < place.id)
        assert (place in chosen) == (place.quantity <= free - before)
    assert kept(free, line) == sum(place.quantity for place in chosen)
    if chosen:
        first = chosen[0]
        assert kept(free, line, but=(1, first.person_id)) == kept(free, line) - first.quantity


pytestmark = pytest.mark.django_db


def lined(units: int = 2, minutes: int = 30) -> World:
    """A sale with a waiting list whose goods are all taken by an unpaid order."""
    world = make_world(stock_units=units)
    world.group_buy.options = packed(SaleOptions(limits=SaleLimits(waiting_minutes=minutes)))
    world.group_buy.save(update_fields=["options"])
    order_of(place_orders([world.draft(lines=((world.offers[0], units),))])[0])
    return world


def wish(world: World, person: Person, quantity: int = 1) -> Wish:
    return actions.line_up(person, world.offers[0].id, quantity)


def free(world: World, units: int) -> None:
    with transaction.atomic():
        stock.adjust(world.offers[0].pool_id, units, SYSTEM)


def states(*wishes: Wish) -> list[str]:
    return [Wish.objects.get(id=one.id).state for one in wishes]


def sound() -> bool:
    return run_checks(["ST1", "ST2", "ST3", "ST4", "ST5"]).violations == []


def test_a_hold_nobody_gave_back_is_found() -> None:
    world = lined()
    mine = wish(world, make_person())
    free(world, 1)
    keep_lines_moving()
    assert sound()
    Wish.objects.filter(id=mine.id).update(state="left", until=None)
    assert {v.rule for v in run_checks(["ST2", "ST5"]).violations} == {"ST2", "ST5"}


def events(topic: str) -> int:
    return OutboxEvent.objects.filter(topic=topic).values("payload__wish_id").distinct().count()


def test_what_comes_back_is_held_for_the_first_in_line() -> None:
    world = lined()
    one, two = world.buyer(), world.buyer()
    first, second = wish(world, one[0]), wish(world, two[0])
    assert [w.ahead for w in (queries.wish_out(first), queries.wish_out(second))] == [0, 1]
    assert keep_lines_moving() == 0
    free(world, 1)
    assert group_buy_page(world.group_buy.code).products[0].offers[0].stock == 0
    assert keep_lines_moving() == 1
    assert states(first, second) == ["offered", "waiting"]
    assert counts(world.offers[0]) == (0, 3, 0)
    assert events("wish.offered") == 1
    place_held({"wish_id": first.id})
    place_held({"wish_id": second.id})
    message = InboxMessage.objects.get(kind="wish_offered")
    assert (message.person_id, message.link) == (one[0].id, f"/pages/g/index?code={world.group_buy.code}")
    assert message.title == "候补到货了，快去下单"
    assert sound()
    order = order_of(place_orders([world.draft(one)])[0])
    assert (states(first), Wish.objects.get(id=first.id).order_id) == (["taken"], order.id)
    assert counts(world.offers[0]) == (0, 3, 0)
    assert sound()
    with transaction.atomic():
        orders.close_order(order.id, "buyer", SYSTEM)
    assert keep_lines_moving() == 1
    assert states(second) == ["offered"]
    assert sound()


def test_others_cannot_take_what_is_held_or_kept() -> None:
    world = lined()
    waiting, stranger = world.buyer(), world.buyer()
    wish(world, waiting[0])
    free(world, 2)
    # Not offered yet, and kept all the same: one of the two is anybody's.
    before = footprint()
    [outcome] = place_orders([world.draft(stranger, lines=((world.offers[0], 2),))])
    assert refusal(outcome) == "kept_for_waiting"
    assert footprint() == before
    assert isinstance(place_orders([world.draft(stranger)])[0], Placed)
    assert refusal(place_orders([world.draft(stranger)])[0]) == "kept_for_waiting"
    keep_lines_moving()
    assert refusal(place_orders([world.draft(stranger)])[0]) == "sold_out"
    assert isinstance(place_orders([world.draft(waiting)])[0], Placed)
    assert refusal(place_orders([world.draft(waiting)])[0]) == "sold_out"
    assert sound()


@pytest.mark.parametrize(("quantity", "left"), [(1, 1), (2, 0), (3, -1)])
def test_an_order_may_take_less_or_more_than_was_held(quantity: int, left: int) -> None:
    world = lined()
    pair = world.buyer()
    mine = wish(world, pair[0], 2)
    free(world, 2)
    keep_lines_moving()
    if left < 0:
        free(world, -left)
    [outcome] = place_orders([world.draft(pair, lines=((world.offers[0], quantity),))])
    assert isinstance(outcome, Placed)
    assert states(mine) == ["taken"]
    assert counts(world.offers[0]) == (max(0, left), 2 + quantity, 0)
    assert sound()


def test_an_order_of_nothing_to_pay_sells_what_was_held() -> None:
    world = make_world(stock_units=1, price_fen=0, freight_fen=0)
    world.group_buy.options = packed(SaleOptions(limits=SaleLimits(waiting_minutes=30)))
    world.group_buy.save(update_fields=["options"])
    place_orders([world.draft()])
    pair = world.buyer()
    wish(world, pair[0])
    free(world, 1)
    keep_lines_moving()
    assert counts(world.offers[0]) == (0, 1, 1)
    order_of(place_orders([world.draft(pair)])[0])
    assert counts(world.offers[0]) == (0, 0, 2)
    assert sound()


def test_a_window_that_went_by_goes_to_the_next_and_back_once() -> None:
    world = lined()
    one, two = world.buyer(), world.buyer()
    first, second = wish(world, one[0]), wish(world, two[0])
    free(world, 1)
    keep_lines_moving()
    until = Wish.objects.get(id=first.id).until
    assert until is not None
    with frozen(until - timedelta(seconds=1)):
        assert keep_lines_moving() == 0
    with frozen(until):
        assert refusal(place_orders([world.draft(one)])[0]) == "sold_out"
        assert keep_lines_moving() == 2
        assert states(first, second) == ["passed", "offered"]
        assert refusal(place_orders([world.draft(one)])[0]) == "sold_out"
        assert isinstance(place_orders([world.draft(two)])[0], Placed)
    moves = StockMovement.objects.filter(order_line_id=first.id)
    assert sorted(moves.values_list("kind", flat=True)) == ["hold", "release"]
    assert events("wish.ended") == 1
    assert sound()


def test_leaving_gives_back_what_was_held() -> None:
    world = lined()
    pair = world.buyer()
    mine = wish(world, pair[0])
    free(world, 1)
    keep_lines_moving()
    with pytest.raises(AppError, match="not_found"):
        actions.leave(make_person(), mine.id)
    assert states(mine) == ["offered"]
    for _ in range(2):
        assert actions.leave(pair[0], mine.id).state == "left"
        assert counts(world.offers[0]) == (1, 2, 0)
    assert sound()


def test_the_line_ends_with_the_sale_and_gives_its_holds_back() -> None:
    world = lined()
    first, second = wish(world, world.buyer()[0]), wish(world, world.buyer()[0])
    free(world, 1)
    keep_lines_moving()
    assert world.group_buy.ends_at is not None
    with frozen(world.group_buy.ends_at):
        assert work.end_with_sales() == 2
        assert work.end_with_sales() == 0
        assert work.hand_on() == 0
    assert states(first, second) == ["ended", "ended"]
    assert counts(world.offers[0]) == (1, 2, 0)
    assert sound()


def _wrong(world: World, case: str) -> Any:
    person = make_person()
    if case == "no_waiting_list":
        world.group_buy.options = {}
        world.group_buy.save()
    if case == "still_in_stock":
        free(world, 1)
    if case == "sale_not_running":
        world.group_buy.state = "closed"
        world.group_buy.save()
    if case == "limit_reached":
        world.offers[0].limit_per_person = 1
        world.offers[0].save()
        return lambda: wish(world, person, 2)
    if case == "not_found":
        world.offers[0].removed_at = now()
        world.offers[0].save()
    return lambda: wish(world, person)


@pytest.mark.parametrize(
    "case", ["no_waiting_list", "still_in_stock", "sale_not_running", "limit_reached", "not_found"]
)
def test_a_line_that_makes_no_sense_is_refused(case: str) -> None:
    world = lined()
    call = _wrong(world, case)
    with pytest.raises(AppError) as refused:
        call()
    assert refused.value.code == case
    assert not Wish.objects.exists()


def test_wishing_for_less_keeps_the_place_and_for_more_loses_it() -> None:
    world = lined()
    one, two = make_person(), make_person()
    first, second = wish(world, one, 2), wish(world, two)
    assert wish(world, one, 1).id == first.id
    assert [place.id for place in queries.line_of(first.pool_id)] == [first.id, second.id]
    with frozen(now() + timedelta(minutes=1)):
        wish(world, one, 2)
    assert [place.id for place in queries.line_of(first.pool_id)] == [second.id, first.id]
    assert Wish.objects.count() == 2


def test_one_who_wants_more_than_there_is_stops_nobody_behind() -> None:
    world = lined()
    big, small = wish(world, make_person(), 5), wish(world, make_person())
    free(world, 1)
    keep_lines_moving()
    assert states(big, small) == ["waiting", "offered"]
    stranger = world.draft()
    free(world, 3)
    # Three don't make five, so they are anybody's.
    assert isinstance(place_orders([replace(stranger, idempotency_key="k")])[0], Placed)
    assert sound()


def test_an_account_that_closes_leaves_every_line() -> None:
    world = lined()
    pair = world.buyer()
    mine = wish(world, pair[0])
    free(world, 1)
    keep_lines_moving()
    with transaction.atomic():
        actions.leave_all(pair[0])
    assert states(mine) == ["left"]
    assert counts(world.offers[0]) == (1, 2, 0)

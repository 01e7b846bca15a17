"""Stock at the same instant (STK): with locks, with a slow database, and what happens without the guards."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as TooLate
from contextlib import contextmanager

import pytest
from django.db import transaction

from orders.orderworld import World, add_offer, counts, make_world, order_of
from races.conftest import Pace
from races.racing import (
    ENOUGH,
    LOCK,
    SEEN,
    Guard,
    crowd,
    deadlocks,
    eventually,
    meeting,
    slow_database,
    together,
    unconstrained,
    violations,
    without,
)
from yantuan.catalog import stock
from yantuan.catalog.models import StockPool
from yantuan.groupbuys.models import GroupBuy
from yantuan.identity.models import Address, Person
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import now
from yantuan.orders.drafts import Draft, Outcome, Placed, Refused
from yantuan.orders.intake import Intake
from yantuan.orders.models import LimitUse, Order, OrderEvent, Participation
from yantuan.orders.placing import place_orders
from yantuan.payments import closing

TAKES_STOCK = "UPDATE catalog_stockpool"
"""The guarded update of a booking, after everything was read and decided."""


def place_each(drafts: Sequence[Draft], threads: int) -> list[Outcome]:
    """Every draft in a transaction of its own, as if each came to another process."""
    done = together([lambda one=draft: place_orders([one])[0] for draft in drafts], threads)  # type: ignore[misc]
    outcomes = [one for one in done if not isinstance(one, Exception)]
    assert len(outcomes) == len(done), [one for one in done if isinstance(one, Exception)]
    return outcomes


def wins(outcomes: Sequence[Outcome]) -> int:
    return sum(isinstance(one, Placed) for one in outcomes)


def codes(outcomes: Sequence[Outcome]) -> set[str]:
    return {one.error.code for one in outcomes if isinstance(one, Refused)}


def known(world: World, count: int) -> list[tuple[Person, Address]]:
    """Buyers who carry a number of this sale already: else the numbers' own lock and uniqueness would stop the race."""
    offer = add_offer(world, 9, count, 100)
    pairs = [world.buyer() for _ in range(count)]
    assert wins(place_orders([world.draft(pair, lines=((offer, 1),)) for pair in pairs])) == count
    return pairs


@contextmanager
def unguarded(parties: int, *more: Guard) -> Iterator[None]:
    """Booking without its row lock, at the worst moment: all have read before the first writes."""
    with without(LOCK, *more), meeting(TAKES_STOCK, parties):
        yield


def test_one_left(pace: Pace) -> None:
    """STK-01."""
    buyers = pace.size(20, 50, 5)
    pairs = [make_world().buyer() for _ in range(buyers)]
    with crowd(buyers):
        for _ in range(pace.size(2, 100, 1)):
            world = make_world(stock_units=1)
            outcomes = place_each([world.draft(pair) for pair in pairs], buyers)
            assert (wins(outcomes), codes(outcomes)) == (1, {"sold_out"})
            assert counts(world.offers[0]) == (0, 1, 0)


def test_control_one_left_is_sold_to_everybody() -> None:
    """STK-01 without row lock, guarded update and constraint."""
    world = make_world(stock_units=1)
    drafts = [world.draft(pair) for pair in known(world, 4)]
    with unconstrained("catalog_stockpool", "stock_never_negative"), unguarded(4, ENOUGH):
        assert wins(place_each(drafts, 4)) == 4
        assert counts(world.offers[0]) == (-3, 4, 0)


def test_a_hundred_left(pace: Pace) -> None:
    """STK-02: a refusal only when fewer are left than asked for."""
    buyers, threads = pace.size(60, 500, 8), pace.size(16, 64, 8)
    world = make_world(stock_units=buyers * 4 // 5)
    drafts = [world.draft(lines=((world.offers[0], 1 + i % 3),)) for i in range(buyers)]
    outcomes = place_each(drafts, threads)
    taken = 0
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if isinstance(outcome, Refused):
            assert outcome.error.code == "sold_out"
            assert outcome.error.details["left"] < draft.lines[0].quantity
        else:
            taken += draft.lines[0].quantity
    assert counts(world.offers[0]) == (buyers * 4 // 5 - taken, taken, 0)
    assert taken >= buyers * 4 // 5 - 2
    assert sorted(Participation.objects.values_list("number", flat=True)) == list(
        range(1, wins(outcomes) + 1)
    )


def test_control_a_hundred_left_and_more_are_sold() -> None:
    """STK-02 without lock, guard and constraint: three of two go."""
    world = make_world(stock_units=2)
    drafts = [world.draft(pair, lines=((world.offers[0], 2),)) for pair in known(world, 3)]
    with unconstrained("catalog_stockpool", "stock_never_negative"), unguarded(3, ENOUGH):
        assert wins(place_each(drafts, 3)) == 3
        assert counts(world.offers[0])[0] == -4


def _crossed(world: World, count: int) -> list[Draft]:
    a, b = world.offers
    return [world.draft(lines=((a, 1), (b, 1)) if i % 2 else ((b, 1), (a, 1))) for i in range(count)]


def test_crossed_baskets(pace: Pace) -> None:
    """STK-05: {A,B} and {B,A} never lock each other out."""
    count, threads = pace.size(48, 1500, 6), pace.size(16, 64, 6)
    world = make_world(stock_units=count, offers=2)
    before = deadlocks()
    assert wins(place_each(_crossed(world, count), threads)) == count
    assert deadlocks() == before
    assert counts(world.offers[0]) == counts(world.offers[1]) == (0, count, 0)


def test_control_without_an_order_of_locks_baskets_deadlock() -> None:
    """STK-05: every second booking locks its pools from the other end."""
    flip = itertools.count()

    def other_way_round(found: re.Match[str]) -> str:
        slowly = found[0].replace("available", "available + length(pg_sleep(0.1)::text) AS available", 1)
        return slowly + (" DESC" if next(flip) % 2 else "")

    unordered = Guard(
        re.compile("SELECT id, available FROM catalog_stockpool"),
        re.compile(r"SELECT id, available FROM .*?ORDER BY id", re.DOTALL),
        other_way_round,
    )
    world = make_world(stock_units=50, offers=2)
    before = deadlocks()
    with without(unordered):
        together([lambda d=d: place_orders([d]) for d in _crossed(world, 4)], 4)  # type: ignore[misc]
    # Figures of a connection arrive when it ends.
    assert eventually(lambda: deadlocks() > before)


def _due(world: World, count: int) -> list[int]:
    orders = [order_of(place_orders([world.draft()])[0]).id for _ in range(count)]
    Order.objects.filter(id__in=orders).update(expires_at=now())
    return orders


def test_three_workers_expire(pace: Pace) -> None:
    """STK-06: each order gives its stock back once."""
    count = pace.size(20, 500, 3)
    world = make_world(stock_units=count + 5)
    stays = order_of(place_orders([world.draft()])[0])
    due = _due(world, count)
    together([closing.expire_due] * 3)
    assert Order.objects.filter(id__in=due, payment="closed").count() == count
    assert OrderEvent.objects.filter(event="close").count() == count
    assert counts(world.offers[0]) == (count + 4, 1, 0)
    assert Order.objects.get(id=stays.id).payment == "unpaid"


def test_control_without_guards_an_order_is_closed_three_times() -> None:
    """STK-06 without row locks and compare-and-set: counter and limit are given back three times."""
    world = make_world(stock_units=10)
    for _ in range(3):
        place_orders([world.draft()])
    _due(world, 1)
    with without(LOCK, SEEN), meeting('UPDATE "orders_order"', 3):
        together([closing.expire_due] * 3)
        assert OrderEvent.objects.filter(event="close").count() == 3
        assert violations() >= {"O1", "ST4"}


def test_adjusting_beside_orders(pace: Pace) -> None:
    """STK-09: nothing is lost between leader and buyers."""
    orders, changes, threads = pace.size(24, 200, 4), pace.size(12, 50, 3), pace.size(16, 32, 7)
    world = make_world(stock_units=orders)

    def add() -> object:
        with transaction.atomic():
            return stock.adjust(world.offers[0].pool_id, 10, SYSTEM)

    drafts = [world.draft() for _ in range(orders)]
    work: list[Callable[[], object]] = [lambda d=draft: place_orders([d]) for draft in drafts]  # type: ignore[misc]
    done = together([*work, *[add] * changes], threads)
    assert not [one for one in done if isinstance(one, Exception)]
    assert counts(world.offers[0]) == (10 * changes, orders, 0)


def test_control_writing_back_what_was_read_loses_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """STK-09 without the lock and with values in place of deltas."""
    world = make_world(stock_units=10)
    pool_id = world.offers[0].pool_id

    def careless(pool_id: int, **deltas: int) -> None:
        row = StockPool.objects.get(id=pool_id)
        for name, delta in deltas.items():
            setattr(row, name, getattr(row, name) + delta)
        row.save()

    def add() -> object:
        with transaction.atomic():
            return stock.adjust(pool_id, 10, SYSTEM)

    monkeypatch.setattr(stock, "_shift", careless)
    with without(LOCK), meeting('UPDATE "catalog_stockpool"', 3):
        together([add] * 3)
    assert StockPool.objects.get(id=pool_id).total == 20
    assert violations() >= {"ST1"}


def test_a_limit_per_person(pace: Pace) -> None:
    """STK-10: two each, however many taps; a cancelled order gives its share back once."""
    taps = pace.size(20, 20, 5)
    for _ in range(pace.size(1, 10, 1)):
        world = make_world(limit=2, stock_units=50)
        pair = world.buyer()
        outcomes = place_each([world.draft(pair) for _ in range(taps)], taps)
        assert (wins(outcomes), codes(outcomes)) == (2, {"limit_reached"})
        order = order_of(next(one for one in outcomes if isinstance(one, Placed)))
        cancels = together([lambda o=order: closing.close_if_over(o.id, "buyer", SYSTEM)] * 4)  # type: ignore[misc]
        assert cancels == [True] * 4
        assert LimitUse.objects.get(offer_id=world.offers[0].id).quantity == 1
        assert wins(place_each([world.draft(pair) for _ in range(3)], 3)) == 1


def test_control_without_the_lock_a_limit_is_broken() -> None:
    """STK-10."""
    world = make_world(stock_units=50, limit=1)
    pair = world.buyer()
    place_orders([world.draft(pair, lines=((add_offer(world, 1, 5, 100), 1),))])
    with unguarded(3):
        assert wins(place_each([world.draft(pair) for _ in range(3)], 3)) == 3
    assert LimitUse.objects.get(offer_id=world.offers[0].id).quantity == 3


def test_two_offers_of_one_pool(pace: Pace) -> None:
    """STK-11: the same goods at two prices share their stock."""
    buyers, units = pace.size(15, 100, 4), pace.size(10, 10, 3)
    world = make_world(stock_units=units)
    second = add_offer(world, 1, 0, 3990)
    second.pool_id = world.offers[0].pool_id
    second.save()
    drafts = [world.draft(lines=((offer, 1),)) for _ in range(buyers) for offer in (world.offers[0], second)]
    assert wins(place_each(drafts, pace.size(15, 64, 8))) == units
    assert counts(world.offers[0]) == (0, units, 0)


def test_control_two_offers_of_one_pool_sell_it_twice() -> None:
    """STK-11 without lock, guard and constraint."""
    world = make_world(stock_units=1)
    second = add_offer(world, 1, 0, 3990)
    second.pool_id = world.offers[0].pool_id
    second.save()
    offers = (world.offers[0], second)
    drafts = [world.draft(pair, lines=((o, 1),)) for pair, o in zip(known(world, 2), offers, strict=True)]
    with unconstrained("catalog_stockpool", "stock_never_negative"), unguarded(2, ENOUGH):
        assert wins(place_each(drafts, 2)) == 2
        assert counts(world.offers[0]) == (-1, 2, 0)


def test_one_key(pace: Pace) -> None:
    """STK-14: one key is one order, whoever is quickest; with another body it is refused."""
    taps = pace.size(24, 50, 4)
    for _ in range(pace.size(1, 10, 1)):
        world = make_world()
        draft = world.draft()
        outcomes = place_each([draft] * taps, taps)
        placed = [one.order for one in outcomes if isinstance(one, Placed)]
        assert (len(placed), len({one.id for one in placed})) == (taps, 1)
        assert [one.replayed for one in placed].count(False) == 1
        other = world.draft(world.buyers[0], idempotency_key=draft.idempotency_key, body_hash="b" * 64)
        assert codes(place_each([other], 1)) == {"idempotency_key_reused"}
        assert (Order.objects.filter(store=world.store).count(), counts(world.offers[0])) == (1, (9, 1, 0))


def _key_in_two_sales(world: World) -> list[Draft]:
    """One person, one key, two sales of one store: no row is common to both bookings."""
    other = make_world()
    GroupBuy.objects.filter(id=other.group_buy.id).update(store=world.store)
    for offer in other.offers:
        type(offer).objects.filter(id=offer.id).update(store_id=world.store.id)
    pair, same = world.buyer(), {"idempotency_key": "one-key"}
    return [world.draft(pair, **same), other.draft(pair, body_hash="b" * 64, **same)]


def test_one_key_in_two_sales_is_one_order(pace: Pace) -> None:
    """STK-14 where no row lock helps: only the unique key stands between."""
    for _ in range(pace.size(3, 50, 1)):
        world = make_world()
        with meeting(TAKES_STOCK, 2):
            outcomes = place_each(_key_in_two_sales(world), 2)
        assert (wins(outcomes), codes(outcomes)) == (1, {"idempotency_key_reused"})
        assert Order.objects.filter(store=world.store).count() == 1


def test_control_without_the_unique_key_one_key_is_two_orders() -> None:
    """STK-14."""
    world = make_world()
    with unconstrained("orders_order", "order_once_per_key"), meeting(TAKES_STOCK, 2):
        assert wins(place_each(_key_in_two_sales(world), 2)) == 2
        assert Order.objects.filter(store=world.store, idempotency_key="one-key").count() == 2


def _impatient(world: World, keys: Iterator[str]) -> tuple[int, Outcome]:
    """A buyer who waits 200 ms and asks again, up to three times, then waits for good. Answers the time-outs and the last word."""
    intake, pair, late = Intake(), world.buyer(), 0
    intake.start()
    try:
        for _ in range(3):
            waiting = intake.submit(world.draft(pair, idempotency_key=next(keys)))
            try:
                return late, waiting.result(0.2)
            except TooLate:
                late += 1
        return late, intake.submit(world.draft(pair, idempotency_key=next(keys))).result(60)
    finally:
        intake.stop()


def test_asking_again_before_the_answer_came() -> None:
    """STK-16: the database takes two seconds, the buyer keeps asking, there is one order."""
    world = make_world()
    with slow_database(200):
        late, outcome = _impatient(world, itertools.repeat("same-key"))
    assert late and isinstance(outcome, Placed) and outcome.order.replayed
    assert (Order.objects.count(), counts(world.offers[0])) == (1, (9, 1, 0))


def test_control_asking_again_with_new_keys_is_many_orders() -> None:
    """STK-16 without the key."""
    world = make_world()
    with slow_database(100):
        _, outcome = _impatient(world, (f"key-{n}" for n in itertools.count()))
    assert isinstance(outcome, Placed) and Order.objects.count() > 1

"""Races between connections on PostgreSQL, each guard with a control that shows the race when the guard is off."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from orderworld import World, add_offer, counts, make_world, order_of, refusal

from yantuan.catalog import stock
from yantuan.groupbuys.models import GroupCounter
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.orders import actions, book
from yantuan.orders.book_postgres import Postgres
from yantuan.orders.decide import decide
from yantuan.orders.drafts import Decision, Draft, Outcome, Placed, Refused, Snapshot
from yantuan.orders.models import LimitUse, Order, Participation
from yantuan.orders.placing import place_orders

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="races need --db=postgres"
    ),
]

T = TypeVar("T")


def together(work: Sequence[Callable[[], T]], threads: int) -> list[T]:
    """Run all `work`, `threads` at a time and each with a connection of its own, started at one instant."""
    ready = threading.Barrier(threads)

    def first_wait() -> None:
        connection.ensure_connection()
        ready.wait(30)

    def run(one: Callable[[], T]) -> T:
        return one()

    with ThreadPoolExecutor(threads, initializer=first_wait) as pool:
        futures = [pool.submit(run, one) for one in work]
        try:
            return [future.result(60) for future in futures]
        finally:
            done = threading.Barrier(threads)

            def leave() -> None:
                done.wait(30)
                connections.close_all()

            for future in [pool.submit(leave) for _ in range(threads)]:
                future.result(60)


def place_each(drafts: Sequence[Draft], threads: int) -> list[Outcome]:
    """Every draft in a transaction of its own, as if each came to another process."""
    return together([lambda one=draft: place_orders([one])[0] for draft in drafts], threads)  # type: ignore[misc]


def wins(outcomes: Sequence[Outcome]) -> int:
    return sum(isinstance(o, Placed) for o in outcomes)


def codes(outcomes: Sequence[Outcome]) -> set[str]:
    return {o.error.code for o in outcomes if isinstance(o, Refused)}


def test_one_left_and_thirty_buyers() -> None:
    for _ in range(5):
        world = make_world(stock_units=1)
        outcomes = place_each([world.draft() for _ in range(30)], 30)
        assert (wins(outcomes), codes(outcomes)) == (1, {"sold_out"})
        assert counts(world.offers[0]) == (0, 1, 0)


def test_a_hundred_left_and_two_hundred_buyers() -> None:
    world = make_world(stock_units=100)
    drafts = [world.draft(lines=((world.offers[0], 1 + i % 3),)) for i in range(200)]
    outcomes = place_each(drafts, 24)
    taken = sum(d.lines[0].quantity for d, o in zip(drafts, outcomes, strict=True) if isinstance(o, Placed))
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if isinstance(outcome, Refused):
            assert outcome.error.code == "sold_out"
            assert outcome.error.details["left"] < draft.lines[0].quantity
    assert counts(world.offers[0]) == (100 - taken, taken, 0)
    assert taken >= 98
    numbers = sorted(Participation.objects.values_list("number", flat=True))
    assert numbers == list(range(1, wins(outcomes) + 1))


def test_crossed_baskets_never_deadlock() -> None:
    world = make_world(stock_units=500, offers=2)
    a, b = world.offers
    drafts = [world.draft(lines=((a, 1), (b, 1)) if i % 2 else ((b, 1), (a, 1))) for i in range(120)]
    assert wins(place_each(drafts, 24)) == 120
    assert counts(a) == counts(b) == (380, 120, 0)


def test_two_offers_of_one_pool_share_it() -> None:
    world = make_world(stock_units=10)
    second = add_offer(world, 1, 0, 3990)
    second.pool_id = world.offers[0].pool_id
    second.save()
    drafts = [world.draft(lines=((offer, 1),)) for _ in range(15) for offer in (world.offers[0], second)]
    assert wins(place_each(drafts, 15)) == 10
    assert counts(world.offers[0]) == (0, 10, 0)


def test_a_limit_holds_against_twenty_taps_and_comes_back_once() -> None:
    world = make_world(limit=2, stock_units=50)
    pair = world.buyer()
    outcomes = place_each([world.draft(pair) for _ in range(20)], 20)
    assert (wins(outcomes), codes(outcomes)) == (2, {"limit_reached"})
    order = order_of(next(o for o in outcomes if isinstance(o, Placed)))

    def cancel() -> None:
        with transaction.atomic():
            actions.close_order(order.id, "buyer", Actor("buyer", pair[0].id))

    together([cancel] * 8, 8)
    assert LimitUse.objects.get().quantity == 1
    assert counts(world.offers[0]) == (49, 1, 0)
    assert wins(place_each([world.draft(pair) for _ in range(5)], 5)) == 1


def test_one_key_is_one_order() -> None:
    world = make_world()
    draft = world.draft()
    outcomes = place_each([draft] * 30, 30)
    assert len({o.order.id for o in outcomes if isinstance(o, Placed)}) == 1
    assert [o.order.replayed for o in outcomes if isinstance(o, Placed)].count(False) == 1
    other = world.draft(world.buyers[0], idempotency_key=draft.idempotency_key, body_hash="b" * 64)
    assert refusal(place_orders([other])[0]) == "idempotency_key_reused"
    assert (Order.objects.count(), counts(world.offers[0])) == (1, (9, 1, 0))


def test_batches_of_two_processes_keep_numbers_apart() -> None:
    world = make_world(stock_units=400, offers=2)
    pairs = [world.buyer() for _ in range(30)]
    batches = [
        [world.draft(pair, lines=((world.offers[(i + turn) % 2], 1),)) for i, pair in enumerate(pairs)]
        for turn in range(6)
    ]
    results = together([lambda one=batch: place_orders(one) for batch in batches], 6)  # type: ignore[misc]
    assert sum(wins(outcomes) for outcomes in results) == 180
    assert sorted(Participation.objects.values_list("number", flat=True)) == list(range(1, 31))


def test_paying_and_closing_at_once_end_in_one_of_both() -> None:
    world = make_world(stock_units=100)
    for _ in range(10):
        order = order_of(place_orders([world.draft()])[0])

        def pay(order: Order = order) -> str:
            try:
                with transaction.atomic():
                    return actions.mark_paid(order.id, order.total_fen, SYSTEM).payment
            except Conflict:
                return "refused"

        def close(order: Order = order) -> str:
            try:
                with transaction.atomic():
                    return actions.close_order(order.id, "expired", SYSTEM).payment
            except Conflict:
                return "refused"

        results = together([pay, close], 2)
        assert sorted(results) in (["paid", "refused"], ["closed", "refused"])
    available, held, sold = counts(world.offers[0])
    assert (held, available + sold) == (0, 100)
    assert sold == Order.objects.filter(payment="paid").count()


def test_adjustments_beside_orders_lose_nothing() -> None:
    world = make_world(stock_units=100)

    def add() -> None:
        with transaction.atomic():
            stock.adjust(world.offers[0].pool_id, 10, SYSTEM)

    drafts = [world.draft() for _ in range(60)]
    work: list[Callable[[], object]] = [lambda one=draft: place_orders([one]) for draft in drafts]  # type: ignore[misc]
    together(work + [add] * 20, 16)
    assert counts(world.offers[0]) == (240, 60, 0)


UNGUARDED = book._TAKE.replace("AND catalog_stockpool.available >= v.held + v.sold", "")


@contextmanager
def without_constraint(name: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name])
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE catalog_stockpool DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE catalog_stockpool SET available = 0, total = held + sold WHERE available < 0"
            )
            cursor.execute(f"ALTER TABLE catalog_stockpool ADD CONSTRAINT {name} {definition}")


def _meet_after_reading(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Hold every booking between reading and writing until all have read; without locks that is the worst moment."""
    meeting = threading.Barrier(parties)

    def slow(drafts: Sequence[Draft], snapshot: Snapshot) -> list[Decision]:
        meeting.wait(20)
        return decide(drafts, snapshot)

    monkeypatch.setattr(book, "decide", slow)


def _joined(drafts: Sequence[Draft], world: World) -> None:
    """Everyone has a 跟团号 already: the numbers' own uniqueness would stop an unlocked race before the stock can."""
    for number, draft in enumerate(drafts, 1):
        Participation.objects.create(
            store_id=world.store.id,
            group_buy_id=draft.group_buy_id,
            person_id=draft.person_id,
            number=number,
            created_at=now(),
        )
    GroupCounter.objects.filter(group_buy_id=world.group_buy.id).update(last_number=len(drafts))


def test_control_without_lock_and_guard_it_oversells(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(stock_units=1)
    drafts = [world.draft() for _ in range(5)]
    _joined(drafts, world)
    monkeypatch.setattr(Postgres, "row_lock", "")
    monkeypatch.setattr(book, "_TAKE", UNGUARDED)
    _meet_after_reading(monkeypatch, 5)
    with without_constraint("stock_never_negative"):
        outcomes = place_each(drafts, 5)
        assert wins(outcomes) == 5
        assert counts(world.offers[0]) == (-4, 5, 0)


@pytest.mark.parametrize("guarded", [True, False], ids=["the guarded update", "the constraint alone"])
def test_without_the_lock_the_database_still_refuses(monkeypatch: pytest.MonkeyPatch, guarded: bool) -> None:
    world = make_world(stock_units=1)
    drafts = [world.draft() for _ in range(5)]
    _joined(drafts, world)
    calls = threading.local()
    meeting = threading.Barrier(5)

    def slow_once(chosen: Sequence[Draft], snapshot: Snapshot) -> list[Decision]:
        if not getattr(calls, "met", False):
            calls.met = True
            meeting.wait(20)
        return decide(chosen, snapshot)

    monkeypatch.setattr(Postgres, "row_lock", "")
    monkeypatch.setattr(book, "decide", slow_once)
    if not guarded:
        monkeypatch.setattr(book, "_TAKE", UNGUARDED)
    outcomes = place_each(drafts, 5)
    assert (wins(outcomes), codes(outcomes)) == (1, {"sold_out"})
    assert counts(world.offers[0]) == (0, 1, 0)


def test_control_without_the_lock_a_limit_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(stock_units=50, limit=1)
    pair = world.buyer()
    place_orders([world.draft(pair, lines=((add_offer(world, 1, 5, 100), 1),))])
    drafts = [world.draft(pair) for _ in range(4)]
    monkeypatch.setattr(Postgres, "row_lock", "")
    _meet_after_reading(monkeypatch, 4)
    assert wins(place_each(drafts, 4)) == 4

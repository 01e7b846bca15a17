"""Claims on PostgreSQL at one instant, and a control that shows the race when the sale's counter is not held."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, connections
from proxyworld import Shop, healthy, order_of, token_of

import factories as make
from yantuan.kernel.errors import AppError
from yantuan.orders.models import LimitUse, Order, Participation
from yantuan.proxies import booking, claiming, moving
from yantuan.proxies.models import Claim, StandIn
from yantuan.proxies.schemas import ProxyIn

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="races need --db=postgres"
    ),
]


def together(work: Sequence[Callable[[], object]]) -> list[object]:
    """Run all at one instant, each with a connection of its own; an error is an outcome."""
    ready = threading.Barrier(len(work))

    def run(one: Callable[[], object]) -> object:
        connection.ensure_connection()
        ready.wait(30)
        try:
            return one()
        except (AppError, IntegrityError) as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return [future.result(60) for future in [pool.submit(run, one) for one in work]]


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_ten_people_claim_one_link(shop: Shop) -> None:
    token = token_of(shop.booked("王姐", bananas=2))
    people = [make.person() for _ in range(10)]
    outcomes = together([lambda one=one: claiming.claim(one, token) for one in people])  # type: ignore[misc]
    won = [one for one in outcomes if isinstance(one, Claim)]
    assert len(won) == 1
    assert {one.code for one in outcomes if isinstance(one, AppError)} == {"not_found"}
    assert set(Order.objects.values_list("person_id", flat=True)) == {won[0].person_id}
    assert sum(LimitUse.objects.values_list("quantity", flat=True)) == 2
    assert healthy()


def test_claiming_while_the_leader_agrees_again(shop: Shop) -> None:
    """Whichever comes first, the neighbour's wish is one order of one person."""
    for turn in range(8):
        wish = shop.wish(f"邻居{turn}", bananas=1)
        [row] = shop.agree(wish)
        me, body = make.person(), ProxyIn(**shop.body(wish))
        together(
            [
                lambda me=me, row=row: claiming.claim(me, token_of(row)),  # type: ignore[misc]
                lambda body=body: booking.book(shop.leader, shop.sale.id, body),  # type: ignore[misc]
            ]
        )
        assert order_of(row).person_id == me.id
        assert Order.objects.filter(recipient_name=f"邻居{turn}").count() == 1
    assert healthy()


def race_with_an_order_of_their_own(shop: Shop) -> list[object]:
    """Somebody claims and orders for the first time at one instant; both want a place in the sale."""
    found: list[object] = []
    for turn in range(12):
        row = shop.booked(f"邻居{turn}", bananas=1)
        me = make.person()
        make.address(me)
        found += together(
            [
                lambda me=me, row=row: claiming.claim(me, token_of(row)),  # type: ignore[misc]
                lambda me=me: make.order(shop.sale, me, method="pickup"),  # type: ignore[misc]
            ]
        )
    return found


def test_claiming_while_ordering_for_the_first_time(shop: Shop) -> None:
    outcomes = race_with_an_order_of_their_own(shop)
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    for claim in Claim.objects.all():
        numbers = Order.objects.filter(person_id=claim.person_id).values_list("number", flat=True)
        assert len(numbers) == 2 and len(set(numbers)) == 1
    assert healthy()


@pytest.fixture
def no_counter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A claim that locks its orders and not the sale, and takes its time."""

    def lock(group_buy_id: int, order_ids: Sequence[int]) -> list[Order]:
        return list(Order.objects.select_for_update().filter(id__in=list(order_ids)).order_by("id"))

    real = moving.join_of

    def slow(group_buy_id: int, person_id: int) -> Participation | None:
        found = real(group_buy_id, person_id)
        threading.Event().wait(0.05)
        return found

    monkeypatch.setattr(moving, "lock", lock)
    monkeypatch.setattr(moving, "join_of", slow)
    yield


@pytest.mark.usefixtures("no_counter")
def test_control_without_the_counter_two_places_collide(shop: Shop) -> None:
    """One of both is refused by the database's own constraint: the guard is what prevents it."""
    outcomes = race_with_an_order_of_their_own(shop)
    assert [one for one in outcomes if isinstance(one, IntegrityError)] != []


def test_claim_and_undo_at_one_instant(shop: Shop) -> None:
    """An undo beside the person's next order: the order keeps a number, and none is given twice."""
    for turn in range(6):
        row = shop.booked(f"邻居{turn}", bananas=1)
        me = make.person()
        make.address(me)
        made = claiming.claim(me, token_of(row))
        together(
            [
                lambda made=made: claiming.undo(shop.leader, made.id),  # type: ignore[misc]
                lambda me=me: make.order(shop.sale, me, method="pickup"),  # type: ignore[misc]
            ]
        )
        made.refresh_from_db()
        if made.undone_at is None:
            claiming.undo(shop.leader, made.id)
        stand_in = StandIn.objects.get(id=made.stand_in_id)
        assert (order_of(row).person_id, order_of(row).number) == (stand_in.person_id, made.number)
        assert Participation.objects.get(person=me).number != made.number
    assert healthy()

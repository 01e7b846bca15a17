"""The database goes away under the booking thread: nothing is lost, nothing is booked twice."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from orderworld import counts, make_world

from yantuan.orders import placing
from yantuan.orders.drafts import Decision, Draft, Placed, Refused
from yantuan.orders.intake import Intake
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="needs --db=postgres"
    ),
]


def end_session(pid: int) -> None:
    """End one server session from outside, and wait until it is gone."""
    database = connection.settings_dict
    address = f"postgresql://{database['USER']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    with psycopg.connect(address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
        while other.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() != (0,):
            pass


def own_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize("after_writing", [False, True])
def test_a_connection_lost_before_the_commit_is_replaced(
    monkeypatch: pytest.MonkeyPatch, after_writing: bool
) -> None:
    world, book, lost = make_world(), placing.book, []

    def breaks_once(drafts: Sequence[Draft]) -> list[Decision]:
        decisions = book(drafts) if after_writing else []
        if not lost:
            lost.append(own_pid())
            end_session(lost[0])
            own_pid()
        return decisions or book(drafts)

    monkeypatch.setattr(placing, "book", breaks_once)
    outcomes = place_orders([world.draft(), world.draft()])
    assert [type(o) for o in outcomes] == [Placed, Placed]
    assert (Order.objects.count(), counts(world.offers[0])) == (2, (8, 2, 0))


def test_a_connection_lost_at_the_commit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    world, book = make_world(), placing.book
    draft = world.draft()

    def breaks_last(drafts: Sequence[Draft]) -> list[Decision]:
        decisions = book(drafts)
        end_session(own_pid())
        return decisions

    with monkeypatch.context() as patch:
        patch.setattr(placing, "book", breaks_last)
        [outcome] = place_orders([draft])
    assert isinstance(outcome, Refused) and outcome.error.code == "outcome_unknown"
    assert Order.objects.count() == 0
    [again] = place_orders([draft])
    assert isinstance(again, Placed) and not again.order.replayed
    assert counts(world.offers[0]) == (9, 1, 0)


def test_the_intake_outlives_a_restart_of_its_session() -> None:
    world, intake = make_world(), Intake()
    pids: list[int] = []
    intake.start()
    try:
        for _ in range(3):
            assert isinstance(intake.submit(world.draft()).result(20), Placed)
            pids = [pid for pid in _sessions() if pid != own_pid()]
            for pid in pids:
                end_session(pid)
    finally:
        intake.stop()
    assert pids and threading.active_count() < 50
    assert (Order.objects.count(), counts(world.offers[0])) == (3, (7, 3, 0))


def _sessions() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return [row[0] for row in cursor.fetchall()]

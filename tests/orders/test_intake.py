"""The intake's promises: batches clock themselves, nothing accepted is dropped, lost answers are typed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace

import pytest
from django.db import OperationalError, connection, transaction
from orderworld import World, counts, make_world

from yantuan.kernel.errors import Busy
from yantuan.orders import intake as intake_module
from yantuan.orders import placing
from yantuan.orders.drafts import Draft, Outcome, Placed, Refused
from yantuan.orders.intake import Intake, place
from yantuan.orders.models import Order
from yantuan.orders.placing import place_orders


def settled(futures: Sequence[Future[Outcome]]) -> list[Outcome]:
    return [future.result(20) for future in futures]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Bookings answer only when the gate opens, and touch no database."""
    event = threading.Event()

    def slow(drafts: Sequence[Draft]) -> list[Outcome]:
        event.wait(20)
        return [Refused(Busy()) for _ in drafts]

    monkeypatch.setattr(intake_module, "place_orders", slow)
    return event


def test_what_arrives_during_a_commit_is_the_next_batch(gate: threading.Event, world: World) -> None:
    draft, intake = world.draft(), Intake(max_batch=8)
    intake.start()
    try:
        first = intake.submit(draft)
        while intake.figures().waiting:
            pass
        rest = [intake.submit(draft) for _ in range(11)]
        gate.set()
        settled([first, *rest])
        figures = intake.figures()
        assert (figures.batches, figures.drafts, figures.largest) == (3, 12, 8)
    finally:
        intake.stop()


def test_the_queue_is_bounded_and_stopping_drains_it(gate: threading.Event, world: World) -> None:
    draft, intake = world.draft(), Intake(max_waiting=4)
    intake.start()
    first = intake.submit(draft)
    while intake.figures().waiting:
        pass
    accepted = [intake.submit(draft) for _ in range(3)]
    with pytest.raises(Busy):
        intake.submit(draft)
    stopper = threading.Thread(target=intake.stop)
    stopper.start()
    gate.set()
    stopper.join(20)
    assert all(future.done() for future in (first, *accepted))
    with pytest.raises(Busy):
        intake.submit(draft)


def test_a_storm_at_one_sale_leaves_room_and_turns_to_others(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    batches: list[list[int]] = []
    event = threading.Event()

    def slow(drafts: Sequence[Draft]) -> list[Outcome]:
        event.wait(20)
        batches.append([draft.group_buy_id for draft in drafts])
        return [Refused(Busy()) for _ in drafts]

    monkeypatch.setattr(intake_module, "place_orders", slow)
    stormy = world.draft()
    calm = replace(stormy, group_buy_id=stormy.group_buy_id + 1)
    intake = Intake(max_batch=4, max_waiting=16)
    intake.start()
    try:
        futures = [intake.submit(stormy)]
        while intake.figures().waiting:
            pass
        futures += [intake.submit(stormy) for _ in range(12)]
        with pytest.raises(Busy):
            intake.submit(stormy)
        futures += [intake.submit(calm) for _ in range(2)]
        event.set()
        settled(futures)
    finally:
        intake.stop()
    storm, other = stormy.group_buy_id, calm.group_buy_id
    assert batches == [[storm], [storm, other, storm, other], [storm] * 4, [storm] * 4, [storm] * 2]


def test_who_gave_up_before_the_batch_is_left_out(gate: threading.Event, world: World) -> None:
    draft, intake = world.draft(), Intake()
    intake.start()
    first = intake.submit(draft)
    while intake.figures().waiting:
        pass
    second, third = intake.submit(draft), intake.submit(draft)
    assert second.cancel()
    gate.set()
    settled([first, third])
    intake.stop()
    assert intake.figures().drafts == 2


def test_a_bug_answers_and_the_thread_lives_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    draft, intake = world.draft(), Intake()

    def broken(drafts: Sequence[Draft]) -> list[Outcome]:
        raise RuntimeError("a bug")

    monkeypatch.setattr(intake_module, "place_orders", broken)
    intake.start()
    try:
        for _ in range(2):
            outcome = intake.submit(draft).result(20)
            assert isinstance(outcome, Refused) and outcome.error.code == "outcome_unknown"
    finally:
        intake.stop()


@pytest.mark.django_db(transaction=True)
def test_ordinary_code_goes_through_the_running_intake(monkeypatch: pytest.MonkeyPatch) -> None:
    world, own = make_world(), Intake()
    monkeypatch.setattr(intake_module, "intake", own)
    assert isinstance(place(world.draft()), Placed)
    assert own.figures().batches == 0
    own.start()
    try:
        assert isinstance(place(world.draft()), Placed)
        assert own.figures().batches == 1
    finally:
        own.stop()
    assert counts(world.offers[0]) == (8, 2, 0)


@pytest.mark.django_db(transaction=True)
def test_a_lost_commit_is_told_and_the_key_finds_out(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    draft = world.draft()
    commit = connection.commit

    def commit_then_lose() -> None:
        commit()
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "commit", commit_then_lose)
        [outcome] = place_orders([draft])
    assert isinstance(outcome, Refused) and outcome.error.code == "outcome_unknown"
    assert outcome.error.status == 503 and outcome.error.retry_after
    [again] = place_orders([draft])
    assert isinstance(again, Placed) and again.order.replayed
    assert (Order.objects.count(), counts(world.offers[0])) == (1, (9, 1, 0))


@pytest.mark.django_db(transaction=True)
def test_a_passing_failure_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world, tries = make_world(), []
    book = placing.book

    def fails_once(drafts: Sequence[Draft]) -> list[object]:
        tries.append(1)
        decisions = book(drafts)
        if len(tries) == 1:
            raise OperationalError("database is locked") from _Deadlock()
        return list(decisions)

    monkeypatch.setattr(placing, "book", fails_once)
    [outcome] = place_orders([world.draft()])
    assert isinstance(outcome, Placed) and len(tries) == 2
    assert (Order.objects.count(), counts(world.offers[0])) == (1, (9, 1, 0))


class _Deadlock(Exception):
    sqlstate = "40P01"


def test_a_silent_database_is_busy(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def dead(drafts: Sequence[Draft]) -> list[object]:
        raise OperationalError("no answer")

    monkeypatch.setattr(placing, "book", dead)
    with transaction.atomic():
        [outcome] = place_orders([world.draft()])
    assert isinstance(outcome, Refused) and outcome.error.code == "busy"
    assert Order.objects.count() == 0

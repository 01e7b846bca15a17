"""Work after the commit: at least once, one handler never repeats another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from yantuan.kernel import outbox
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.models import OutboxEvent

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seen() -> Iterator[list[Any]]:
    """A topic with a good and a bad handler; yields what the good one saw."""
    got: list[Any] = []

    def good(payload: dict[str, Any]) -> None:
        got.append(payload)

    def bad(payload: dict[str, Any]) -> None:
        raise RuntimeError("no")

    outbox.on("test.topic")(good)
    outbox.on("test.topic")(bad)
    yield got
    outbox._handlers.pop("test.topic")


def test_each_handler_has_a_row_of_its_own(seen: list[Any]) -> None:
    with transaction.atomic():
        outbox.emit("test.topic", {"n": 1})
    outbox.drain()
    assert seen == [{"n": 1}]
    assert sorted(OutboxEvent.objects.values_list("state", "attempts")) == [("done", 0), ("pending", 1)]


def test_a_failing_event_is_tried_twelve_times_and_then_is_dead(seen: list[Any]) -> None:
    with transaction.atomic():
        outbox.emit("test.topic", {"n": 1})
    start = now()
    for hours in range(30):
        with frozen(start + timedelta(hours=2 * hours)):
            outbox.drain()
    assert seen == [{"n": 1}]
    dead = OutboxEvent.objects.get(state="dead")
    assert dead.attempts == outbox.MAX_ATTEMPTS
    assert "RuntimeError" in dead.last_error


def test_nothing_is_written_outside_a_transaction(seen: list[Any]) -> None:
    with pytest.raises(RuntimeError):
        outbox.emit("test.topic", {})
    assert OutboxEvent.objects.count() == 0


def test_the_same_key_is_written_once(seen: list[Any]) -> None:
    for _ in range(3):
        with transaction.atomic():
            outbox.emit("test.topic", {"n": 1}, key="order-1")
    assert OutboxEvent.objects.count() == 2


def test_a_claimed_event_is_free_again_when_its_lease_ends(seen: list[Any]) -> None:
    with transaction.atomic():
        outbox.emit("test.topic", {"n": 1})
    first = outbox.claim_due()
    assert len(first) == 2
    assert outbox.claim_due() == []
    with frozen(now() + timedelta(seconds=outbox.LEASE_SECONDS + 1)):
        assert sorted(outbox.claim_due()) == sorted(first)


def test_later_waits_without_counting_as_a_failure() -> None:
    def wait(payload: dict[str, Any]) -> None:
        raise outbox.Later(60)

    outbox.on("test.later")(wait)
    with transaction.atomic():
        outbox.emit("test.later", {})
    outbox.drain()
    outbox._handlers.pop("test.later")
    event = OutboxEvent.objects.get()
    assert (event.state, event.attempts) == ("pending", 0)
    assert event.available_at > now() + timedelta(seconds=50)


def test_events_of_a_clock_that_is_ahead_are_done_now(seen: list[Any]) -> None:
    with frozen(now() + timedelta(hours=3)), transaction.atomic():
        outbox.emit("test.topic", {"n": 1})
        outbox.emit("test.topic", {"n": 2}, delay=600)
    assert outbox.drain() == 0 and seen == []
    assert outbox.pull_back() == 4
    outbox.drain()
    assert seen == [{"n": 1}], "the one that was meant to wait ten minutes waits them"
    with frozen(now() + timedelta(seconds=601)):
        outbox.drain()
    assert seen == [{"n": 1}, {"n": 2}]
    assert outbox.pull_back() == 0


def test_events_planned_for_later_by_a_right_clock_are_left_alone(seen: list[Any]) -> None:
    with frozen(now() + timedelta(seconds=50)), transaction.atomic():
        outbox.emit("test.topic", {"n": 1})
    with transaction.atomic():
        outbox.emit("test.topic", {"n": 2}, delay=86_400)
    before = sorted(OutboxEvent.objects.values_list("id", "available_at"))
    assert outbox.pull_back() == 0
    assert sorted(OutboxEvent.objects.values_list("id", "available_at")) == before


def test_an_event_taken_meanwhile_is_not_given_free(seen: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with frozen(now() + timedelta(hours=3)), transaction.atomic():
        outbox.emit("test.topic", {"n": 1})
    leased = now() + timedelta(hours=4)
    known = list(OutboxEvent.objects.order_by("id"))

    class Slow:
        """What was read before another worker took the events."""

        def __getitem__(self, part: slice) -> list[OutboxEvent]:
            OutboxEvent.objects.update(available_at=leased)
            return known

    monkeypatch.setattr(
        "django.db.models.query.QuerySet.order_by", lambda self, *fields: Slow(), raising=True
    )
    assert outbox.pull_back() == 0
    monkeypatch.undo()
    assert set(OutboxEvent.objects.values_list("available_at", flat=True)) == {leased}

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

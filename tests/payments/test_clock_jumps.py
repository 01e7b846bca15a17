"""CLK-03: the clock of our process jumps an hour ahead and back. Nothing is closed before its time, nothing comes back to life."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from payworld import Simulator, World, counts, fresh, start_pay
from test_closing import FULL, HELD, SOLD

from yantuan.kernel import certain, clock
from yantuan.payments import closing
from yantuan.payments.actions import refresh
from yantuan.payments.models import PaymentAttempt
from yantuan.reports.rules import RULES
from yantuan.reports.rules.base import Reader

HOUR = timedelta(hours=1)


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Sets the wall clock; this process has seen it right before."""

    def to(ahead: timedelta) -> None:
        monkeypatch.setattr(clock, "_wall", lambda: datetime.now(tz=UTC) + ahead)

    monkeypatch.setattr(certain, "_steady", certain.Steady())
    certain.surely()
    return to


def _overdue() -> list[object]:
    return list(RULES["ST5"].check(Reader(clock.now())))


def test_young_orders_outlive_the_jump(
    world: World, sim: Simulator, jump: Callable[[timedelta], None]
) -> None:
    order = world.order()
    jump(HOUR)
    assert closing.expire_due() == 0
    assert not closing.close_if_over(order.id, "expired", closing.SYSTEM)
    assert fresh(order).payment == "unpaid" and counts(world.offers[0]) == HELD
    assert _overdue() == []
    jump(timedelta(0))
    assert closing.expire_due() == 0 and fresh(order).payment == "unpaid"
    with sim.later(901):
        assert closing.expire_due() == 1
    assert fresh(order).close_reason == "expired" and counts(world.offers[0]) == FULL


def test_a_payment_under_way_is_not_ended_by_the_jump(
    world: World, sim: Simulator, jump: Callable[[timedelta], None]
) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    jump(HOUR)
    closing.watch_due()
    attempt.refresh_from_db()
    assert attempt.state == "prepaid" and sim.calls("/close") == []
    jump(timedelta(0))
    sim.pay(attempt.out_trade_no)
    refresh(order.person, order.id)
    assert fresh(order).payment == "paid" and counts(world.offers[0]) == SOLD


def test_what_was_closed_stays_closed(
    world: World, sim: Simulator, jump: Callable[[timedelta], None]
) -> None:
    order = world.order()
    with sim.later(901):
        assert closing.expire_due() == 1
    jump(-HOUR)
    assert closing.expire_due() == 0
    assert fresh(order).payment == "closed" and counts(world.offers[0]) == FULL
    assert not PaymentAttempt.objects.filter(order_id=order.id).exists()

"""The provider's bill against our rows: what was missed is booked, what differs is kept for the operator."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from payworld import Simulator, World, fresh, start_pay

from yantuan.gateways.errors import GatewayUnavailable
from yantuan.kernel import clock
from yantuan.kernel.clock import CHINA
from yantuan.payments import gateway, jobs, reconcile, rules
from yantuan.payments.models import BillDifference, PaymentAttempt, ProviderNotice


@pytest.fixture
def today(sim: Simulator) -> date:
    sim.call("POST", "/config", {"bills_at_once": True})
    return clock.now().astimezone(CHINA).date()


def _differences() -> list[tuple[str, str]]:
    return list(BillDifference.objects.order_by("id").values_list("number", "problem"))


def test_money_whose_every_notice_was_lost_is_booked_from_the_bill(
    world: World, sim: Simulator, today: date
) -> None:
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    assert fresh(order).payment == "unpaid"
    assert reconcile.reconcile(today) == 0
    assert (fresh(order).payment, fresh(order).paid_fen) == ("paid", order.total_fen)
    assert reconcile.reconcile(today) == 0
    summary = ProviderNotice.objects.get(event_type=reconcile.CHECKED)
    assert json.loads(summary.resource) == {"day": today.isoformat(), "rows": 1, "differences": 0}


def test_what_differs_is_kept_once_and_changes_nothing(world: World, sim: Simulator, today: date) -> None:
    attempts, buyer = [], world.buyer(sim)
    for _ in range(2):
        attempts.append(start_pay(world.order(buyer))[1])
        sim.pay(attempts[-1].out_trade_no)
    reconcile.reconcile(today)
    lost, other = attempts
    # The provider's book has the first payment under a number we never made.
    foreign = rules.out_trade_no(12345)
    PaymentAttempt.objects.filter(id=lost.id).update(out_trade_no=foreign)
    PaymentAttempt.objects.filter(id=other.id).update(transaction_id="4200000000000000000000000000")
    for _ in range(2):
        assert reconcile.reconcile(today) == 3
    assert sorted(_differences()) == sorted(
        [
            (lost.out_trade_no, "unknown_order"),
            (other.out_trade_no, "transaction_id_differs"),
            (foreign, "not_in_bill"),
        ]
    )
    kept = BillDifference.objects.get(problem="unknown_order")
    assert kept.bill_line["商户订单号"] == lost.out_trade_no and "用户标识" not in kept.bill_line
    PaymentAttempt.objects.filter(id=lost.id).update(out_trade_no=lost.out_trade_no)
    PaymentAttempt.objects.filter(id=other.id).update(transaction_id=fresh_transaction(sim, other))


def fresh_transaction(sim: Simulator, attempt: PaymentAttempt) -> str:
    found = gateway.client().query_by_out_trade_no(attempt.out_trade_no)
    assert found is not None and found.transaction_id
    return str(found.transaction_id)


@pytest.mark.parametrize(
    ("moment", "newest"),
    [
        ("2026-05-12 10:14", "2026-05-10"),
        ("2026-05-12 10:15", "2026-05-11"),
        ("2026-05-12 23:59", "2026-05-11"),
    ],
)
def test_a_bill_is_asked_for_when_it_is_ready(moment: str, newest: str) -> None:
    days = reconcile.days_due(datetime.fromisoformat(moment).replace(tzinfo=CHINA))
    assert len(days) == reconcile.DAYS_BACK
    assert (days[-1].isoformat(), days[-1] - days[0]) == (newest, timedelta(days=reconcile.DAYS_BACK - 1))


@pytest.mark.parametrize("hour", range(24))
def test_no_day_is_late_that_nobody_asks_for_any_more(hour: int) -> None:
    """Back after more than a week, the oldest day that is caught up is also the oldest that can be missed."""
    moment = datetime(2026, 11, 30, hour, 42, tzinfo=CHINA)
    late = reconcile.days_late(moment, timedelta(hours=6))
    assert late == [
        day for day in reconcile.days_due(moment) if day in reconcile.days_due(moment - timedelta(hours=6))
    ]
    assert len(late) == reconcile.DAYS_BACK - (1 if 10 <= hour < 16 else 0)


def test_each_day_is_checked_once_and_a_silent_provider_is_asked_again(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_pay(world.order(world.buyer(sim)))
    asked: list[date] = []
    trouble = [True]

    class Provider:
        def trade_bill(self, day: date) -> Any:
            asked.append(day)
            if trouble:
                raise GatewayUnavailable("wechatpay", "timeout")
            return None

    monkeypatch.setattr(gateway, "client", Provider)
    noon = (clock.now() + timedelta(days=1)).astimezone(CHINA).replace(hour=12)
    with clock.frozen(noon):
        assert jobs.reconcile_bills() == 0
        trouble.clear()
        assert jobs.reconcile_bills() == 1
        assert jobs.reconcile_bills() == 0
    # Days before the first payment have no bill worth asking for.
    assert set(asked) == {noon.date() - timedelta(days=1)}
    assert len(asked) == 2


def test_numbers_of_other_systems_on_the_same_merchant_are_not_ours() -> None:
    assert rules.is_out_trade_no(rules.out_trade_no(7)) and rules.is_out_refund_no(rules.out_refund_no(7))
    for text in ("", "P", "P20260512000001A1", "R0000000000007", "P000000000000U"):
        assert not rules.is_out_trade_no(text), text

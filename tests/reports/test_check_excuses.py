"""What looks wrong for a while and is not: money on its way back, a clock set back, refunds that wait on purpose."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from reports.trade import open_trade
from yantuan.health import queues
from yantuan.kernel.clock import frozen, now
from yantuan.kernel.ids import new_id
from yantuan.leaders.actions import suspend_leader
from yantuan.orders.models import Order
from yantuan.payments.models import Refund
from yantuan.reports.checks import run_checks
from yantuan.stores.actions import suspend_store
from yantuan.stores.models import Store

pytestmark = [pytest.mark.django_db, pytest.mark.urls("stores.shop_urls")]


class _Undo(Exception):
    pass


def test_money_that_comes_again_for_an_order_given_back_is_excused_while_it_goes_back() -> None:
    trade = open_trade()
    trade.place("again", (0, 1), pay="wechatpay")
    trade.pay("again")
    trade.refund("again")
    assert trade.order("again").payment == "refunded"
    refund = Refund.objects.get(attempt=trade.pay_online("again"))
    order = trade.order("again")
    assert (order.payment, order.paid_fen) == ("refunded", 2 * order.total_fen)
    on_the_way = Refund.objects.filter(id=refund.id)
    for state in ("created", "processing", "abnormal", "closed"):
        on_the_way.update(state=state)
        assert run_checks(["O2"]).violations == []
    # Exactly its amount is excused, and only until it claims to be done.
    for change in ({"amount_fen": refund.amount_fen - 1}, {"state": "succeeded"}):
        with pytest.raises(_Undo), transaction.atomic():
            on_the_way.update(**change)
            assert [v.ids for v in run_checks(["O2"]).violations] == [[str(order.id)]]
            raise _Undo
    on_the_way.update(state="created")
    trade.finish(refund)
    order = trade.order("again")
    assert (order.payment, order.refunded_fen) == ("refunded", 2 * order.total_fen)
    assert run_checks(["O2", "L4", "O1"]).violations == []


@pytest.mark.parametrize("whom", ["store", "leader"])
def test_a_clock_set_back_makes_no_order_look_newer_than_the_suspension(whom: str) -> None:
    trade = open_trade()
    before = trade.place("before", (0, 1))
    store = Store.objects.get(id=before.store_id)
    with frozen(now() - timedelta(hours=1)):
        if whom == "store":
            suspend_store(store.id, "投诉较多", 1)
        else:
            suspend_leader(store.leader_id, "投诉较多", 1)
        assert run_checks(["I2"]).violations == []
    after = new_id()
    Order.objects.bulk_create([_copy(before, after)])
    assert [v.ids for v in run_checks(["I2"]).violations] == [[str(after)]]


def _copy(order: Order, new: int) -> Order:
    """The same order once more, placed now."""
    copy = Order.objects.get(id=order.id)
    copy.id, copy.idempotency_key, copy.placed_at = new, f"k{new}", now()
    return copy


def test_refunds_of_a_halted_store_ring_no_alarm() -> None:
    trade = open_trade()
    trade.place("online", (0, 1), pay="wechatpay")
    trade.pay("online")
    refund = trade.refund("online", done=False)
    long_ago = now() - timedelta(days=4)
    Refund.objects.filter(id=refund.id).update(next_try_at=long_ago, created_at=long_ago)

    def late() -> dict[str, int]:
        return {w.queue.name: w.depth for w in queues.look() if w.late and w.queue.name.startswith("refunds")}

    assert late() == {"refunds_due": 1, "refunds_open": 1}
    Store.objects.update(halted_at=now())
    assert late() == {}

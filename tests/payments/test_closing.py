"""Orders that run out, are cancelled, or are paid at the last moment."""

from __future__ import annotations

import pytest
from payworld import (
    Simulator,
    World,
    counts,
    fresh,
    lines_of,
    make_world,
    post_notice,
    quota,
    run_out,
    start_pay,
)

from yantuan.kernel import clock, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.errors import AppError, Conflict, NotFound
from yantuan.orders import actions as orders
from yantuan.orders.models import Order
from yantuan.payments import closing, refund_work
from yantuan.payments.actions import cancel, refresh
from yantuan.payments.models import PaymentAttempt, Refund

FULL, HELD, SOLD = (10, 0, 0), (9, 1, 0), (9, 0, 1)


def test_an_order_nobody_paid_for_closes_on_time(world: World, sim: Simulator) -> None:
    order = world.order()
    assert closing.expire_due() == 0 and fresh(order).payment == "unpaid"
    with sim.later(901):
        assert closing.expire_due() == 1
        assert closing.expire_due() == 0
    closed = fresh(order)
    assert (closed.payment, closed.close_reason) == ("closed", "expired")
    assert counts(world.offers[0]) == FULL and quota(order, world.offers[0]) == 0


def test_expiry_closes_at_the_provider_first(world: World, sim: Simulator) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    run_out(order)
    assert closing.expire_due() == 0
    assert fresh(order).payment == "unpaid"
    assert closing.watch_due() == 1
    attempt.refresh_from_db()
    assert (attempt.state, fresh(order).payment) == ("closed", "closed")
    assert len(sim.calls("/close")) == 1
    with pytest.raises(AssertionError, match="order_closed"):
        sim.pay(attempt.out_trade_no)
    assert counts(world.offers[0]) == FULL


def test_while_the_provider_is_silent_no_stock_is_released(world: World, sim: Simulator) -> None:
    order = world.order()
    start_pay(order)
    sim.fault("answer_garbage", times=None)
    with sim.later(901):
        assert closing.watch_due() == 1
        assert closing.expire_due() == 0
    assert fresh(order).payment == "unpaid" and counts(world.offers[0]) == HELD
    sim.clear_faults()
    with sim.later(970):
        assert closing.watch_due() == 1
    assert fresh(order).payment == "closed" and counts(world.offers[0]) == FULL


@pytest.mark.parametrize("moment", ["before", "between"])
def test_paid_at_the_last_moment_counts_as_paid(world: World, sim: Simulator, moment: str) -> None:
    """PAY-14: found by the query, or by the provider's ORDERPAID when closing."""
    order = world.order()
    _, attempt = start_pay(order)
    if moment == "before":
        sim.pay(attempt.out_trade_no)
    else:
        sim.fault("paid_before_close")
    run_out(order)
    closing.watch_due()
    closing.expire_due()
    assert fresh(order).payment == "paid" and counts(world.offers[0]) == SOLD
    assert not Refund.objects.exists()


def _expired_without_the_provider_knowing(world: World) -> tuple[Order, PaymentAttempt]:
    order = world.order()
    _, attempt = start_pay(order)
    PaymentAttempt.objects.update(state="closed", next_poll_at=None)
    run_out(order)
    assert closing.expire_due() == 1
    assert fresh(order).payment == "closed"
    return order, attempt


def _late_notice(sim: Simulator, attempt: PaymentAttempt) -> int:
    sim.pay(attempt.out_trade_no)
    return post_notice(sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"]))


def test_late_money_is_honoured_while_stock_and_sale_last(world: World, sim: Simulator) -> None:
    order, attempt = _expired_without_the_provider_knowing(world)
    assert _late_notice(sim, attempt) == 204
    assert _late_state(order) == ("paid", order.total_fen, 0)
    assert counts(world.offers[0]) == SOLD and quota(order, world.offers[0]) == 1
    assert not Refund.objects.exists()


def _late_state(order: Order) -> tuple[str, int, int]:
    now = fresh(order)
    return now.payment, now.paid_fen, now.refunded_fen


@pytest.mark.parametrize("why", ["resold", "sale_over", "cancelled", "limit", "suspended"])
def test_late_money_that_can_not_be_honoured_goes_back_by_itself(sim: Simulator, db: None, why: str) -> None:
    """PAY-10."""
    world = make_world(units=1 if why == "resold" else 10, limit=1 if why == "limit" else 0)
    order, attempt = _expired_without_the_provider_knowing(world)
    if why == "resold":
        world.order()
    elif why == "limit":
        world.order(order.person)
    elif why == "sale_over":
        world.group_buy.state = "closed"
        world.group_buy.save()
    elif why == "suspended":
        world.store.suspended_at = clock.now()
        world.store.save()
    else:
        Order.objects.filter(id=order.id).update(close_reason="buyer")
    before = counts(world.offers[0])
    assert _late_notice(sim, attempt) == 204
    assert _late_state(order) == ("closed", order.total_fen, 0)
    refund = Refund.objects.get()
    assert (refund.cause, refund.amount_fen, refund.state) == ("late", order.total_fen, "created")
    outbox.drain()
    with sim.later(10):
        refund_work.push_due()
    assert _late_state(order) == ("closed", order.total_fen, order.total_fen)
    assert sim.book(attempt.out_trade_no)["refunded"] == order.total_fen
    assert counts(world.offers[0]) == before


def test_the_buyer_cancels_before_paying(world: World, sim: Simulator) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    assert cancel(order.person, order.id, "不想要了").payment == "closed"
    assert fresh(order).close_reason == "buyer" and counts(world.offers[0]) == FULL
    assert cancel(order.person, order.id, "").payment == "closed"
    attempt.refresh_from_db()
    assert attempt.state == "closed"
    with pytest.raises(NotFound):
        cancel(world.buyer(), order.id, "")


def test_cancel_meets_a_payment_just_made(world: World, sim: Simulator) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    with pytest.raises(Conflict) as told:
        cancel(order.person, order.id, "")
    assert told.value.code == "already_paid"
    assert fresh(order).payment == "paid" and counts(world.offers[0]) == SOLD


def test_cancel_while_the_provider_is_silent_changes_nothing(world: World, sim: Simulator) -> None:
    order = world.order()
    start_pay(order)
    sim.fault("answer_garbage", times=None)
    with pytest.raises(AppError) as trouble:
        cancel(order.person, order.id, "")
    assert trouble.value.code == "provider_unavailable"
    assert fresh(order).payment == "unpaid" and counts(world.offers[0]) == HELD


def _paid(
    world: World, sim: Simulator, *quantities: int, delivery: str = "courier"
) -> tuple[Order, PaymentAttempt]:
    order = world.order(None, *quantities, delivery_method=delivery)
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    refresh(order.person, order.id)
    return order, attempt


def test_cancel_after_paying_refunds_all_and_restocks_once(world: World, sim: Simulator) -> None:
    order, attempt = _paid(world, sim, 3)
    cancel(order.person, order.id, "拍错了")
    cancel(order.person, order.id, "拍错了")
    refund = Refund.objects.get()
    assert (refund.cause, refund.amount_fen, refund.restock) == ("cancel", order.total_fen, True)
    assert fresh(order).payment == "paid" and counts(world.offers[0]) == (7, 0, 3)
    outbox.drain()
    with sim.later(10):
        refund_work.push_due()
    assert (fresh(order).payment, fresh(order).refunded_fen) == ("refunded", order.total_fen)
    assert counts(world.offers[0]) == FULL and quota(order, world.offers[0]) == 0
    assert sim.book(attempt.out_trade_no)["refunded"] == order.total_fen
    assert cancel(order.person, order.id, "").payment == "refunded"


def test_a_free_order_is_cancelled_without_any_provider(db: None, sim: Simulator) -> None:
    world = make_world(price_fen=0, freight_fen=0)
    order = world.order(None, 2)
    assert counts(world.offers[0]) == (8, 0, 2)
    assert cancel(order.person, order.id, "").payment == "refunded"
    assert counts(world.offers[0]) == FULL and Refund.objects.get().state == "succeeded"


@pytest.mark.parametrize("what", ["shipped", "picked", "aftersale"])
def test_too_late_to_cancel(world: World, sim: Simulator, what: str) -> None:
    order, _ = _paid(world, sim, delivery="pickup" if what == "picked" else "courier")
    line = lines_of(order)[0]
    code = {"shipped": "already_shipped", "picked": "already_picked", "aftersale": "aftersale_open"}[what]
    if what == "shipped":
        line.shipped_quantity = 1
        line.save()
        orders.transition(order.id, "delivery", "ship_all", Actor("leader", 1))
    elif what == "picked":
        line.picked_quantity = 1
        line.save()
        orders.transition(order.id, "delivery", "pick_all", Actor("leader", 1))
    else:
        orders.transition(order.id, "aftersale", "open", Actor("buyer", order.person_id))
    with pytest.raises(Conflict) as told:
        cancel(order.person, order.id, "")
    assert told.value.code == code
    assert not Refund.objects.exists() and counts(world.offers[0]) == SOLD

"""While the self-check has stopped a store: refunds wait under their number, money that arrives is still booked."""

from __future__ import annotations

import pytest
from payworld import Simulator, World, fresh, post_notice, run_out, start_pay

from yantuan.kernel import outbox
from yantuan.kernel.models import AuditEntry
from yantuan.payments import closing, queries, refund_work
from yantuan.payments.actions import refresh, refund_as_leader
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.stores import halting
from yantuan.stores.models import Store

pytestmark = pytest.mark.django_db


def test_refunds_wait_and_then_go(world: World, sim: Simulator) -> None:
    order = world.order(None, 2)
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    assert halting.halt(order.store_id, ["ST2:1"], "ST2：库存与订单不一致")
    assert not halting.halt(order.store_id, ["ST3:1"], "again")
    # Money received is booked all the same.
    refresh(order.person, order.id)
    assert fresh(order).payment == "paid"
    refund = refund_as_leader(
        world.leader_person, order.id, [], include_freight=False, reason="缺货", restock=False
    )
    outbox.drain()
    with sim.later(3600):
        assert refund_work.push_due() == 0
        assert refund_work.push(refund.id) is True
    refund.refresh_from_db()
    assert (refund.state, refund.tries) == ("created", 0)
    assert sim.book(attempt.out_trade_no)["refunded"] == 0
    assert queries.refund_out(refund).problem == queries.HALTED
    number = refund.out_refund_no
    halting.release(order.store_id, "已核对", 7)
    halting.release(order.store_id, "又一次", 7)
    with sim.later(10):
        refund_work.push_due()
    with sim.later(120):
        refund_work.push_due()
    refund.refresh_from_db()
    assert (refund.state, refund.out_refund_no) == ("succeeded", number)
    assert queries.refund_out(refund).problem == ""
    assert sim.book(attempt.out_trade_no)["refunded"] == refund.amount_fen
    assert Refund.objects.count() == 1
    assert list(AuditEntry.objects.order_by("seq").values_list("action", "actor_kind")) == [
        ("store.halt", "system"),
        ("store.release", "operator"),
    ]


def test_a_late_payment_of_a_halted_store_is_kept_for_its_refund(world: World, sim: Simulator) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    PaymentAttempt.objects.update(state="closed", next_poll_at=None)
    run_out(order)
    assert closing.expire_due() == 1
    halting.halt(order.store_id, ["L4:1"], "L4")
    sim.pay(attempt.out_trade_no)
    assert post_notice(sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])) == 204
    refund = Refund.objects.get()
    outbox.drain()
    with sim.later(60):
        refund_work.push_due()
    refund.refresh_from_db()
    assert (refund.cause, refund.state, refund.amount_fen) == ("late", "created", order.total_fen)
    assert (fresh(order).payment, fresh(order).paid_fen) == ("closed", order.total_fen)


def test_findings_accepted_at_a_release_do_not_stop_it_again(world: World) -> None:
    store = Store.objects.get()
    halting.halt(store.id, ["ST2:1", "ST2:2"], "ST2")
    halting.release(store.id, "盘点无误，计数待更正", 7, ["ST2:1", "ST2:2"])
    assert not halting.halt(store.id, ["ST2:2"], "ST2")
    assert not halting.is_halted(store.id)
    assert halting.halt(store.id, ["ST2:2", "M1:5"], "M1")
    assert halting.is_halted(store.id)

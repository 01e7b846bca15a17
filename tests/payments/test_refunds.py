"""Money back: what may be refunded, through the provider, whatever the provider does."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import transaction
from payworld import (
    Simulator,
    World,
    counts,
    fresh,
    lines_of,
    make_world,
    post_notice,
    quota,
    start_pay,
)

from yantuan.kernel import clock, outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.errors import Conflict, NotFound
from yantuan.kernel.models import OutboxEvent
from yantuan.orders.models import Order
from yantuan.payments import jobs, queries, refund_work, rules
from yantuan.payments.actions import (
    RefundPart,
    Wish,
    confirm_offline_refund,
    confirm_proof,
    refresh,
    refund_as_leader,
    retry_refund,
    send_proof,
    start_refund,
)
from yantuan.payments.models import OfflineProof, PaymentAttempt, Refund, RefundLine


def _paid(world: World, sim: Simulator, *quantities: int) -> tuple[Order, PaymentAttempt]:
    order = world.order(None, *quantities)
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    refresh(order.person, order.id)
    assert fresh(order).payment == "paid"
    return order, attempt


def _refund(
    world: World, order: Order, *wishes: Wish, freight: bool = False, restock: bool = False
) -> Refund:
    return refund_as_leader(
        world.leader_person, order.id, wishes, include_freight=freight, reason="缺货", restock=restock
    )


def _work(sim: Simulator, seconds: float = 10) -> None:
    outbox.drain()
    with sim.later(seconds):
        refund_work.push_due()
        outbox.drain()


def _back(sim: Simulator, attempt: PaymentAttempt) -> int:
    return int(sim.book(attempt.out_trade_no)["refunded"])


def _axes(order: Order) -> tuple[str, int]:
    now = fresh(order)
    return now.payment, now.refunded_fen


def test_partial_amounts_never_exceed_what_was_paid(db: None, sim: Simulator) -> None:
    """REF-01: 60, then 41 refused, then 40."""
    world = make_world(price_fen=10000, freight_fen=0)
    order, attempt = _paid(world, sim)
    line = lines_of(order)[0]
    first = _refund(world, order, Wish(line.id, 1, 6000))
    assert first.lines.get().quantity == 0
    with pytest.raises(Conflict) as refused:
        _refund(world, order, Wish(line.id, 1, 4100))
    assert refused.value.code == "refund_exceeds_paid"
    second = _refund(world, order, Wish(line.id, 1, 4000))
    assert second.lines.get().quantity == 1
    with pytest.raises(Conflict):
        _refund(world, order, Wish(line.id, 1, 1))
    outbox.drain()
    assert Refund.objects.filter(tries__gt=0).count() == 1
    for wait in (10, 65, 80):
        with sim.later(wait):
            refund_work.push_due()
    assert _axes(order) == ("refunded", 10000) and _back(sim, attempt) == 10000


def test_the_second_full_refund_finds_nothing_left(world: World, sim: Simulator) -> None:
    order, attempt = _paid(world, sim, 2)
    _refund(world, order)
    with pytest.raises(Conflict) as refused:
        _refund(world, order)
    assert refused.value.code == "nothing_to_refund"
    _work(sim)
    assert Refund.objects.count() == 1 and _back(sim, attempt) == order.total_fen
    with pytest.raises(Conflict) as done:
        _refund(world, order)
    assert done.value.code == "order_not_paid"


def test_lines_in_any_order_end_at_exactly_what_was_paid(sim: Simulator, db: None) -> None:
    """REF-08: three goods whose freight share is uneven, given back one by one."""
    for turn in permutations(range(3)):
        world = make_world(offers=3, price_fen=999, freight_fen=1000)
        order, _ = _paid(world, sim, 1, 1, 1)
        lines = lines_of(order)
        assert sum(line.freight_share_fen for line in lines) == 1000
        for position in turn:
            _refund(world, order, Wish(lines[position].id, 1), freight=True)
        parts = RefundLine.objects.filter(refund__order=order)
        assert sum(p.goods_fen + p.freight_fen for p in parts) == order.total_fen
        for line in lines_of(order):
            assert line.refunded_goods_fen == line.amount_fen
            assert line.refunded_freight_fen == line.freight_share_fen
        assert all(left.nothing for left in queries.left_to_refund(fresh(order)))


def test_freight_comes_back_whole_with_the_last_goods(sim: Simulator, db: None) -> None:
    world = make_world(offers=2, price_fen=1000, freight_fen=800)
    order, _ = _paid(world, sim, 1, 1)
    one, two = lines_of(order)
    assert _refund(world, order, Wish(one.id, 1)).amount_fen == 1000
    assert _refund(world, order, Wish(two.id, 1), freight=True).amount_fen == 1001 + 800


@pytest.mark.parametrize("restock", [True, False])
def test_stock_comes_back_by_rule_and_once(world: World, sim: Simulator, restock: bool) -> None:
    """REF-10: the notice repeats, the restock doesn't."""
    order, attempt = _paid(world, sim, 3)
    line = lines_of(order)[0]
    refund = _refund(world, order, Wish(line.id, 2), restock=restock)
    outbox.drain()
    assert counts(world.offers[0]) == (7, 0, 3)
    notice = sim.notices(attempt.out_trade_no, "REFUND.SUCCESS")[0]["id"]
    for _ in range(3):
        assert post_notice(sim.rendered(notice)) == 204
    _work(sim)
    refund.refresh_from_db()
    assert refund.state == "succeeded" and refund.provider_refund_id
    assert _axes(order) == ("partly_refunded", 2 * line.price_fen)
    assert counts(world.offers[0]) == ((9, 0, 1) if restock else (7, 0, 3))
    assert quota(order, world.offers[0]) == (1 if restock else 3)
    told = OutboxEvent.objects.filter(topic="refund.succeeded").count()
    assert told == len(outbox._handlers.get("refund.succeeded", ()))


@pytest.mark.parametrize(
    "kind", ["answer_system_error", "answer_cut", "answer_garbage", "answer_system_error_before"]
)
def test_unknown_results_are_repeated_under_the_same_number(world: World, sim: Simulator, kind: str) -> None:
    """REF-04."""
    order, attempt = _paid(world, sim)
    refund = _refund(world, order)
    sim.fault(kind, times=3, operation="refund")
    outbox.drain()
    refund.refresh_from_db()
    with sim.later(30):
        refund_work.push_due()
    with sim.later(60):
        refund_work.push_due()
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert _back(sim, attempt) == order.total_fen
    moved = [m for m in sim.call("GET", "/movements")["movements"] if m["kind"] == "refund"]
    assert [m["amount"] for m in moved] == [order.total_fen]


@pytest.mark.parametrize(("kind", "state"), [("refund_abnormal", "abnormal"), ("refund_closed", "closed")])
def test_bad_ends_are_visible_and_tried_again_with_the_same_number(
    world: World, sim: Simulator, kind: str, state: str
) -> None:
    """REF-05."""
    order, attempt = _paid(world, sim)
    refund = _refund(world, order)
    sim.fault(kind)
    _work(sim)
    refund.refresh_from_db()
    assert refund.state == state
    shown = queries.refund_out(refund)
    assert shown.state_label == "退款异常" and "重试" in shown.problem
    assert _axes(order) == ("paid", 0) and _back(sim, attempt) == 0
    with pytest.raises(Conflict):
        _refund(world, order)
    with pytest.raises(NotFound):
        retry_refund(world.buyer(), refund.id)
    retry_refund(world.leader_person, refund.id)
    _work(sim)
    refund.refresh_from_db()
    assert (refund.state, queries.refund_problem(refund)) == ("succeeded", "")
    assert _axes(order) == ("refunded", order.total_fen) and _back(sim, attempt) == order.total_fen


def test_want_of_money_heals_by_itself(world: World, sim: Simulator) -> None:
    order, attempt = _paid(world, sim)
    refund = _refund(world, order)
    sim.fault("refund_not_enough")
    outbox.drain()
    refund.refresh_from_db()
    assert (refund.state, refund.last_error[:10]) == ("created", "NOT_ENOUGH")
    assert "余额不足" in queries.refund_problem(refund)
    with sim.later(800):
        assert refund_work.push_due() == 0
    with sim.later(901):
        assert refund_work.push_due() == 1
    with sim.later(940):
        refund_work.push_due()
    assert _axes(order) == ("refunded", order.total_fen) and _back(sim, attempt) == order.total_fen


def test_a_clear_no_waits_for_a_person(world: World, sim: Simulator) -> None:
    order, attempt = _paid(world, sim)
    refund = _refund(world, order)
    Refund.objects.filter(id=refund.id).update(request_body=refund.request_body.replace(
        f'"refund":{refund.amount_fen}', f'"refund":{refund.amount_fen + 1}'
    ))  # fmt: skip
    outbox.drain()
    refund.refresh_from_db()
    assert refund.state == "abnormal" and refund.next_try_at is None and _back(sim, attempt) == 0


def test_the_notice_overtakes_the_answer(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REF-06."""
    order, attempt = _paid(world, sim)
    refund = _refund(world, order)
    call = refund_work._call

    def overtaken(one: Refund):  # type: ignore[no-untyped-def]
        answer = call(one)
        notice = sim.notices(attempt.out_trade_no, "REFUND.SUCCESS")[0]["id"]
        assert post_notice(sim.rendered(notice)) == 204
        return answer

    monkeypatch.setattr(refund_work, "_call", overtaken)
    outbox.drain()
    refund.refresh_from_db()
    assert refund.state == "succeeded" and _axes(order) == ("refunded", order.total_fen)


def test_a_refund_notice_that_does_not_match_is_kept_only(world: World, sim: Simulator) -> None:
    order, attempt = _paid(world, sim)
    refund = _refund(world, order)
    outbox.drain()
    notice = sim.notices(attempt.out_trade_no, "REFUND.SUCCESS")[0]["id"]
    for flaw in ("notice_wrong_amount", "notice_foreign_mchid", "notice_unknown_order"):
        assert post_notice(sim.rendered(notice, flaw)) == 204
    assert post_notice(sim.rendered(notice, "notice_bad_signature")) == 401
    refund.refresh_from_db()
    assert refund.state == "processing" and _axes(order) == ("paid", 0)


def test_limits_of_the_provider(world: World, sim: Simulator) -> None:
    """REF-13: a year, fifty refunds, a minute between them."""
    order, _ = _paid(world, sim, 3)
    line = lines_of(order)[0]
    with clock.frozen(clock.now() + timedelta(days=366)), pytest.raises(Conflict) as old:
        _refund(world, order)
    assert old.value.code == "refund_too_old"
    _refund(world, order, Wish(line.id, 1, 1))
    second = _refund(world, order, Wish(line.id, 1, 1))
    assert second.send_after >= second.created_at + timedelta(seconds=55)
    assert "间隔" in queries.refund_problem(second)
    with pytest.raises(outbox.Later):
        jobs.send_refund({"refund_id": str(second.id)})
    for _ in range(48):
        _refund(world, order, Wish(line.id, 1, 1))
    with pytest.raises(Conflict) as many:
        _refund(world, order, Wish(line.id, 1, 1))
    assert many.value.code == "refund_too_many"
    assert Refund.objects.count() == 50


def test_who_may_not_refund_and_when(world: World, sim: Simulator) -> None:
    unpaid = world.order()
    with pytest.raises(Conflict) as early:
        _refund(world, unpaid)
    assert early.value.code == "order_not_paid"
    stranger = make_world()
    with pytest.raises(NotFound):
        _refund(stranger, unpaid)
    order, _ = _paid(world, sim)
    for bad in (Wish(1, 1), Wish(lines_of(order)[0].id, 2), Wish(lines_of(order)[0].id, 1, 3991)):
        with pytest.raises(Conflict):
            _refund(world, order, bad)
    with transaction.atomic(), pytest.raises(Conflict):
        start_refund(
            order, [RefundPart(lines_of(order)[0].id, 1, 3990, 801)], cause="leader", reason="x", restock=False,
            actor=SYSTEM,
        )  # fmt: skip
    assert not Refund.objects.exists()


def test_offline_money_goes_back_by_hand(world: World, sim: Simulator) -> None:
    order = world.order(method="offline")
    send_proof(order.person, order.id, None, "已转账")
    confirm_proof(world.leader_person, OfflineProof.objects.get().id)
    refund = _refund(world, order, restock=True)
    assert queries.refund_out(refund).offline and queries.refund_state_label(refund) == "待团长线下退款"
    _work(sim)
    assert _axes(order) == ("paid", 0)
    for _ in range(2):
        confirm_offline_refund(world.leader_person, refund.id)
    assert _axes(order) == ("refunded", order.total_fen) and counts(world.offers[0]) == (10, 0, 0)
    with pytest.raises(Conflict):
        retry_refund(world.leader_person, refund.id)
    assert not sim.calls("/v3/refund/domestic/refunds")


def test_an_aftersale_refund_carries_its_case(world: World, sim: Simulator) -> None:
    order, _ = _paid(world, sim, 2)
    line = lines_of(order)[0]
    heard: list[dict[str, object]] = []

    def listener(payload: dict[str, object]) -> None:
        heard.append(payload)

    outbox.on("refund.succeeded")(listener)
    try:
        with transaction.atomic():
            start_refund(
                order, [RefundPart(line.id, 1, 1330, 0)], cause="after_sale", reason="烂果", restock=False,
                actor=Actor("leader", world.leader_person.id), aftersale_id=77,
            )  # fmt: skip
        _work(sim)
        outbox.drain()
    finally:
        outbox._handlers["refund.succeeded"].remove(listener)
    assert [(p["aftersale_id"], p["cause"], p["amount_fen"]) for p in heard] == [("77", "after_sale", 1330)]
    assert lines_of(order)[0].refunded_quantity == 1 and rules.out_refund_no(1) == "R0000000000001"

"""What WeChat Pay posts to us: genuine, repeated, forged, mismatched, late."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.test import Client
from payworld import Simulator, World, counts, fresh, post_notice, start_pay

from yantuan.gateways.wechatpay import Transaction
from yantuan.kernel import clock
from yantuan.orders.models import Order, OrderEvent
from yantuan.payments import apply, inbox, jobs, views
from yantuan.payments.actions import refresh
from yantuan.payments.catch_up import CatchUp
from yantuan.payments.models import PaymentAttempt, ProviderNotice, Refund


def _paid_notice(world: World, sim: Simulator) -> tuple[Order, PaymentAttempt, str]:
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    return order, attempt, sim.notices(attempt.out_trade_no)[0]["id"]


def _untouched(order: Order) -> bool:
    now = fresh(order)
    return (now.payment, now.paid_fen, now.version) == ("unpaid", 0, order.version)


def test_a_notice_pays_once_however_often_it_comes(world: World, sim: Simulator) -> None:
    order, attempt, notice = _paid_notice(world, sim)
    for _ in range(4):
        assert post_notice(sim.rendered(notice)) == 204
    row = ProviderNotice.objects.get()
    assert (row.outcome, row.seen, row.business_no) == ("applied", 4, attempt.out_trade_no)
    assert json.loads(row.resource)["trade_state"] == "SUCCESS"
    assert set(row.headers) >= {
        "wechatpay-signature",
        "wechatpay-serial",
        "wechatpay-timestamp",
        "wechatpay-nonce",
    }
    paid = fresh(order)
    assert (paid.payment, paid.paid_fen) == ("paid", order.total_fen)
    assert OrderEvent.objects.filter(order=order, event="pay").count() == 1
    assert counts(world.offers[0]) == (9, 0, 1) and not Refund.objects.exists()


@pytest.mark.parametrize(
    "flaw",
    [
        "notice_bad_signature",
        "notice_unsigned",
        "notice_wrong_serial",
        "notice_old_timestamp",
        "notice_signtest",
    ],
)
def test_what_is_not_genuine_is_refused_and_leaves_no_trace(world: World, sim: Simulator, flaw: str) -> None:
    order, _, notice = _paid_notice(world, sim)
    assert post_notice(sim.rendered(notice, flaw)) == 401
    assert _untouched(order) and not ProviderNotice.objects.exists()
    # The genuine one afterwards is no duplicate.
    assert post_notice(sim.rendered(notice)) == 204
    assert fresh(order).payment == "paid"


def test_probes_alarm_nobody_but_forgeries_do(
    world: World, sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    _, _, notice = _paid_notice(world, sim)
    with caplog.at_level("WARNING", logger="yantuan.security"):
        post_notice(sim.rendered(notice, "notice_signtest"))
        assert not caplog.records
        post_notice(sim.rendered(notice, "notice_bad_signature"))
        assert [r.name for r in caplog.records] == ["yantuan.security"]


def test_bodies_that_are_no_notice(world: World, sim: Simulator) -> None:
    order, _, notice = _paid_notice(world, sim)
    good = sim.rendered(notice)
    client = Client()
    for body in (
        b"",
        b"<xml/>",
        b"{}",
        b"\x00" * 100,
        good["body"].encode()[:-1],
        good["body"].encode() + b" ",
    ):
        answer = client.post(
            "/notify/wechatpay/transactions", data=body, content_type="application/json",
            headers={k: v for k, v in good["headers"].items() if k != "Content-Type"},
        )  # fmt: skip
        assert answer.status_code == 401 and answer.json()["code"] == "FAIL"
    big = client.post(
        "/notify/wechatpay/transactions", data=b"x" * (256 * 1024 + 1), content_type="application/json"
    )
    assert big.status_code == 413
    assert client.get("/notify/wechatpay/transactions").status_code == 405
    assert _untouched(order) and not ProviderNotice.objects.exists()


def test_our_key_does_not_open_it(world: World, sim: Simulator) -> None:
    order, _, notice = _paid_notice(world, sim)
    assert post_notice(sim.rendered(notice, "notice_bad_ciphertext")) == 500
    assert _untouched(order) and not ProviderNotice.objects.exists()


@pytest.mark.parametrize(
    ("flaw", "problem"),
    [
        ("notice_wrong_amount", "amount_differs"),
        ("notice_wrong_currency", "currency_differs"),
        ("notice_foreign_mchid", "mchid_differs"),
        ("notice_foreign_appid", "appid_differs"),
        ("notice_unknown_order", "unknown_order"),
    ],
)
def test_genuine_but_not_matching_is_kept_and_never_booked(
    world: World, sim: Simulator, flaw: str, problem: str
) -> None:
    order, attempt, notice = _paid_notice(world, sim)
    assert post_notice(sim.rendered(notice, flaw)) == 204
    row = ProviderNotice.objects.get()
    assert (row.outcome, row.problem) == ("unmatched", problem)
    assert _untouched(order)
    attempt.refresh_from_db()
    assert attempt.state == "prepaid" and not Refund.objects.exists()


@pytest.mark.parametrize(
    "state", ["NOTPAY", "USERPAYING", "CLOSED", "REVOKED", "PAYERROR", "ACCEPT", "BRANDNEW"]
)
def test_other_trade_states_never_pay(world: World, sim: Simulator, state: str) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    sim.fault("notice_trade_state", value=state)
    sim.pay(attempt.out_trade_no)
    notice = sim.notices(attempt.out_trade_no)[0]["id"]
    assert post_notice(sim.rendered(notice)) == 204
    assert _untouched(order)
    attempt.refresh_from_db()
    assert attempt.state == "prepaid"
    assert ProviderNotice.objects.get().problem == f"trade_state_{state}"


def test_failure_after_success_downgrades_nothing(world: World, sim: Simulator) -> None:
    order, attempt, notice = _paid_notice(world, sim)
    post_notice(sim.rendered(notice))
    told = json.loads(ProviderNotice.objects.get().resource)
    for state in ("CLOSED", "REVOKED", "PAYERROR", "NOTPAY"):
        told["trade_state"] = state
        assert apply.apply_transaction(Transaction.read(told), "poll").outcome == "ignored"
    attempt.refresh_from_db()
    assert (fresh(order).payment, attempt.state) == ("paid", "succeeded")


def test_the_seconds_between_are_bridged_by_the_timed_job(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, _, notice = _paid_notice(world, sim)

    def broken(notice_id: int) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "handle", broken)
        assert post_notice(sim.rendered(notice)) == 204
    assert _untouched(order) and ProviderNotice.objects.get().outcome == "waiting"
    assert inbox.handle_left_over() == 0
    with clock.frozen(clock.now() + timedelta(seconds=5)):
        assert inbox.handle_left_over() == 1
    assert fresh(order).payment == "paid" and ProviderNotice.objects.get().outcome == "applied"


def test_in_a_storm_the_answer_does_not_wait(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, _, notice = _paid_notice(world, sim)
    full = threading.BoundedSemaphore(1)
    full.acquire()
    left: list[int] = []
    with monkeypatch.context() as patch:
        patch.setattr(views, "_applying", full)
        patch.setattr(views._catch_up, "soon", left.append)
        assert post_notice(sim.rendered(notice)) == 204
    assert left == [ProviderNotice.objects.get().id]
    assert _untouched(order) and ProviderNotice.objects.get().outcome == "waiting"
    with clock.frozen(clock.now() + timedelta(seconds=5)):
        assert jobs.handle_notices() == 1
    assert fresh(order).payment == "paid" and ProviderNotice.objects.get().outcome == "applied"
    assert post_notice(sim.rendered(notice)) == 204
    assert fresh(order).paid_fen == order.total_fen


def test_the_rest_of_a_storm_is_applied_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    handled: list[int] = []
    done = threading.Event()

    def handle(notice_id: int) -> None:
        if notice_id == 2:
            raise RuntimeError("this one waits for the job")
        handled.append(notice_id)
        if notice_id == 4:
            done.set()

    monkeypatch.setattr(inbox, "handle", handle)
    catch_up = CatchUp()
    for notice_id in (1, 2, 3, 4):
        catch_up.soon(notice_id)
    assert done.wait(20) and handled == [1, 3, 4]


def test_notice_after_polling_is_a_repeat(world: World, sim: Simulator) -> None:
    order, _, notice = _paid_notice(world, sim)
    refresh(order.person, order.id)
    assert post_notice(sim.rendered(notice)) == 204
    assert ProviderNotice.objects.get().outcome == "repeated"
    assert fresh(order).paid_fen == order.total_fen


def test_two_attempts_both_paid_the_second_goes_back(world: World, sim: Simulator) -> None:
    """PAY-11: an attempt that we closed is paid all the same."""
    order, first, notice = _paid_notice(world, sim)
    PaymentAttempt.objects.filter(id=first.id).update(state="closed", next_poll_at=None)
    _, second = start_pay(order, "h5")
    sim.pay(second.out_trade_no)
    refresh(order.person, order.id)
    assert post_notice(sim.rendered(notice)) == 204
    paid = fresh(order)
    assert (paid.payment, paid.paid_fen) == ("paid", 2 * order.total_fen)
    first.refresh_from_db()
    assert (first.state, first.extra) == ("succeeded", True)
    refund = Refund.objects.get()
    assert (refund.cause, refund.amount_fen, refund.attempt_id) == ("extra", order.total_fen, first.id)
    assert counts(world.offers[0]) == (9, 0, 1)


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_rotation_old_and_new_keys_count(world: World, sim: Simulator, mode: str) -> None:
    """PAY-19: a new certificate is fetched once; a new public key must come from the operator."""
    sim.call("POST", "/config", {"sign_mode": mode})
    order, _, notice = _paid_notice(world, sim)
    assert post_notice(sim.rendered(notice)) == 204
    assert fresh(order).payment == "paid"

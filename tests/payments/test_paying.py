"""Starting a payment, what the app is told, and how success becomes a paid order."""

from __future__ import annotations

import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from payworld import Simulator, World, counts, fresh, make_world, start_pay

from yantuan.gateways.errors import GatewayUnavailable
from yantuan.identity.models import Channel
from yantuan.kernel import clock, outbox
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict, NotFound
from yantuan.orders.models import OrderEvent
from yantuan.payments import attempts, closing, gateway, paying
from yantuan.payments.actions import PayWish, pay, refresh
from yantuan.payments.models import PaymentAttempt, ProviderNotice


def test_native_pays_through_the_cashier_and_polling_books_it_once(world: World, sim: Simulator) -> None:
    order = world.order()
    instruction, attempt = start_pay(order)
    assert instruction.kind == "qr" and instruction.code_url.startswith("weixin://wxpay/bizpayurl?pr=")
    back = parse_qs(urlsplit(instruction.url).query)
    assert back["redirect_url"] == ["http://127.0.0.1:8123/pages/pay-result"]
    assert 0 < instruction.expires_in <= 900
    assert (attempt.state, attempt.trade_type, attempt.amount_fen) == ("prepaid", "NATIVE", order.total_fen)
    assert counts(world.offers[0]) == (9, 1, 0)

    sim.pay(attempt.out_trade_no)
    with clock.frozen(clock.now() + timedelta(seconds=10)):
        assert closing.watch_due() == 1
    paid = fresh(order)
    assert (paid.payment, paid.paid_fen, paid.refunded_fen) == ("paid", order.total_fen, 0)
    assert counts(world.offers[0]) == (9, 0, 1)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.paid_fen, attempt.extra) == ("succeeded", order.total_fen, False)
    assert OrderEvent.objects.filter(order=order, axis="payment", event="pay").count() == 1
    assert pay(order.person, order.id, PayWish("native")).kind == "done"


def test_jsapi_needs_the_openid_of_its_app(world: World, sim: Simulator) -> None:
    buyer = world.buyer(sim)
    order = world.order(buyer)
    mini, first = start_pay(order, "mini")
    assert mini.kind == "jsapi" and mini.params["package"] == f"prepay_id={first.prepay_id}"
    assert mini.url.startswith(f"{sim.url}/cashier/jsapi?")
    inside, second = start_pay(order, "wechat")
    assert inside.params["appId"] == second.appid != first.appid
    first.refresh_from_db()
    assert first.state == "closed"
    assert PaymentAttempt.objects.filter(order=order, state="prepaid").count() == 1


def test_without_openid_the_buyer_signs_in_first(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YANTUAN_CASHIER_URL", "")
    config.cache_clear()
    order = world.order()
    with pytest.raises(AppError) as refusal:
        pay(order.person, order.id, PayWish("mini"))
    assert refusal.value.code == "wechat_sign_in_needed"
    assert not PaymentAttempt.objects.exists() and fresh(order).payment == "unpaid"


def test_h5_redirects_and_a_second_press_reuses_the_number(world: World, sim: Simulator) -> None:
    order = world.order()
    first, attempt = start_pay(order, "h5")
    assert first.kind == "redirect" and first.url.startswith(f"{sim.url}/cashier/h5/")
    assert first.url.endswith("redirect_url=http%3A%2F%2F127.0.0.1%3A8123%2Fpages%2Fpay-result")
    second, same = start_pay(order, "h5")
    assert (second.url, same.id) == (first.url, attempt.id)
    assert len(sim.calls("/v3/pay/transactions/h5")) == 1
    # The page lives five minutes; afterwards the very same request is made again.
    PaymentAttempt.objects.update(prepay_expires_at=clock.now())
    third, again = start_pay(order, "h5")
    assert again.id == attempt.id and third.url != first.url
    assert again.request_body == attempt.request_body


def test_another_way_to_pay_closes_the_first_one_and_money_found_there_wins(
    world: World, sim: Simulator
) -> None:
    order = world.order()
    _, attempt = start_pay(order, "native")
    sim.pay(attempt.out_trade_no)
    instruction, same = start_pay(order, "h5")
    assert instruction.kind == "done" and same.id == attempt.id
    assert fresh(order).payment == "paid"


def test_refresh_after_the_cashier_books_at_once(world: World, sim: Simulator) -> None:
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    assert refresh(order.person, order.id).payment == "paid"


@pytest.mark.parametrize(
    "kind",
    [
        "answer_garbage",
        "answer_unsigned",
        "answer_bad_signature",
        "answer_signtest",
        "answer_system_error",
        "answer_cut",
        "rate_limited",
    ],
)
def test_a_misbehaving_provider_leaves_the_order_payable_under_the_same_number(
    world: World, sim: Simulator, kind: str
) -> None:
    order = world.order()
    sim.fault(kind, times=3)
    with pytest.raises(AppError) as trouble:
        start_pay(order)
    assert (trouble.value.code, trouble.value.status) == ("provider_unavailable", 503)
    attempt = PaymentAttempt.objects.get(order=order)
    assert attempt.state == "created" and fresh(order).payment == "unpaid"
    sim.clear_faults()
    instruction, same = start_pay(order)
    assert instruction.kind == "qr" and same.out_trade_no == attempt.out_trade_no
    sim.pay(same.out_trade_no)
    assert refresh(order.person, order.id).payment == "paid"


def test_a_slow_provider_makes_others_step_back_instead_of_waiting(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "WAIT_SECONDS", 0.05)
    inside, leave = threading.Barrier(gateway.WAITING_ROOM + 1), threading.Event()

    def occupy() -> None:
        with gateway.turn():
            inside.wait(5)
            leave.wait(5)

    busy = [threading.Thread(target=occupy) for _ in range(gateway.WAITING_ROOM)]
    for thread in busy:
        thread.start()
    inside.wait(5)
    try:
        with pytest.raises(AppError) as trouble:
            start_pay(world.order())
    finally:
        leave.set()
        for thread in busy:
            thread.join()
    assert trouble.value.code == "provider_unavailable" and trouble.value.retry_after


def test_while_somebody_waits_long_nobody_else_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gateway._patience() == gateway.WAIT_SECONDS
    with gateway.turn():
        assert gateway._patience() == gateway.WAIT_SECONDS
        monkeypatch.setattr(gateway, "BRISK_SECONDS", -1.0)
        assert gateway._patience() == 0.0
    assert gateway._patience() == gateway.WAIT_SECONDS


def test_after_a_long_silence_requests_step_back_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "SLOW_SECONDS", 0.0)
    with pytest.raises(GatewayUnavailable), gateway.turn():
        raise GatewayUnavailable("wechatpay", "ReadTimeout")
    with pytest.raises(AppError) as trouble, gateway.turn():
        pass
    assert trouble.value.code == "provider_unavailable"
    gateway.reset()
    with gateway.turn():
        pass


def test_a_clear_refusal_is_told_and_the_order_kept(world: World, sim: Simulator) -> None:
    order = world.order()
    Channel.objects.create(
        person=order.person,
        kind="mini",
        appid=config().wechat_mini_appid,
        openid="oNOBODY",
        created_at=clock.now(),
    )
    with pytest.raises(AppError) as refused:
        start_pay(order, "mini")
    assert (refused.value.code, refused.value.status) == ("provider_refused", 409)
    assert fresh(order).payment == "unpaid" and PaymentAttempt.objects.get().state == "closed"
    assert start_pay(order, "native")[0].kind == "qr"


def test_who_may_not_pay(world: World, sim: Simulator) -> None:
    order = world.order()
    with pytest.raises(NotFound):
        pay(world.buyer(), order.id, PayWish("native"))
    with clock.frozen(clock.now() + timedelta(seconds=901)), pytest.raises(Conflict) as late:
        pay(order.person, order.id, PayWish("native"))
    assert late.value.code == "order_expired"
    closing.close_if_over(order.id, "buyer", SYSTEM)
    with pytest.raises(Conflict) as closed:
        pay(order.person, order.id, PayWish("native"))
    assert closed.value.code == "order_closed"
    assert not PaymentAttempt.objects.exists()


def test_offline_and_free_orders_never_reach_the_provider(db: None, sim: Simulator) -> None:
    world = make_world(price_fen=0, freight_fen=0)
    free = world.order()
    assert (free.payment, free.payment_method) == ("paid", "zero")
    assert pay(free.person, free.id, PayWish("native")).kind == "done"
    paying = make_world()
    offline = paying.order(method="offline")
    instruction = pay(offline.person, offline.id, PayWish("native"))
    assert instruction.kind == "offline" and instruction.expires_in > 80000
    assert not PaymentAttempt.objects.exists() and not sim.calls("/v3/pay/transactions/native")


def test_success_before_the_prepay_answer_is_stored(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PAY-12: the notice overtakes the answer; the order ends paid and the app is told so."""
    order = world.order()
    announce = paying._announce

    def overtaken(attempt: PaymentAttempt) -> attempts.Prepay:
        answer = announce(attempt)
        sim.pay(attempt.out_trade_no)
        closing.ask(attempt, "notice")
        return answer

    monkeypatch.setattr(paying, "_announce", overtaken)
    instruction, attempt = start_pay(order)
    assert instruction.kind == "done" and attempt.state == "succeeded"
    assert fresh(order).payment == "paid"


def test_the_order_paid_event_is_written_in_the_commit(world: World, sim: Simulator) -> None:
    seen: list[str] = []

    def listener(payload: dict[str, object]) -> None:
        seen.append(str(payload["order_id"]))

    outbox.on("order.paid")(listener)
    try:
        order = world.order()
        _, attempt = start_pay(order)
        sim.pay(attempt.out_trade_no)
        refresh(order.person, order.id)
        refresh(order.person, order.id)
        outbox.drain()
        assert seen == [str(order.id)]
    finally:
        outbox._handlers["order.paid"].remove(listener)
    assert not ProviderNotice.objects.exists()

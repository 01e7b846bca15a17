"""Money goes to the account its payment was made with, and its notices, refunds and bills follow it there."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from merchantworld import enter, new_shop, partner, several_leaders
from payworld import Simulator, World, fresh, make_world, post_notice, start_pay

from yantuan.gateways.errors import GatewayUndecryptable
from yantuan.kernel import clock
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.clock import CHINA
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict
from yantuan.merchants import actions, keys, routing
from yantuan.merchants.models import MerchantAccount
from yantuan.orders.models import Order
from yantuan.payments import actions as payments
from yantuan.payments import apply, closing, gateway, inbox, jobs, reconcile, refund_work
from yantuan.payments.clients import AccountClients
from yantuan.payments.models import BillDifference, PaymentAttempt, ProviderNotice, Refund
from yantuan.reports.command import run_checks
from yantuan.stores.models import Store


def _paid(world: World, sim: Simulator, channel: str = "native") -> tuple[Order, PaymentAttempt]:
    order = world.order(world.buyer(sim if channel == "mini" else None))
    _, attempt = start_pay(order, channel)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    attempt.refresh_from_db()
    return fresh(order), attempt


@pytest.mark.parametrize("channel", ["native", "mini", "h5"])
def test_a_payment_is_made_with_the_stores_own_account(world: World, sim: Simulator, channel: str) -> None:
    shop = new_shop(sim)
    account = enter(world, shop.texts)
    order, attempt = _paid(world, sim, channel)
    assert (order.payment, attempt.mchid, attempt.account_id) == ("paid", shop.mchid, account.id)
    moved = sim.call("GET", "/movements")["movements"]
    assert [(m["out_trade_no"], shop.mchid in m["to_account"]) for m in moved] == [
        (attempt.out_trade_no, True)
    ]


def test_its_notices_come_to_an_address_of_its_own(world: World, sim: Simulator) -> None:
    account = enter(world, new_shop(sim).texts)
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    rendered = sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])
    code = keys.account_code(account.id)
    assert rendered["url"].endswith(f"/notify/wechatpay/{code}/transactions")
    # The operator's door doesn't open it, a made-up door doesn't exist; nothing is kept.
    head = rendered["url"].split("/notify/")[0]
    assert post_notice({**rendered, "url": f"{head}/notify/wechatpay/transactions"}) == 500
    assert post_notice({**rendered, "url": f"{head}/notify/wechatpay/{code[:-1]}x/transactions"}) == 404
    assert post_notice({**rendered, "url": f"{head}/notify/wechatpay/{code}/bills"}) == 404
    assert not ProviderNotice.objects.exists() and fresh(order).payment == "unpaid"
    assert [post_notice(rendered) for _ in range(2)] == [204, 204]
    kept = ProviderNotice.objects.get()
    assert (kept.account_id, kept.seen, kept.outcome) == (account.id, 2, "applied")
    assert fresh(order).payment == "paid"


def test_what_one_merchant_says_of_anothers_order_is_not_believed(world: World, sim: Simulator) -> None:
    other = make_world()
    enter(world, new_shop(sim).texts)
    stranger = enter(other, new_shop(sim).texts)
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    mine = gateway.client_for(attempt.account_id)
    rendered = sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])
    notice = mine.parse_notice(rendered["headers"], rendered["body"].encode())
    for account_id in (stranger.id, None):
        inbox.handle(inbox.store(notice, {}, account_id))
    kept = ProviderNotice.objects.order_by("id")
    assert [(n.outcome, n.problem) for n in kept] == [("unmatched", "foreign_mchid")] * 2
    assert fresh(order).payment == "unpaid"
    with pytest.raises(GatewayUndecryptable):
        gateway.client_for(stranger.id).parse_notice(rendered["headers"], rendered["body"].encode())
    found = mine.query_by_out_trade_no(attempt.out_trade_no)
    assert found is not None
    assert apply.apply_transaction(found, "poll").problem == "foreign_mchid"
    assert fresh(order).payment == "unpaid"


def test_a_refund_goes_through_the_account_that_was_paid(world: World, sim: Simulator) -> None:
    first = enter(world, new_shop(sim).texts)
    order, attempt = _paid(world, sim)
    second = enter(world, new_shop(sim).texts)
    first.refresh_from_db()
    assert first.retired_at is not None and second.id != first.id
    refund = payments.refund_as_leader(
        world.leader_person, order.id, [], include_freight=True, reason="换了商户号", restock=False
    )
    assert refund_work.push(refund.id)
    with sim.later(10):
        assert jobs.push_refunds() == 1
    refund.refresh_from_db()
    assert refund.state == Refund.State.SUCCEEDED and fresh(order).payment == "refunded"
    assert keys.account_code(first.id) in json.loads(refund.request_body)["notify_url"]
    assert sim.book(attempt.out_trade_no)["refunded"] == order.total_fen
    # The next order is paid to the new one.
    assert _paid(world, sim)[1].account_id == second.id


def test_a_live_payment_is_replaced_when_the_account_changed(world: World, sim: Simulator) -> None:
    order = world.order(world.buyer(sim))
    _, before = start_pay(order)
    assert before.account_id is None
    account = enter(world, new_shop(sim).texts)
    _, after = start_pay(order)
    before.refresh_from_db()
    assert (before.state, after.account_id, after.id != before.id) == ("closed", account.id, True)
    assert sim.book(before.out_trade_no)["state"] == "CLOSED"


def test_a_changed_key_reaches_every_process(world: World, sim: Simulator) -> None:
    shop = new_shop(sim)
    account = enter(world, shop.texts)
    other_process = AccountClients()
    before = other_process.get(account.id)
    assert other_process.get(account.id) is before
    enter(world, shop.but(apiv3_key="e" * 32))
    other_process._kept[account.id].looked_at -= 60
    assert other_process.fresh(account.id) is None
    assert other_process.get(account.id) is not before
    other_process.forget()


def test_a_notice_sealed_before_the_key_change_still_opens(world: World, sim: Simulator) -> None:
    shop = new_shop(sim)
    enter(world, shop.texts)
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    rendered = sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])
    enter(world, shop.but(apiv3_key="e" * 32))
    gateway.accounts.forget()
    assert post_notice(rendered) == 204
    assert fresh(order).payment == "paid"


def test_broken_keys_of_one_store_leave_the_others_alone(world: World, sim: Simulator) -> None:
    broken = make_world()
    account = enter(broken, new_shop(sim).texts)
    attempts = [start_pay(broken.order())[1] for _ in range(4)]
    good = start_pay(world.order())[1]
    sim.pay(good.out_trade_no)
    spoilt = new_shop(sim)
    sealed = keys.seal_keys(keys.Keys(spoilt.key, spoilt.apiv3_key, "", ""))
    MerchantAccount.objects.filter(id=account.id).update(keys_sealed=sealed, version=9)
    gateway.accounts.forget()
    PaymentAttempt.objects.update(next_poll_at=clock.now())
    PaymentAttempt.objects.filter(id=good.id).update(next_poll_at=clock.now() + timedelta(microseconds=1))
    with clock.frozen(clock.now() + timedelta(seconds=1)):
        assert closing.watch_due() == 5
    good.refresh_from_db()
    assert good.state == "succeeded"
    assert {a.state for a in PaymentAttempt.objects.filter(id__in=[a.id for a in attempts])} == {"prepaid"}


# Several leaders


def test_the_operators_account_serves_only_marked_stores(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    several_leaders(monkeypatch)
    order = world.order(world.buyer(sim))
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            start_pay(order)
        assert refused.value.code == "wechatpay_not_offered"
    assert not PaymentAttempt.objects.exists() and sim.calls("/native") == []
    assert _route(world) == "none"
    actions.mark_own(world.store.id, "平台自己的店", 1)
    assert _route(world) == "operator"
    assert start_pay(order)[1].mchid == config().wechatpay_mchid
    with pytest.raises(Conflict):
        start_pay(make_world().order())


def _route(world: World) -> str:
    routing.refresh()
    return Store.objects.get(id=world.store.id).pay_route


def test_a_store_without_an_account_offers_only_offline_payment(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    several_leaders(monkeypatch)
    routing.refresh()
    with pytest.raises(AssertionError, match="payment"):
        world.order()
    assert world.order(method="offline").payment_method == "offline"


def test_a_second_leader_ends_what_is_under_way_to_the_operator(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    several_leaders(monkeypatch, "auto")
    paid_meanwhile, open_still = (start_pay(world.order())[1] for _ in range(2))
    assert paid_meanwhile.account_id is None and routing.several_leaders() is False
    sim.pay(paid_meanwhile.out_trade_no)
    second = make_world()
    assert routing.several_leaders() is True
    assert routing.refresh() == 2
    jobs.close_stray_payments({"store_id": str(world.store.id)})
    for attempt in (paid_meanwhile, open_still):
        attempt.refresh_from_db()
    # What the buyer had paid already is booked, what wasn't can't be paid any more.
    assert (paid_meanwhile.state, open_still.state) == ("succeeded", "closed")
    assert sim.book(open_still.out_trade_no)["state"] == "CLOSED"
    for shop in (world, second):
        actions.mark_own(shop.store.id, "都是平台自己的", 1)
    assert routing.several_leaders() is False


def test_the_check_tells_of_payments_to_the_wrong_account(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    assert run_checks(["PA1"]).violations == []
    several_leaders(monkeypatch)
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        found = run_checks(["PA1"]).violations
    assert [v.ids for v in found] == [[str(attempt.id)]]
    several_leaders(monkeypatch, "no")


# Bills


@pytest.fixture
def today(sim: Simulator) -> date:
    sim.call("POST", "/config", {"bills_at_once": True})
    return clock.now().astimezone(CHINA).date()


def test_each_account_has_its_own_bill(world: World, sim: Simulator, today: date) -> None:
    _, operators = _paid(world, sim)
    account = enter(world, new_shop(sim).texts)
    order, _ = _paid(world, sim)
    assert reconcile.accounts_with_money() == [None, account.id]
    assert [reconcile.reconcile(today, who) for who in (None, account.id)] == [0, 0]
    rows = ProviderNotice.objects.filter(event_type=reconcile.CHECKED).order_by("id")
    assert [(r.account_id, json.loads(r.resource)["rows"]) for r in rows] == [(None, 1), (account.id, 1)]
    # The operator's bill holds a payment our rows say went to the store's own account.
    PaymentAttempt.objects.filter(id=operators.id).update(account=account, mchid=account.mchid)
    assert reconcile.reconcile(today, None) == 1
    kept = BillDifference.objects.get(account=None)
    assert (kept.number, kept.problem, kept.state) == (operators.out_trade_no, "foreign_mchid", "open")
    PaymentAttempt.objects.filter(id=operators.id).update(account=None, mchid=config().wechatpay_mchid)
    assert reconcile.reconcile(today, None) == 0
    kept.refresh_from_db()
    assert kept.state == "gone"
    assert order.payment == "paid"


# Partner mode


@pytest.mark.parametrize("channel", ["native", "mini"])
def test_partner_mode_pays_refunds_and_reconciles_for_the_sub_merchant(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch, today: date, channel: str
) -> None:
    sub = partner(sim, monkeypatch)
    account = actions.set_partner(world.store.id, sub["sub_mchid"], "进件完成", SYSTEM)
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order, channel)
    assert (attempt.mchid, attempt.sub_mchid) == (config().wechatpay_sp_mchid, sub["sub_mchid"])
    sim.pay(attempt.out_trade_no)
    assert post_notice(sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])) == 204
    assert fresh(order).payment == "paid"
    refund = payments.refund_as_leader(
        world.leader_person, order.id, [], include_freight=True, reason="不要了", restock=False
    )
    assert refund_work.push(refund.id)
    with sim.later(10):
        assert jobs.push_refunds() == 1
    assert fresh(order).payment == "refunded"
    assert reconcile.reconcile(today, account.id) == 0
    checked = ProviderNotice.objects.get(event_type=reconcile.CHECKED)
    assert json.loads(checked.resource)["rows"] == 2


def test_a_sub_merchants_notice_for_another_is_not_believed(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = partner(sim, monkeypatch)
    second = sim.call("POST", "/sub_merchants", {"name": "别家"})
    actions.set_partner(world.store.id, first["sub_mchid"], "进件完成", SYSTEM)
    other = actions.set_partner(make_world().store.id, second["sub_mchid"], "进件完成", SYSTEM)
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    rendered = sim.rendered(sim.notices(attempt.out_trade_no)[0]["id"])
    code = keys.account_code(other.id)
    wrong = f"{rendered['url'].split('/notify/')[0]}/notify/wechatpay/{code}/transactions"
    # The partner's keys open it, but it came to the door of another.
    assert post_notice({**rendered, "url": wrong}) == 204
    assert ProviderNotice.objects.get().problem == "foreign_mchid"
    assert fresh(order).payment == "unpaid"
    assert post_notice(rendered) == 204 and fresh(order).payment == "paid"


def test_without_any_account_there_is_a_typed_refusal(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = world.order(world.buyer(sim))
    monkeypatch.setenv("YANTUAN_WECHATPAY_MCHID", "")
    config.cache_clear()
    with pytest.raises(AppError) as refused:
        start_pay(order)
    assert (refused.value.code, refused.value.status) == ("wechatpay_not_configured", 503)
    assert not PaymentAttempt.objects.exists()

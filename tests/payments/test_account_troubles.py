"""A merchant account that stops working later: doubted, confirmed, told once, followed until it works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from merchantworld import Shop, enter, new_shop, partner
from payworld import Simulator, World, fresh, signed_in_client, start_pay

from yantuan.health import alarms
from yantuan.kernel import clock, outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.merchants import actions, jobs, queries, troubles
from yantuan.merchants.models import AccountTrouble, MerchantAccount
from yantuan.notices.models import InboxMessage
from yantuan.payments import actions as payments
from yantuan.payments import gateway, paying, refund_work
from yantuan.payments.models import PaymentAttempt, Refund
from yantuan.reports.command import run_checks
from yantuan.stores.models import Store


@pytest.fixture
def shop(sim: Simulator) -> Shop:
    return new_shop(sim)


def _stand(sim: Simulator, shop: Shop, standing: str) -> None:
    sim.call("POST", f"/merchants/{shop.mchid}", {"standing": standing})


def _refused_payment(world: World) -> None:
    with pytest.raises(AppError) as refused:
        start_pay(world.order())
    assert refused.value.code == "provider_refused"


def _route(world: World) -> str:
    return Store.objects.get(id=world.store.id).pay_route


def _told(world: World) -> list[str]:
    mine = InboxMessage.objects.filter(person_id=world.leader_person.id, kind="selling").order_by("id")
    return list(mine.values_list("title", flat=True))


@pytest.mark.parametrize(
    ("standing", "problem"), [("revoked", "serial"), ("closed", "merchant"), ("restricted", "permission")]
)
def test_a_refused_payment_brings_the_trouble_to_light(
    world: World, sim: Simulator, shop: Shop, standing: str, problem: str
) -> None:
    account = enter(world, shop.texts)
    waiting = world.order()
    _stand(sim, shop, standing)
    _refused_payment(world)
    assert not AccountTrouble.objects.exists(), "one refusal alone says nothing against the account"
    outbox.drain()
    trouble = AccountTrouble.objects.get()
    assert (trouble.account_id, trouble.problem) == (account.id, problem)
    assert _route(world) == "none"
    assert _told(world) == [f"{world.store.name}：微信支付暂时不能收款"]
    out = queries.pay_ways(Store.objects.get(id=world.store.id))
    assert out.trouble is not None and (out.trouble.problem, out.trouble.own) == (problem, True)
    # The account itself is still the store's, and its money goes nowhere else meanwhile.
    assert (out.route, out.wechatpay_ready) == ("none", False)
    assert out.account is not None and out.account.state == "checked"
    with pytest.raises(Conflict) as refused:
        start_pay(waiting)
    assert refused.value.code == "collecting_stopped"
    # And nobody is let into an order that could not be paid.
    with pytest.raises(AssertionError, match="payment_unavailable"):
        world.order()
    assert not PaymentAttempt.objects.exclude(account_id=account.id).exists()


def test_everybody_is_told_once_and_again_when_it_works(world: World, sim: Simulator, shop: Shop) -> None:
    account = enter(world, shop.texts)
    _stand(sim, shop, "restricted")
    _refused_payment(world)
    outbox.drain()
    since = AccountTrouble.objects.get().since
    for _ in range(3):
        assert troubles.look_again() == 1
        outbox.drain()
    assert AccountTrouble.objects.get().since == since
    name = f"account:{account.id}"
    assert name in alarms.evaluate()
    assert world.store.name in alarms.Alarm.objects.get(name=name).text
    _stand(sim, shop, "open")
    assert jobs.look_at_troubled_accounts() == 1
    outbox.drain()
    assert not AccountTrouble.objects.exists() and _route(world) == "own"
    assert name not in alarms.evaluate()
    assert [title.split("：")[1] for title in _told(world)] == [
        "微信支付暂时不能收款", "微信支付已恢复收款",
    ]  # fmt: skip
    acts = AuditEntry.objects.filter(action__in=["merchant.trouble", "merchant.recovered"])
    assert list(acts.order_by("seq").values_list("action", flat=True)) == [
        "merchant.trouble",
        "merchant.recovered",
    ]
    assert start_pay(world.order())[1].account_id == account.id


def test_a_rush_of_refused_buyers_asks_once(world: World) -> None:
    refusal = paying.GatewayRefused("wechatpay", "NO_AUTH", "", 403)
    with clock.frozen(clock.now()):
        for account_id in (7, 7, 7, None, None, 8):
            troubles.doubt(account_id, refusal)
    asked = [event.payload["account_id"] for event in OutboxEvent.objects.filter(topic=troubles.DOUBTED)]
    assert sorted(asked) == ["0", "7", "8"]
    with clock.frozen(clock.now() + timedelta(seconds=troubles.DOUBT_SECONDS)):
        troubles.doubt(7, refusal)
    assert OutboxEvent.objects.filter(topic=troubles.DOUBTED).count() == 4


def test_a_payer_who_is_refused_is_no_trouble_of_the_account(
    world: World, sim: Simulator, shop: Shop
) -> None:
    account = enter(world, shop.texts)
    from_payer = paying.GatewayRefused("wechatpay", "RULE_LIMIT", "付款人受限", 403)
    troubles.doubt(account.id, from_payer)
    outbox.drain()
    assert OutboxEvent.objects.get(topic=troubles.DOUBTED).state == "done"
    assert not AccountTrouble.objects.exists() and _route(world) == "own" and _told(world) == []


@pytest.mark.parametrize("code", ["OUT_TRADE_NO_USED", "NOT_ENOUGH", "PARAM_ERROR"])
def test_refusals_about_one_payment_raise_no_doubt(world: World, code: str) -> None:
    troubles.doubt(None, paying.GatewayRefused("wechatpay", code, "", 400))
    assert not OutboxEvent.objects.filter(topic=troubles.DOUBTED).exists()


def test_silence_changes_nothing_and_is_asked_again(world: World, sim: Simulator, shop: Shop) -> None:
    enter(world, shop.texts)
    _stand(sim, shop, "restricted")
    _refused_payment(world)
    sim.fault("answer_system_error_before", times=20)
    outbox.drain()
    assert not AccountTrouble.objects.exists()
    event = OutboxEvent.objects.get(topic=troubles.DOUBTED)
    assert (event.state, event.attempts) == ("pending", 0) and event.available_at > clock.now()
    sim.clear_faults()
    with clock.frozen(clock.now() + timedelta(seconds=61)):
        outbox.drain()
    assert AccountTrouble.objects.get().problem == "permission"


def test_the_operators_account_in_trouble_stops_its_stores(world: World, sim: Simulator) -> None:
    mine = sim.call("POST", "/merchants", {"kind": "direct", "name": "平台"})
    cfg = config()
    for name, value in (
        ("wechatpay_mchid", mine["mchid"]), ("wechatpay_merchant_serial", mine["serial"]),
        ("wechatpay_merchant_key_path", mine["key_path"]), ("wechatpay_apiv3_key", mine["apiv3_key"]),
    ):  # fmt: skip
        setattr(cfg, name, value)
    gateway.reset()
    sim.call("POST", f"/merchants/{mine['mchid']}", {"standing": "revoked"})
    _refused_payment(world)
    outbox.drain()
    assert AccountTrouble.objects.get().account_id == troubles.OPERATOR
    assert _route(world) == "none" and "account:0" in alarms.evaluate()
    out = queries.pay_ways(Store.objects.get(id=world.store.id)).trouble
    # What WeChat Pay said of the platform's account is not the leader's to read.
    assert out is not None and (out.own, out.words) == (False, "")
    assert _told(world) == []
    sim.call("POST", f"/merchants/{mine['mchid']}", {"standing": "open"})
    assert troubles.look_again() == 1
    assert _route(world) == "operator" and not AccountTrouble.objects.exists()


def test_a_sub_merchant_that_lost_its_relation(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sub = partner(sim, monkeypatch)
    account = actions.set_partner(world.store.id, sub["sub_mchid"], "登记", Actor("operator", 1))
    sim.call("POST", f"/sub_merchants/{sub['sub_mchid']}", {"active": False})
    _refused_payment(world)
    outbox.drain()
    assert (AccountTrouble.objects.get().account_id, AccountTrouble.objects.get().problem) == (
        account.id,
        "relation",
    )


def test_a_refused_refund_raises_the_doubt_too(world: World, sim: Simulator, shop: Shop) -> None:
    account = enter(world, shop.texts)
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    payments.cancel(order.person, order.id, "不要了")
    _stand(sim, shop, "revoked")
    refund_work.push(Refund.objects.get().id)
    outbox.drain()
    assert AccountTrouble.objects.get().account_id == account.id
    # The refund is not lost: it goes out when the account works again.
    _stand(sim, shop, "open")
    assert Refund.objects.get().state in ("created", "processing", "abnormal")
    assert fresh(order).refunded_fen == 0


def test_quiet_accounts_are_asked_once_a_day(world: World, sim: Simulator, shop: Shop) -> None:
    account = enter(world, shop.texts)
    assert jobs.look_at_quiet_accounts() == 0
    _stand(sim, shop, "closed")
    with sim.later(25 * 3600):
        assert jobs.look_at_quiet_accounts() == 1
        assert AccountTrouble.objects.get().account_id == account.id
        assert jobs.look_at_quiet_accounts() == 0, "a troubled account is the hourly job's"


def test_a_payment_of_today_spares_the_daily_question(world: World, sim: Simulator, shop: Shop) -> None:
    account = enter(world, shop.texts)
    MerchantAccount.objects.filter(id=account.id).update(checked_at=clock.now() - timedelta(days=2))
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    before = len(sim.calls("/native"))
    assert jobs.look_at_quiet_accounts() == 0
    assert len(sim.calls("/native")) == before
    assert MerchantAccount.objects.get(id=account.id).checked_at > clock.now() - timedelta(hours=1)


def test_keys_entered_meanwhile_outrank_the_answer_about_the_old_ones(
    world: World, sim: Simulator, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = enter(world, shop.texts)
    good = troubles.checking.check

    def slow(settings: Any) -> Any:
        MerchantAccount.objects.filter(id=account.id).update(version=account.version + 1)
        return troubles.Verdict("refused", "signature")

    monkeypatch.setattr(troubles.checking, "check", slow)
    assert troubles.look(account.id) is None
    monkeypatch.setattr(troubles.checking, "check", good)
    assert not AccountTrouble.objects.exists() and _route(world) == "own"


def test_new_keys_end_the_trouble_at_once(world: World, sim: Simulator, shop: Shop) -> None:
    enter(world, shop.texts)
    _stand(sim, shop, "revoked")
    _refused_payment(world)
    outbox.drain()
    assert _route(world) == "none"
    _stand(sim, shop, "open")
    enter(world, shop.texts)
    assert not AccountTrouble.objects.exists() and _route(world) == "own"


def test_the_self_check_finds_nothing_wrong_with_a_store_in_trouble(
    world: World, sim: Simulator, shop: Shop
) -> None:
    enter(world, shop.texts)
    _stand(sim, shop, "closed")
    _refused_payment(world)
    outbox.drain()
    jobs.refresh_routes()
    assert _route(world) == "none"
    assert run_checks(["PA2"]).violations == []


def test_the_leader_reads_it_on_the_page_and_strangers_do_not(
    world: World, sim: Simulator, shop: Shop
) -> None:
    enter(world, shop.texts)
    _stand(sim, shop, "closed")
    _refused_payment(world)
    outbox.drain()
    client, head = signed_in_client(world.leader_person)
    told = client.get(f"/api/leader/stores/{world.store.id}/pay-ways", headers=head).json()["trouble"]
    assert (told["problem"], told["own"]) == ("merchant", True) and told["text"] and told["text_en"]
    other, theirs = signed_in_client(world.buyer())
    assert other.get(f"/api/leader/stores/{world.store.id}/pay-ways", headers=theirs).status_code == 404
    assert SYSTEM.kind == AuditEntry.objects.get(action="merchant.trouble").actor_kind


def test_the_operator_sees_it_in_the_table(
    world: World, sim: Simulator, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = enter(world, shop.texts)
    monkeypatch.setattr(config(), "demo", True)
    desk = Client()
    desk.get("/console/demo/")
    table = "/console/merchants/merchantaccount/"
    assert "收款故障" not in desk.get(table).content.decode().split("<tbody")[-1]
    _stand(sim, shop, "closed")
    _refused_payment(world)
    outbox.drain()
    assert "收款故障：微信支付没有这个商户号" in desk.get(table).content.decode()
    assert "起：微信支付没有这个商户号" in desk.get(f"{table}{account.id}/change/").content.decode()

"""A leader enters keys of their own: tried at once, sealed, masked, kept apart from what works."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from merchantworld import Shop, enter, new_shop, partner, several_leaders
from payworld import Simulator, World, signed_in_client, start_pay
from test_merchant_rules import PUBLIC

from yantuan.kernel import clock
from yantuan.kernel.actors import SYSTEM
from yantuan.kernel.config import config
from yantuan.kernel.errors import AppError, Conflict, NotFound
from yantuan.kernel.models import AuditEntry
from yantuan.merchants import actions, jobs, keys, queries, routing
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import actions as payments
from yantuan.payments import closing
from yantuan.stores.models import Store


@pytest.fixture
def shop(sim: Simulator) -> Shop:
    return new_shop(sim)


def _route(world: World) -> str:
    return Store.objects.get(id=world.store.id).pay_route


def test_good_keys_are_tried_sealed_and_used(world: World, sim: Simulator, shop: Shop) -> None:
    account = enter(world, shop.texts)
    assert (account.state, account.problem, account.version) == ("checked", "", 1)
    assert _route(world) == "own"
    row = MerchantAccount.objects.values().get(id=account.id)
    for secret in (shop.apiv3_key, shop.key.splitlines()[1]):
        assert secret not in str(row)
    out = queries.pay_ways(world.store)
    assert (out.route, out.wechatpay_ready) == ("own", True)
    told = out.account
    assert told is not None
    assert (told.mchid, told.serial_tail, told.apiv3_tail) == (
        shop.mchid,
        shop.serial[-4:],
        shop.apiv3_key[-4:],
    )
    assert "BEGIN" not in out.model_dump_json() and shop.apiv3_key not in out.model_dump_json()
    entry = AuditEntry.objects.get(action="merchant.set")
    assert entry.data == {"mode": "direct", "mchid": shop.mchid, "state": "checked"}
    # The trial order of one fen was closed again.
    assert [c["status"] for c in sim.calls("/close")] == [204]


@pytest.mark.parametrize(
    ("what", "problem"),
    [("serial", "serial"), ("key", "signature"), ("mchid", "merchant"), ("platform", "platform_key"),
     ("certificate_apiv3", "apiv3_key"), ("certificate", "no_certificates")],
)  # fmt: skip
def test_keys_that_do_not_fit_are_told_apart(
    world: World, sim: Simulator, shop: Shop, what: str, problem: str
) -> None:
    other = new_shop(sim, "别家")
    if what == "certificate_apiv3":
        sim.call("POST", "/config", {"sign_mode": "certificate"})
    texts = {
        "serial": shop.but(merchant_serial="A" * 40),
        "key": shop.but(private_key=other.key),
        "mchid": shop.but(mchid="1999999999"),
        "platform": shop.but(public_key=PUBLIC),
        "certificate_apiv3": shop.but(key_mode="certificate", apiv3_key=other.apiv3_key),
        "certificate": shop.but(key_mode="certificate"),
    }[what]
    account = enter(world, texts)
    assert (account.state, account.problem) == ("refused", problem)
    assert _route(world) == "operator"
    out = queries.account_out(account)
    assert out.problem_text and out.problem_text_en


def test_certificate_mode_proves_the_apiv3_key(world: World, sim: Simulator, shop: Shop) -> None:
    sim.call("POST", "/config", {"sign_mode": "certificate"})
    account = enter(world, shop.but(key_mode="certificate"))
    assert (account.state, account.problem, account.public_key_id) == ("checked", "", "")


def test_an_app_that_is_not_bound_is_told(world: World, sim: Simulator, shop: Shop) -> None:
    sim.call("POST", f"/merchants/{shop.mchid}", {"bound": False})
    account = enter(world, shop.texts)
    assert (account.state, account.problem) == ("refused", "appid")
    sim.call("POST", f"/merchants/{shop.mchid}", {"bound": True})
    again = actions.check_again(world.leader_person, world.store.id)
    assert (again.id, again.state, again.problem) == (account.id, "checked", "")
    assert _route(world) == "own"


def test_a_clock_six_minutes_off_is_told_as_such(world: World, sim: Simulator, shop: Shop) -> None:
    sim.call("POST", "/clock", {"offset_seconds": 360})
    assert enter(world, shop.texts).problem == "clock"


def test_a_silent_provider_leaves_the_account_unchecked(world: World, sim: Simulator, shop: Shop) -> None:
    sim.fault("answer_system_error_before", times=20)
    account = enter(world, shop.texts)
    assert (account.state, account.problem) == ("unchecked", "unreachable")
    sim.clear_faults()
    assert actions.check_again(world.leader_person, world.store.id).state == "checked"
    # And silence says nothing against an account that works.
    sim.fault("answer_system_error_before", times=20)
    assert actions.check_again(world.leader_person, world.store.id).state == "checked"


def test_an_account_that_works_is_never_replaced_by_one_that_does_not(
    world: World, sim: Simulator, shop: Shop
) -> None:
    account, other = enter(world, shop.texts), new_shop(sim)
    for texts in (shop.but(private_key=other.key), other.but(merchant_serial="B" * 40)):
        with pytest.raises(Conflict) as refused:
            enter(world, texts)
        assert refused.value.code == "merchant_check_failed"
    row = MerchantAccount.objects.get(store=world.store)
    assert (row.id, row.version, row.keys_sealed) == (account.id, 1, account.keys_sealed)


def test_a_changed_key_keeps_the_old_one_for_a_day(world: World, sim: Simulator, shop: Shop) -> None:
    enter(world, shop.texts)
    # Only the new secret is typed; what is left empty stays.
    changed = shop.but(
        apiv3_key="f" * 32, private_key="", merchant_serial="", public_key="", public_key_id=""
    )
    account = enter(world, changed)
    assert (account.version, account.apiv3_tail) == (2, "ffff")
    held = keys.client_settings(account)
    assert held.apiv3_keys == (b"f" * 32, shop.apiv3_key.encode())
    assert held.merchant_serial == shop.serial
    with clock.frozen(clock.now() + timedelta(hours=25)):
        assert jobs.forget_keys() == 1
        account.refresh_from_db()
        assert account.old_keys_sealed == ""
        assert keys.client_settings(account).apiv3_keys == (b"f" * 32,)


def test_a_rotated_platform_key_is_entered_alone(world: World, sim: Simulator, shop: Shop) -> None:
    before = shop.texts
    enter(world, before)
    told = sim.call("POST", "/rotate", {"mode": "public_key"})
    fresh = shop.but(
        private_key="", apiv3_key="", merchant_serial="",
        public_key_id=told["key_id"], public_key=Path(told["public_path"]).read_text(),
    )  # fmt: skip
    account = enter(world, fresh)
    assert account.state == "checked"
    # Notices signed with either are believed while both are in use.
    assert list(keys.client_settings(account).public_keys) == [told["key_id"], before.public_key_id]


def test_removing_waits_for_what_is_under_way(world: World, sim: Simulator, shop: Shop) -> None:
    account = enter(world, shop.texts)
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    with pytest.raises(Conflict) as refused:
        actions.remove(world.leader_person, world.store.id, clock.now())
    assert (refused.value.code, refused.value.details["live"]) == ("merchant_account_busy", 1)
    assert MerchantAccount.objects.get(id=account.id).retired_at is None
    closing.settle(attempt)
    for _ in range(2):
        actions.remove(world.leader_person, world.store.id, clock.now())
    account.refresh_from_db()
    assert account.retired_at is not None and account.keys_sealed and _route(world) == "operator"
    with clock.frozen(clock.now() + timedelta(days=2)):
        assert jobs.forget_keys() == 1
    account.refresh_from_db()
    assert account.keys_sealed == "" and account.wiped_at is not None
    with pytest.raises(AppError) as gone:
        keys.client_settings(account)
    assert gone.value.code == "merchant_account_unusable"


def test_keys_of_a_retired_account_stay_while_its_money_can_go_back(
    world: World, sim: Simulator, shop: Shop
) -> None:
    enter(world, shop.texts)
    order = world.order(world.buyer(sim))
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    actions.remove(world.leader_person, world.store.id, clock.now())
    for days, wiped in ((2, 0), (365, 0), (368, 1)):
        with clock.frozen(clock.now() + timedelta(days=days)):
            assert jobs.forget_keys() == wiped, days


def test_only_the_leader_of_the_store_with_a_proof_may_change_it(
    world: World, sim: Simulator, shop: Shop
) -> None:
    stranger = world.buyer()
    for call in (
        lambda: actions.set_direct(stranger, world.store.id, shop.texts, clock.now()),
        lambda: actions.check_again(stranger, world.store.id),
        lambda: actions.remove(stranger, world.store.id, clock.now()),
    ):
        with pytest.raises(NotFound):
            call()
    with pytest.raises(AppError) as asked:
        actions.set_direct(world.leader_person, world.store.id, shop.texts, None)
    assert asked.value.code in ("step_up_needed", "own_phone_needed")
    assert not MerchantAccount.objects.exists()


def test_the_api_takes_keys_and_gives_none_back(
    world: World, sim: Simulator, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yantuan.identity.stepup.confirmed_at", lambda request: clock.now())
    client, head = signed_in_client(world.leader_person)
    at = f"/api/leader/stores/{world.store.id}"
    before: Any = client.get(f"{at}/pay-ways", headers=head).json()
    assert (before["route"], before["account"], before["partner_offered"]) == ("operator", None, False)
    assert {app["kind"] for app in before["appids"]} == {"mini", "oa"}
    texts = shop.texts
    body = {
        "mchid": texts.mchid, "merchant_serial": texts.merchant_serial, "private_key": texts.private_key,
        "apiv3_key": texts.apiv3_key, "public_key_id": texts.public_key_id, "public_key": texts.public_key,
    }  # fmt: skip
    bad = client.put(f"{at}/merchant-account", {**body, "apiv3_key": "x"}, "application/json", headers=head)
    assert (bad.status_code, bad.json()["code"], bad.json()["details"]["field"]) == (
        422, "merchant_keys_invalid", "apiv3_key",
    )  # fmt: skip
    answer = client.put(f"{at}/merchant-account", body, "application/json", headers=head)
    assert answer.status_code == 200
    assert (answer.json()["route"], answer.json()["account"]["state"]) == ("own", "checked")
    assert shop.apiv3_key not in answer.content.decode() and "BEGIN" not in answer.content.decode()
    assert client.delete(f"{at}/merchant-account", headers=head).json()["account"] is None


def test_a_sub_merchant_is_tried_under_the_partner(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AppError) as missing:
        actions.set_partner(world.store.id, "1900001001", "进件完成", SYSTEM)
    assert missing.value.code == "merchant_account_unusable"
    sub = partner(sim, monkeypatch)
    account = actions.set_partner(world.store.id, sub["sub_mchid"], "进件完成", SYSTEM)
    assert (account.state, account.problem, account.mchid) == ("checked", "", config().wechatpay_sp_mchid)
    assert _route(world) == "own"
    assert actions.set_partner(world.store.id, sub["sub_mchid"], "又一次", SYSTEM).id == account.id
    with pytest.raises(Conflict):
        actions.set_partner(world.store.id, "1900009999", "别人的", SYSTEM)
    assert routing.account_in_use(world.store.id) == account


def test_without_its_partner_account_a_store_is_not_sent_to_the_operator(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sub = partner(sim, monkeypatch)
    actions.set_partner(world.store.id, sub["sub_mchid"], "进件完成", SYSTEM)
    monkeypatch.setenv("YANTUAN_WECHATPAY_SP_MCHID", "")
    config.cache_clear()
    assert jobs.refresh_routes() == 1 and _route(world) == "none"
    several_leaders(monkeypatch, "no")
    assert routing.route_of(world.store.id).kind == "none"

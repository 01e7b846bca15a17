"""Frozen money at the simulator: shared after protection, set free otherwise, and every documented refusal has its end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from merchantworld import several_leaders
from payworld import Simulator, World, start_pay
from splitworld import (
    DAY,
    EIGHT_DAYS,
    RATE,
    after,
    agree_with_the_book,
    agreed,
    book,
    go_on,
    paid,
    purse,
    push_refund,
    received,
    refund,
    sub_account,
)

from yantuan.aftersales import claiming
from yantuan.aftersales.schemas import ClaimIn
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.merchants.models import MerchantAccount
from yantuan.orders.models import Order
from yantuan.payments import actions as payments
from yantuan.payments.models import PaymentAttempt
from yantuan.splits import deciding, holds, jobs, terms, work
from yantuan.splits.models import Split, SplitTerms
from yantuan.stores.models import Store


@pytest.fixture
def account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    return sub_account(world, sim, monkeypatch)


@pytest.fixture
def deal(world: World, sim: Simulator, account: MerchantAccount) -> SplitTerms:
    return agreed(world, sim)


def ripe(world: World, sim: Simulator) -> Split:
    split = paid(world, sim)
    received(world, split)
    return split


def test_a_payment_is_shared_when_protection_is_over_and_the_rest_is_free(
    world: World, sim: Simulator, deal: SplitTerms, account: MerchantAccount
) -> None:
    split = paid(world, sim)
    assert (split.state, book(sim, split)["frozen"]) == ("planned", 3990)
    assert go_on(split).state == "planned"
    received(world, split)
    with after(sim, 7 * DAY - 60):
        assert go_on(split).state == "planned"
    with after(sim, EIGHT_DAYS):
        assert jobs.push_splits() == 1
        split.refresh_from_db()
        assert (split.state, split.base_fen, split.amount_fen) == ("sharing", 3990, 199)
        assert go_on(split).state == "done"
        assert jobs.push_splits() == 0 and go_on(split).state == "done"
        part = split.parts.get()
        assert (part.amount_fen, part.result, part.detail_id != "") == (199, "success", True)
        assert (purse(sim, f"merchant:{account.mchid}"), purse(sim, f"merchant:{account.sub_mchid}")) == (
            199,
            3791,
        )
        agree_with_the_book(sim)
    assert len(sim.calls("/profitsharing/orders")) == 1


def test_a_person_may_receive_too(world: World, sim: Simulator, account: MerchantAccount) -> None:
    agreed(world, sim, rate=200, person=101)
    split = ripe(world, sim)
    with after(sim, EIGHT_DAYS):
        go_on(go_on(split))
        parts = split.parts.order_by("party_id")
        # 3.01 % of 39.90 is 1.20 yuan; by largest remainder.
        assert sorted((p.party.kind, p.amount_fen) for p in parts) == [
            ("MERCHANT_ID", 80),
            ("PERSONAL_OPENID", 40),
        ]
        assert split.state == "done"
        agree_with_the_book(sim)


def test_a_refund_before_lowers_the_plan(world: World, sim: Simulator, deal: SplitTerms) -> None:
    split = ripe(world, sim)
    with sim.later(61):
        row = push_refund(refund(world, split, 1990))
        assert row.state == "processing"
        assert go_on(split).state == "planned"
        assert push_refund(row).state == "succeeded"
    with after(sim, EIGHT_DAYS):
        go_on(go_on(split))
        assert (split.state, split.base_fen, split.amount_fen) == ("done", 2000, 100 - 0)
        agree_with_the_book(sim)


def test_all_refunded_leaves_nothing_to_decide(world: World, sim: Simulator, deal: SplitTerms) -> None:
    split = paid(world, sim)
    with sim.later(61):
        row = push_refund(push_refund(refund(world, split)))
        assert row.state == "succeeded"
        outbox.drain()
        assert jobs.push_splits() == 1
    split.refresh_from_db()
    assert (split.state, split.why, split.amount_fen) == ("freed", "refunded", 0)
    assert not sim.calls("/profitsharing/orders") and not sim.calls("/unfreeze")
    agree_with_the_book(sim)


def test_an_open_case_and_a_halted_store_wait(world: World, sim: Simulator, deal: SplitTerms) -> None:
    split = paid(world, sim)
    order, line = split.order, split.order.lines.get()
    received(world, split)
    body = ClaimIn(
        kind="refund_only", reason="out_of_stock", lines=[{"order_line_id": str(line.id), "quantity": 1}], amount_fen=100
    )  # fmt: skip
    claiming.claim(order.person, order.id, body)
    with after(sim, EIGHT_DAYS):
        assert go_on(split).state == "planned" and split.next_try_at is not None
        assert split.next_try_at - now() <= timedelta(hours=1)
        Store.objects.filter(id=world.store.id).update(halted_at=now())
        Split.objects.filter(id=split.id).update(next_try_at=now())
        assert jobs.push_splits() == 0
        Store.objects.filter(id=world.store.id).update(halted_at=None)
    assert not sim.calls("/profitsharing/orders")


def test_money_wechat_still_keeps_is_not_shared(
    world: World, sim: Simulator, deal: SplitTerms, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = ripe(world, sim)
    monkeypatch.setattr(holds, "_kept", [lambda attempt_id: attempt_id == split.attempt_id])
    with after(sim, EIGHT_DAYS):
        assert go_on(split).state == "planned"
        monkeypatch.setattr(holds, "_kept", [])
        assert go_on(split).state == "sharing"


def test_the_operator_may_wait_longer_than_the_after_sale_window(
    world: World, sim: Simulator, deal: SplitTerms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YANTUAN_SPLIT_WAIT_DAYS", "15")
    config.cache_clear()
    split = ripe(world, sim)
    with after(sim, EIGHT_DAYS):
        assert go_on(split).state == "planned"
    with after(sim, 15 * DAY + 60):
        assert go_on(split).state == "sharing"


def test_an_ended_agreement_shares_nothing_and_frees_everything(
    world: World, sim: Simulator, deal: SplitTerms, account: MerchantAccount
) -> None:
    split = ripe(world, sim)
    terms.end_by_leader(world.leader_person, world.store.id, deal.id, now())
    assert go_on(go_on(split)).state == "freed"
    assert (split.why, split.amount_fen, split.parts.count()) == ("ended", 0, 0)
    assert purse(sim, f"merchant:{account.sub_mchid}") == 3990
    agree_with_the_book(sim)


def test_what_was_paid_under_a_replaced_agreement_keeps_its_terms(
    world: World, sim: Simulator, deal: SplitTerms
) -> None:
    split = ripe(world, sim)
    agreed(world, sim, rate=1000)
    with after(sim, EIGHT_DAYS):
        assert go_on(split).amount_fen == 3990 * RATE // 10_000


def test_a_payment_for_a_closed_order_is_never_shared(world: World, sim: Simulator, deal: SplitTerms) -> None:
    order = world.order(None, 1, delivery_method="pickup")
    _, first = start_pay(order)
    payments.cancel(order.person, order.id, "不要了")
    first.refresh_from_db()
    assert first.state == "closed" and not Split.objects.exists()


@pytest.mark.parametrize("delivered", [True, False])
def test_a_day_before_wechat_pay_frees_it_everything_is_decided(
    world: World, sim: Simulator, deal: SplitTerms, delivered: bool
) -> None:
    split = paid(world, sim)
    with after(sim, 29 * DAY + 60):
        if delivered:
            received(world, split)
        go_on(go_on(split))
        assert (split.state, split.why) == (("done", "") if delivered else ("freed", "late"))
        agree_with_the_book(sim)


def test_wechat_pays_own_unfreezing_is_found_out(world: World, sim: Simulator, deal: SplitTerms) -> None:
    split = ripe(world, sim)
    with after(sim, 31 * DAY):
        go_on(go_on(split))
        assert (split.state, split.why, split.amount_fen) == ("freed", "lapsed", 0)
        agree_with_the_book(sim)


@pytest.mark.parametrize(
    "fault",
    ["rate_limited", "answer_system_error", "answer_system_error_before", "answer_cut", "answer_unsigned"],
)
def test_an_unclear_answer_is_asked_again_under_the_same_number(
    world: World, sim: Simulator, deal: SplitTerms, fault: str
) -> None:
    split = ripe(world, sim)
    with after(sim, EIGHT_DAYS):
        sim.fault(fault, operation="share", times=None)
        assert go_on(split).state == "sharing"
        number = split.out_order_no
        sim.clear_faults()
        go_on(go_on(split))
        assert (split.state, split.out_order_no) == ("done", number)
        assert book(sim, split)["shared"] == 199
        agree_with_the_book(sim)


@pytest.mark.parametrize("fault", ["rate_limited", "answer_system_error", "answer_cut"])
def test_setting_free_is_asked_again_too(world: World, sim: Simulator, deal: SplitTerms, fault: str) -> None:
    split = ripe(world, sim)
    terms.end_by_leader(world.leader_person, world.store.id, deal.id, now())
    sim.fault(fault, operation="share_unfreeze", times=None)
    assert go_on(split).state == "freeing"
    sim.clear_faults()
    assert go_on(go_on(split)).state == "freed"
    agree_with_the_book(sim)


def test_slow_shares_are_asked_about(world: World, sim: Simulator, deal: SplitTerms) -> None:
    split = ripe(world, sim)
    with after(sim, EIGHT_DAYS):
        sim.fault("share_slow", seconds=120)
        assert go_on(split).state == "sharing"
        assert go_on(split).state == "sharing" and book(sim, split)["shared"] == 0
    with after(sim, EIGHT_DAYS + 121):
        assert go_on(split).state == "done"
    assert len([c for c in sim.calls("/profitsharing/orders") if c["method"] == "POST"]) == 1


@pytest.mark.parametrize(
    "reason", ["ACCOUNT_ABNORMAL", "NO_RELATION", "RECEIVER_HIGH_RISK", "RECEIVER_RECEIPT_LIMIT", "NO_AUTH"]
)
def test_a_receiver_that_gets_nothing(world: World, sim: Simulator, deal: SplitTerms, reason: str) -> None:
    split = ripe(world, sim)
    with after(sim, EIGHT_DAYS):
        sim.fault("share_failed", value=reason)
        go_on(go_on(split))
        part = split.parts.get()
        assert (split.state, split.why, part.result, part.failure) == ("freed", "closed", "closed", reason)
        assert book(sim, split)["shared"] == 0
        agree_with_the_book(sim)


def test_not_enough_heals_or_comes_to_the_desk_within_a_day(
    world: World, sim: Simulator, deal: SplitTerms
) -> None:
    split = ripe(world, sim)
    with after(sim, EIGHT_DAYS):
        sim.fault("share_not_enough", times=2)
        assert go_on(split).state == "sharing"
        assert (split.problem, split.next_try_at is not None) == ("not_enough", True)
    with after(sim, EIGHT_DAYS + DAY + 60):
        assert go_on(split).state == "trouble"
        deciding.share_again(split.id, "核对过了", 1)
        split.refresh_from_db()
        assert split.state == "sharing" and go_on(split).state == "done"
        agree_with_the_book(sim)


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"max_ratio": 10}, "broke_a_rule"), ({"sharing_allowed": False}, "not_allowed")],
)
def test_a_rule_that_forbids_it_comes_to_the_desk_and_never_holds_the_money_for_long(
    world: World, sim: Simulator, deal: SplitTerms, account: MerchantAccount, change: dict, problem: str
) -> None:
    split = ripe(world, sim)
    sim.call("POST", f"/sub_merchants/{account.sub_mchid}", change)
    with after(sim, EIGHT_DAYS):
        assert go_on(split).state == "trouble"
        assert (split.problem, bool(split.last_error), split.trouble_at is not None) == (problem, True, True)
        assert jobs.push_splits() == 0
        jobs.sweep()
        split.refresh_from_db()
        assert split.state == "trouble"
    sim.call("POST", f"/sub_merchants/{account.sub_mchid}", {"sharing_allowed": True})
    with after(sim, EIGHT_DAYS + 3 * DAY + 60):
        jobs.sweep()
        split.refresh_from_db()
        assert (split.state, split.why) == ("freeing", "given_up")
        assert go_on(go_on(split)).state == "freed" and purse(sim, f"merchant:{account.sub_mchid}") == 3990
        agree_with_the_book(sim)


def test_the_operator_gives_a_share_up(world: World, sim: Simulator, deal: SplitTerms) -> None:
    split = ripe(world, sim)
    assert deciding.give_up(split.id, "不收了", 1).state == "freeing"
    assert go_on(split).state == "freed"
    with pytest.raises(Exception, match="split_not_troubled"):
        deciding.give_up(split.id, "不收了", 1)
    with pytest.raises(Exception, match="split_not_troubled"):
        deciding.share_again(split.id, "再来", 1)
    agree_with_the_book(sim)


def test_a_payment_whose_event_was_lost_is_found(world: World, sim: Simulator, deal: SplitTerms) -> None:
    split = paid(world, sim)
    Split.objects.all().delete()
    jobs.sweep()
    assert not Split.objects.exists()
    with sim.later(3601):
        jobs.sweep()
    assert Split.objects.get().attempt_id == split.attempt_id


def test_stores_of_the_operator_share_nothing(
    world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    several_leaders(monkeypatch, "no")
    order = world.order()
    _, attempt = start_pay(order)
    sim.pay(attempt.out_trade_no)
    payments.refresh(order.person, order.id)
    outbox.drain()
    assert PaymentAttempt.objects.get().split_terms_id is None and not Split.objects.exists()
    assert Order.objects.get().payment == "paid" and work.push(1)

"""The agreement: proposed by the operator, agreed to by the leader, known to WeChat Pay; without it nothing is shared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from merchantworld import enter, new_shop
from payworld import Simulator, World, make_world, signed_in_client, start_pay
from splitworld import RATE, agreed, paid, partner_name, proposed, sub_account

from yantuan.identity.models import Session
from yantuan.kernel import outbox
from yantuan.kernel.clock import now
from yantuan.kernel.errors import AppError, Conflict, Invalid, NotFound
from yantuan.kernel.models import AuditEntry
from yantuan.merchants.models import MerchantAccount
from yantuan.notices.models import InboxMessage
from yantuan.payments.models import PaymentAttempt
from yantuan.splits import jobs, parties, terms
from yantuan.splits.models import Split, SplitParty, SplitTerms
from yantuan.splits.terms import Wanted


@pytest.fixture
def account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    return sub_account(world, sim, monkeypatch)


def agree(world: World, made: SplitTerms, rate: int | None = None) -> SplitTerms:
    return terms.agree(world.leader_person, world.store.id, made.id, rate or made.rate_bp, now())


def attempt_of(world: World) -> PaymentAttempt:
    return start_pay(world.order())[1]


def is_frozen(attempt: PaymentAttempt) -> bool:
    return bool(json.loads(attempt.request_body).get("settle_info", {}).get("profit_sharing"))


def receivers(sim: Simulator) -> int:
    return len(sim.calls("/profitsharing/receivers/add"))


def test_nothing_is_frozen_before_the_leader_agrees_and_the_receiver_is_known(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    assert not is_frozen(attempt_of(world))
    made = proposed(world, sim)
    assert (made.rate_bp, made.state, made.parties.get().number) == (RATE, "proposed", account.mchid)
    assert not is_frozen(attempt_of(world)) and receivers(sim) == 0
    agree(world, made)
    # Agreed, but WeChat Pay has not heard of the receiver.
    assert not is_frozen(attempt_of(world)) and receivers(sim) == 0
    outbox.drain()
    assert receivers(sim) == 1 and made.parties.get().state == "active"
    frozen = attempt_of(world)
    assert is_frozen(frozen) and frozen.split_terms_id == made.id
    made.refresh_from_db()
    assert made.agreed_by == world.leader_person.id and made.agreed_at is not None
    acts = AuditEntry.objects.filter(target_kind="split_terms").order_by("seq")
    assert list(acts.values_list("action", "actor_kind")) == [
        ("split.propose", "operator"), ("split.agree", "leader"),
    ]  # fmt: skip


def test_the_leader_hears_of_what_the_operator_does(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    made = proposed(world, sim)
    outbox.drain()
    terms.end_by_operator(made.id, "先不收了", 1)
    outbox.drain()
    told = InboxMessage.objects.filter(person_id=world.leader_person.id).order_by("id")
    assert [(m.title, m.body, m.link) for m in told] == [
        (f"{world.store.name}：平台提出 5% 的服务费约定，等你确认", "技术服务费", "/leader/payments/index"),
        (f"{world.store.name}：平台终止了服务费约定", "先不收了", "/leader/payments/index"),
    ]


def test_names_are_sealed_and_persons_masked(world: World, sim: Simulator, account: MerchantAccount) -> None:
    made = proposed(world, sim, person=100)
    merchant, person = made.parties.order_by("-kind").reverse()
    assert (merchant.name_shown, person.name_shown) == (partner_name(sim), "**雁")
    stored = json.dumps(list(SplitParty.objects.values()), ensure_ascii=False, default=str)
    assert "王小雁" not in stored
    client, headers = signed_in_client(world.leader_person)
    told = client.get(f"/api/leader/stores/{world.store.id}/profit-sharing", headers=headers).json()
    shown = {p["kind"]: (p["name"], p["number"]) for p in told["proposal"]["parties"]}
    assert shown["PERSONAL_OPENID"] == ("**雁", f"…{person.number[-4:]}")
    assert person.number not in json.dumps(told)


def test_the_leader_agrees_over_the_api_to_exactly_what_was_shown(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    made = proposed(world, sim)
    client, headers = signed_in_client(world.leader_person)
    root = f"/api/leader/stores/{world.store.id}/profit-sharing"

    def post(path: str, body: Any = None) -> Any:
        return client.post(f"{root}/{path}", body or {}, content_type="application/json", headers=headers)

    assert post(f"{made.id}/agree", {"rate_bp": RATE}).json()["code"] == "own_phone_needed"
    Session.objects.update(confirmed_at=now())
    other = post(f"{made.id}/agree", {"rate_bp": RATE - 1})
    assert (other.status_code, other.json()["code"]) == (409, "split_terms_changed")
    assert SplitTerms.objects.get().state == "proposed"
    told = [post(f"{made.id}/agree", {"rate_bp": RATE}) for _ in range(2)]
    assert [answer.status_code for answer in told] == [200, 200]
    assert told[1].json()["agreement"]["state"] == "agreed" and told[1].json()["proposal"] is None
    assert AuditEntry.objects.filter(action="split.agree").count() == 1
    assert post(f"{made.id}/decline").json()["code"] == "split_terms_changed"
    ended = post(f"{made.id}/end").json()
    assert (ended["agreement"], SplitTerms.objects.get().state) == (None, "ended")


def test_another_leader_reaches_nothing(world: World, sim: Simulator, account: MerchantAccount) -> None:
    made, other = proposed(world, sim), make_world()
    for person, store_id in (
        (other.leader_person, world.store.id),
        (other.leader_person, other.store.id),
        (world.leader_person, other.store.id),
    ):
        for act in (
            lambda p=person, s=store_id: terms.agree(p, s, made.id, RATE, now()),
            lambda p=person, s=store_id: terms.decline(p, s, made.id),
            lambda p=person, s=store_id: terms.end_by_leader(p, s, made.id, now()),
        ):
            with pytest.raises(NotFound):
                act()
    made.refresh_from_db()
    assert made.state == "proposed"


def test_a_new_rate_needs_the_leaders_word_again(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    first = agreed(world, sim)
    withdrawn = proposed(world, sim, rate=600)
    second = proposed(world, sim, rate=700)
    withdrawn.refresh_from_db()
    assert (withdrawn.state, attempt_of(world).split_terms_id) == ("ended", first.id)
    agree(world, second)
    outbox.drain()
    first.refresh_from_db()
    assert (first.state, attempt_of(world).split_terms_id) == ("replaced", second.id)
    with pytest.raises(Conflict):
        agree(world, withdrawn)


def test_declined_and_ended_agreements_freeze_nothing(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    made = proposed(world, sim)
    assert [terms.decline(world.leader_person, world.store.id, made.id).state for _ in range(2)] == [
        "declined"
    ] * 2
    with pytest.raises(Conflict):
        agree(world, made)
    standing = agreed(world, sim)
    terms.end_by_operator(standing.id, "不再收取", 1)
    terms.end_by_operator(standing.id, "再来一次", 1)
    assert not is_frozen(attempt_of(world))
    assert AuditEntry.objects.filter(action="split.end").count() == 1


def test_only_sub_merchants_within_the_platforms_limit(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    sub = f"/sub_merchants/{account.sub_mchid}"
    sim.call("POST", sub, {"max_ratio": 400})
    with pytest.raises(Conflict) as high:
        proposed(world, sim, rate=397)
    assert (high.value.code, high.value.details["highest"]) == ("split_rate_too_high", 396)
    assert proposed(world, sim, rate=396).max_ratio == 400
    sim.call("POST", sub, {"sharing_allowed": False})
    sim.call("POST", sub, {"active": False})
    with pytest.raises(Conflict) as forbidden:
        proposed(world, sim)
    assert (
        forbidden.value.code == "split_not_allowed" and forbidden.value.details["provider_code"] == "NO_AUTH"
    )
    with pytest.raises(Invalid):
        terms.propose(world.store.id, [Wanted("MERCHANT_ID", " ", 100)], "费", 1)
    assert SplitTerms.objects.count() == 1


def test_direct_accounts_never_share(world: World, sim: Simulator) -> None:
    enter(world, new_shop(sim).texts)
    with pytest.raises(Conflict) as refused:
        terms.propose(world.store.id, [Wanted("MERCHANT_ID", "某公司", 100)], "费", 1)
    assert refused.value.code == "split_no_partner_account" and not SplitTerms.objects.exists()


def test_a_refused_receiver_is_seen_and_added_again_after_mending(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    made = terms.propose(world.store.id, [Wanted("MERCHANT_ID", "别的公司", 100)], "费", 1)
    agree(world, made)
    outbox.drain()
    party = made.parties.get()
    assert (party.state, party.problem) == ("refused", "name") and "全称" in party.problem_words
    assert not is_frozen(attempt_of(world))
    assert parties.try_again(party.id).state == "refused"
    with pytest.raises(AppError):
        parties.try_again(0)


@pytest.mark.parametrize("fault", ["rate_limited", "answer_system_error_before", "answer_cut"])
def test_a_receiver_nobody_answered_about_is_added_later(
    world: World, sim: Simulator, account: MerchantAccount, fault: str
) -> None:
    made = proposed(world, sim)
    sim.fault(fault, operation="share_receiver", times=None)
    agree(world, made)
    outbox.drain()
    party = made.parties.get()
    assert (party.state, party.next_try_at is not None and party.next_try_at > now()) == ("pending", True)
    sim.clear_faults()
    with sim.later(90):
        assert jobs.add_due_receivers() == 1
    assert made.parties.get().state == "active"


def test_receivers_nobody_needs_are_taken_off_when_their_orders_are_decided(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    made = agreed(world, sim)
    split = paid(world, sim)
    terms.end_by_leader(world.leader_person, world.store.id, made.id, now())
    jobs.sweep()
    assert made.parties.get().state == "active"
    Split.objects.filter(id=split.id).update(state="freed")
    jobs.sweep()
    party = made.parties.get()
    assert party.state == "removed" and party.removed_at is not None
    assert len(sim.calls("/profitsharing/receivers/delete")) == 1
    Split.objects.filter(id=split.id).update(state="planned")


def test_a_receiver_of_the_next_agreement_stays(
    world: World, sim: Simulator, account: MerchantAccount
) -> None:
    first = agreed(world, sim)
    agreed(world, sim, rate=700)
    jobs.sweep()
    assert first.parties.get().state == "removed"
    assert sim.calls("/profitsharing/receivers/delete") == []

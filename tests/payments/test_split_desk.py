"""The operator's pages of profit sharing: proposing, ending, and deciding what went wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from payworld import Simulator, World
from splitworld import (
    EIGHT_DAYS,
    after,
    agreed,
    go_on,
    paid,
    partner_name,
    push_refund,
    received,
    refund,
    returns,
    sub_account,
)

from console_login import signed_in_operator
from yantuan.kernel.models import AuditEntry
from yantuan.merchants.models import MerchantAccount
from yantuan.splits.models import Split, SplitReturn, SplitTerms


@pytest.fixture
def desk(db: None, settings: Any) -> Client:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return signed_in_operator()[0]


@pytest.fixture
def account(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> MerchantAccount:
    return sub_account(world, sim, monkeypatch)


def page(model: str, what: str, *args: Any) -> str:
    return reverse(f"admin:splits_{model}_{what}", args=args)


def test_an_agreement_is_proposed_and_ended(
    world: World, sim: Simulator, desk: Client, account: MerchantAccount
) -> None:
    form = {"store": world.store.code, "rate": "2.5", "name": partner_name(sim), "reason": "技术服务费"}
    assert desk.get(page("splitterms", "propose")).status_code == 200
    wrong = desk.post(page("splitterms", "propose"), {**form, "store": "nowhere"})
    assert "没有在用的子商户号" in wrong.content.decode()
    high = desk.post(page("splitterms", "propose"), {**form, "rate": "30"})
    assert "不能超过 29.7%" in high.content.decode() and not SplitTerms.objects.exists()
    done = desk.post(page("splitterms", "propose"), form, follow=True)
    assert "已提出 2.5% 的分账约定" in done.content.decode()
    made = SplitTerms.objects.get()
    assert (made.rate_bp, made.reason, made.state) == (250, "技术服务费", "proposed")
    text = desk.get(page("splitterms", "change", made.id)).content.decode()
    assert partner_name(sim) in text and "待团长同意" in text
    desk.post(page("splitterms", "end", made.id), {"reason": "先不收了"})
    made.refresh_from_db()
    assert made.state == "ended"
    assert desk.post(page("splitterms", "end", made.id), {"reason": "再来"}).status_code == 403


def test_a_refused_receiver_is_added_again(
    world: World, sim: Simulator, desk: Client, account: MerchantAccount
) -> None:
    made = agreed(world, sim)
    assert desk.post(page("splitterms", "add_again", made.id)).status_code == 403
    made.parties.update(state="refused", problem="name", problem_words="INVALID_REQUEST 全称不一致")
    assert "接收方名称" in desk.get(page("splitterms", "change", made.id)).content.decode()
    assert desk.post(page("splitterms", "add_again", made.id)).status_code == 302
    assert made.parties.get().state == "active"


def test_a_refused_share_is_decided_about(
    world: World, sim: Simulator, desk: Client, account: MerchantAccount
) -> None:
    agreed(world, sim)
    split = paid(world, sim)
    received(world, split)
    sim.call("POST", f"/sub_merchants/{account.sub_mchid}", {"max_ratio": 10})
    with after(sim, EIGHT_DAYS):
        assert go_on(split).state == "trouble"
    text = desk.get(page("split", "change", split.id)).content.decode()
    assert "分账异常" in text and "微信支付的规则不允许" in text
    assert "分账异常" in desk.get(page("split", "changelist") + "?state=trouble").content.decode()
    sim.call("POST", f"/sub_merchants/{account.sub_mchid}", {"max_ratio": 3000})
    desk.post(page("split", "share_again", split.id), {"reason": "商户已放宽比例"})
    split.refresh_from_db()
    assert split.state == "planned"
    desk.post(page("split", "give_up", split.id), {"reason": "这单不收"})
    split.refresh_from_db()
    assert (split.state, split.why) == ("freeing", "given_up")
    assert desk.post(page("split", "give_up", split.id), {"reason": "再来"}).status_code == 403
    acts = AuditEntry.objects.filter(target_id=split.id).values_list("action", flat=True)
    assert sorted(acts) == ["split.give_up", "split.retry"]


def test_a_failed_return_is_decided_about(
    world: World, sim: Simulator, desk: Client, account: MerchantAccount
) -> None:
    agreed(world, sim)
    split = paid(world, sim)
    received(world, split)
    with after(sim, EIGHT_DAYS):
        go_on(go_on(split))
    with after(sim, EIGHT_DAYS + 60):
        sim.fault("share_return_failed", value="ACCOUNT_ABNORMAL", times=2)
        row = push_refund(refund(world, split))
    (lost,) = returns(row)
    text = desk.get(page("splitreturn", "changelist") + "?state=failed").content.decode()
    assert lost.out_return_no in text and "接收方账户异常" in text
    with after(sim, EIGHT_DAYS + 60):
        desk.post(page("splitreturn", "take_back_again", lost.id), {"reason": "账户已恢复"})
        second = SplitReturn.objects.exclude(id=lost.id).get()
        assert second.state == "failed"
        answer = desk.post(page("splitreturn", "waive", second.id), {"reason": "先退给买家"}, follow=True)
    assert "退款会马上发起" in answer.content.decode()
    second.refresh_from_db()
    assert (second.state, second.reason) == ("waived", "先退给买家")
    assert Split.objects.get().state == "done"

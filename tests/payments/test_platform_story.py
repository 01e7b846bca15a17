"""A leader under a platform of 收付通: signs up, is paid, shares, and gives back, all by /v3/ecommerce."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from payworld import Simulator, World
from splitworld import (
    EIGHT_DAYS,
    after,
    agree_with_the_book,
    agreed,
    book,
    go_on,
    paid,
    push_refund,
    received,
    refund,
    returns,
)
from test_applications import SECRETS, _asked, _sent, _step, form

from yantuan.kernel import clock
from yantuan.kernel.config import config
from yantuan.kernel.errors import Invalid
from yantuan.merchants import onboarding
from yantuan.merchants.forms import Form
from yantuan.merchants.models import MerchantAccount
from yantuan.payments import gateway

__all__ = ["form"]


@pytest.fixture
def platform_form(form: Form, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Form]:
    """The partner account is a platform's."""
    mchid = config().wechatpay_sp_mchid
    sim.call("POST", f"/merchants/{mchid}", {"ecommerce": True})
    sim.call("POST", "/config", {"share_seconds": 0})
    monkeypatch.setenv("YANTUAN_WECHATPAY_SP_KIND", "platform")
    config.cache_clear()
    gateway.reset()
    yield replace(form, bank_address_code="330100")
    sim.call("POST", f"/merchants/{mchid}", {"ecommerce": False})
    gateway.reset()


def opened(world: World, sim: Simulator, form: Form) -> MerchantAccount:
    row = _sent(world, form)
    for action in ("accept", "pass", "sign", "open"):
        _step(sim, row, action)
    assert _asked(row).state == "finished"
    return MerchantAccount.objects.get(store=world.store, retired_at=None)


def test_the_form_reaches_the_platform_in_its_own_words(
    world: World, sim: Simulator, platform_form: Form
) -> None:
    row = _sent(world, platform_form)
    told = sim.call("GET", "/applyments")["applyments"][0]["request"]["platform"]
    assert told["contact_info"]["mobile_phone"] == SECRETS["contact_mobile"]
    assert told["account_info"]["account_number"] == SECRETS["account_number"]
    assert told["sales_scene_info"]["store_url"] == config().public_url
    _step(sim, row, "verify")
    row = _asked(row)
    assert row.state == "to_confirm" and "汇款 ¥1.24" in row.message and row.sign_url.startswith("http")
    _step(sim, row, "confirm")
    assert _asked(row).state == "to_sign"


def test_a_frozen_application_is_over_and_another_may_be_begun(
    world: World, sim: Simulator, platform_form: Form
) -> None:
    row = _sent(world, platform_form)
    _step(sim, row, "freeze", {"field": "", "field_name": "营业执照", "reject_reason": "涉嫌冒用"})
    row = _asked(row)
    assert (row.state, row.form_sealed, row.next_ask_at) == ("canceled", "", None)
    assert "联系微信支付" in row.message and row.details == [{"field_name": "营业执照", "reason": "涉嫌冒用"}]
    again = onboarding.save(world.leader_person, world.store.id, platform_form)
    assert again.id != row.id and again.state == "editing"


def test_a_platform_asks_where_the_bank_is(world: World, sim: Simulator, platform_form: Form) -> None:
    onboarding.save(world.leader_person, world.store.id, replace(platform_form, bank_address_code=""))
    with pytest.raises(Invalid) as refused:
        onboarding.send(world.leader_person, world.store.id, clock.now())
    assert (refused.value.code, refused.value.details["field"]) == (
        "application_incomplete",
        "bank_address_code",
    )


def test_paid_shared_and_given_back(world: World, sim: Simulator, platform_form: Form) -> None:
    account = opened(world, sim, platform_form)
    assert (account.mode, account.state) == ("partner", "checked")
    agreed(world, sim)
    split = paid(world, sim)
    assert (split.attempt.sub_mchid, book(sim, split)["frozen"]) == (account.sub_mchid, 3990)
    received(world, split)
    with after(sim, EIGHT_DAYS):
        go_on(go_on(split))
        assert split.state == "done"
        agree_with_the_book(sim)
    with after(sim, EIGHT_DAYS + 60):
        row = push_refund(refund(world, split))
        assert [(r.amount_fen, r.state) for r in returns(row)] == [(199, "succeeded")]
        assert push_refund(row).state == "succeeded"
        assert (book(sim, split)["shared"], book(sim, split)["refunded"]) == (0, 3990)
        agree_with_the_book(sim)
    asked = [str(call["path"]) for call in sim.calls("")]
    assert not [
        target for target in asked if target.startswith(("/v3/profitsharing/orders", "/v3/refund/domestic"))
    ]
    assert [target for target in asked if target.startswith("/v3/ecommerce/profitsharing/orders")]
    assert [target for target in asked if target.startswith("/v3/ecommerce/refunds")]


def test_a_personal_receiver_is_known_to_the_platform_as_an_other(
    world: World, sim: Simulator, platform_form: Form
) -> None:
    opened(world, sim, platform_form)
    # 收付通 knows no relation "partner"; asked for with it, the receiver would be refused for ever.
    terms = agreed(world, sim, person=100)
    assert set(terms.parties.values_list("state", flat=True)) == {"active"}

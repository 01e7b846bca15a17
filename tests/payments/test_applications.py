"""A leader becomes a sub-merchant: form, papers, what WeChat Pay wants changed, signing, and the account in the end."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from merchantworld import partner
from payworld import Simulator, World, signed_in_client, start_pay
from PIL import Image

from yantuan.gateways.errors import GatewayError
from yantuan.kernel import clock
from yantuan.kernel.errors import AppError, Conflict, Invalid, NotFound
from yantuan.kernel.models import AuditEntry, OutboxEvent
from yantuan.media.actions import store_picture
from yantuan.merchants import forms, jobs, onboarding, queries
from yantuan.merchants.forms import Form
from yantuan.merchants.models import MerchantAccount, MerchantApplication

SECRETS = {
    "id_number": "11010519491231002X", "contact_mobile": "13812345678", "contact_email": "ahe@example.com",
    "id_address": "杭州市西湖区文三路 1 号", "account_number": "6222021234567890123",
}  # fmt: skip


def _picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 40), (shade, 90, 90)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def form(world: World, sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> Form:
    partner(sim, monkeypatch)
    ids = [str(store_picture(world.leader_person.id, "certification", _picture(n)).id) for n in (1, 80, 160)]
    return Form(
        license_media_id=ids[0], id_front_media_id=ids[1], id_back_media_id=ids[2], license_number="92330106MA2AAAAAAA",
        merchant_name="杭州阿禾果园", id_name="阿禾", id_begin="2020-01-01", id_end="长期", short_name="阿禾果园",
        service_phone="0571-88888888", settlement_id="719", qualification_type="餐饮", account_name="阿禾",
        account_bank="工商银行", **SECRETS,
    )  # fmt: skip


def _sent(world: World, form: Form) -> MerchantApplication:
    onboarding.save(world.leader_person, world.store.id, form)
    row = onboarding.send(world.leader_person, world.store.id, clock.now())
    jobs.send_application({"application_id": str(row.id)})
    row.refresh_from_db()
    return row


def _asked(row: MerchantApplication) -> MerchantApplication:
    MerchantApplication.objects.filter(id=row.id).update(next_ask_at=clock.now())
    assert onboarding.ask_due() == 1
    row.refresh_from_db()
    return row


def _step(sim: Simulator, row: MerchantApplication, action: str, *audit: dict[str, str]) -> None:
    sim.call("POST", f"/applyments/{row.applyment_id}", {"action": action, "audit": list(audit)})


def test_from_form_to_money(world: World, sim: Simulator, form: Form) -> None:
    row = _sent(world, form)
    assert (row.state, row.business_code) == ("auditing", f"YT{row.id}")
    told = sim.call("GET", "/applyments")["applyments"][0]["request"]
    assert told["contact_info"]["mobile_phone"] == SECRETS["contact_mobile"]
    assert told["bank_account_info"]["account_number"] == SECRETS["account_number"]
    for action, state in (("pass", "to_sign"), ("sign", "signing")):
        _step(sim, row, action)
        assert _asked(row).state == state
    _step(sim, row, "open")
    row = _asked(row)
    account = MerchantAccount.objects.get(store=world.store, retired_at=None)
    assert (row.state, account.mode, account.state) == ("finished", "partner", "checked")
    assert account.sub_mchid == row.sub_mchid != ""
    # The papers' contents are gone with the application.
    assert (row.form_sealed, row.pictures, row.next_ask_at) == ("", {}, None)
    assert start_pay(world.order())[1].sub_mchid == row.sub_mchid


def test_what_is_rejected_is_told_and_sent_again_under_its_code(
    world: World, sim: Simulator, form: Form
) -> None:
    row = _sent(world, form)
    flaw = {"field": "license_copy", "field_name": "营业执照", "reject_reason": "照片不清晰"}
    _step(sim, row, "reject", flaw)
    row = _asked(row)
    assert (row.state, row.details) == ("rejected", [{"field_name": "营业执照", "reason": "照片不清晰"}])
    assert row.next_ask_at is None
    code = row.business_code
    # Only what was wrong is changed; secrets left empty stay.
    onboarding.save(world.leader_person, world.store.id, replace(form, **dict.fromkeys(SECRETS, "")))
    row = onboarding.send(world.leader_person, world.store.id, clock.now())
    jobs.send_application({"application_id": str(row.id)})
    row.refresh_from_db()
    assert (row.state, row.business_code, row.details) == ("auditing", code, [])
    assert MerchantApplication.objects.count() == 1
    told = sim.call("GET", "/applyments")["applyments"]
    assert len(told) == 1
    assert told[0]["request"]["bank_account_info"]["account_number"] == SECRETS["account_number"]


def test_signing_has_an_address(world: World, sim: Simulator, form: Form) -> None:
    row = _sent(world, form)
    _step(sim, row, "verify")
    row = _asked(row)
    assert (row.state, row.sign_url.startswith("http")) == ("to_confirm", True)
    out = queries.pay_ways(world.store).application
    assert out is not None and (out.editable, out.state_label, out.sign_url) == (
        False,
        "待账户验证",
        row.sign_url,
    )


def test_a_refusal_at_once_is_shown_and_can_be_mended(world: World, sim: Simulator, form: Form) -> None:
    enterprise = replace(form, subject_type="enterprise", account_type="corporate")
    onboarding.save(world.leader_person, world.store.id, enterprise)
    with pytest.raises(Invalid) as refused:
        onboarding.send(world.leader_person, world.store.id, clock.now())
    assert (refused.value.code, refused.value.details["field"]) == ("application_invalid", "account_name")
    # What only WeChat Pay can see comes back as a rejection in its words.
    MerchantApplication.objects.update(
        form_sealed=forms.seal_form(replace(form, subject_type="enterprise")), state="sending"
    )
    row = MerchantApplication.objects.get()
    onboarding.push(row.id)
    row.refresh_from_db()
    assert row.state == "rejected" and "对公账户" in row.message
    assert row.details[0]["field_name"] == "/bank_account_info/bank_account_type"


def test_an_unknown_result_is_tried_again_and_sent_once(world: World, sim: Simulator, form: Form) -> None:
    onboarding.save(world.leader_person, world.store.id, form)
    row = onboarding.send(world.leader_person, world.store.id, clock.now())
    sim.fault("answer_system_error", times=20)
    with pytest.raises(GatewayError):
        onboarding.push(row.id)
    row.refresh_from_db()
    assert row.state == "sending"
    sim.clear_faults()
    for _ in range(2):
        onboarding.push(row.id)
    row.refresh_from_db()
    assert row.state == "auditing" and len(sim.call("GET", "/applyments")["applyments"]) == 1
    # Silence while asking changes nothing and is asked again later.
    sim.fault("answer_system_error", times=20)
    row = _asked(row)
    assert (row.state, row.next_ask_at is not None) == ("auditing", True)


def test_incomplete_forms_are_kept_but_not_sent(world: World, sim: Simulator, form: Form) -> None:
    with pytest.raises(NotFound):
        onboarding.send(world.leader_person, world.store.id, clock.now())
    onboarding.save(world.leader_person, world.store.id, Form(short_name="阿禾果园"))
    with pytest.raises(Invalid) as refused:
        onboarding.send(world.leader_person, world.store.id, clock.now())
    assert refused.value.code == "application_incomplete"
    assert {"field": "id_number"} in refused.value.details["fields"]
    assert MerchantApplication.objects.get().state == "editing"
    assert not OutboxEvent.objects.filter(topic=onboarding.SENT).exists()


def test_while_under_way_nothing_can_be_changed(world: World, sim: Simulator, form: Form) -> None:
    row = _sent(world, form)
    with pytest.raises(Conflict) as refused:
        onboarding.save(world.leader_person, world.store.id, Form())
    assert refused.value.code == "application_under_way"
    assert onboarding.send(world.leader_person, world.store.id, clock.now()).state == "auditing"
    assert AuditEntry.objects.filter(action="merchant.apply").count() == 1
    assert forms.open_form(MerchantApplication.objects.get(id=row.id).form_sealed) == form


def test_what_is_personal_is_sealed_and_masked(world: World, sim: Simulator, form: Form) -> None:
    onboarding.save(world.leader_person, world.store.id, form)
    row = str(MerchantApplication.objects.values().get())
    out = queries.pay_ways(world.store).application
    assert out is not None
    for name, secret in SECRETS.items():
        assert secret not in row and secret not in out.model_dump_json() and secret not in repr(form)
        assert out.form[name] == f"…{secret[-4:]}"


def test_pictures_of_others_and_shops_of_others_are_refused(world: World, sim: Simulator, form: Form) -> None:
    stranger = world.buyer()
    foreign = store_picture(stranger.id, "certification", _picture(200))
    with pytest.raises(Invalid):
        onboarding.save(world.leader_person, world.store.id, replace(form, license_media_id=str(foreign.id)))
    with pytest.raises(NotFound):
        onboarding.save(stranger, world.store.id, Form())
    assert not MerchantApplication.objects.exists()


def test_without_a_partner_account_there_is_nothing_to_apply_for(world: World, sim: Simulator) -> None:
    with pytest.raises(AppError) as refused:
        onboarding.save(world.leader_person, world.store.id, Form())
    assert refused.value.code == "merchant_account_unusable"


def test_the_api_saves_and_sends(
    world: World, sim: Simulator, form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yantuan.identity.stepup.confirmed_at", lambda request: clock.now())
    client, head = signed_in_client(world.leader_person)
    at = f"/api/leader/stores/{world.store.id}/merchant-application"
    body: dict[str, Any] = {**vars(form)}
    bad = client.put(at, {**body, "id_number": "123"}, "application/json", headers=head)
    assert bad.status_code == 422 and not MerchantApplication.objects.exists()
    saved = client.put(at, body, "application/json", headers=head).json()
    assert (saved["application"]["state"], saved["application"]["form"]["id_number"]) == ("editing", "…002X")
    sent = client.post(f"{at}/send", {}, "application/json", headers=head).json()
    assert sent["application"]["state"] == "sending"
    assert OutboxEvent.objects.filter(topic=onboarding.SENT).count() == 1


def test_questions_come_at_growing_distances(world: World, sim: Simulator, form: Form) -> None:
    row = _sent(world, form)
    waits = []
    for _ in range(6):
        row = _asked(row)
        assert row.next_ask_at is not None
        waits.append(round((row.next_ask_at - clock.now()) / timedelta(seconds=1)))
    assert waits == [60, 300, 900, 3600, 3600, 3600]

"""Signing up sub-merchants: the upload and the application by the book, and the whole way against the simulator."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateways import pay_platform as p
from gateways.sim_process import Simulator
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused
from yantuan.gateways.wechatpay import SubMerchant
from yantuan.gateways.wechatpay.applyment_models import (
    Application,
    Applyment,
    ApplymentState,
    BankAccount,
    BankAccountType,
    Contact,
    ContactType,
    IdCard,
    License,
    Sales,
    SalesScene,
    Settlement,
    Shop,
    SubjectType,
)
from yantuan.gateways.wechatpay.applyments import OnboardingClient, upload_form
from yantuan.gateways.wechatpay.crypto import oaep_decrypt
from yantuan.gateways.wechatpay.fields import Malformed

stack = pytest.mark.stack
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def application(media: str = "M1", **changes: Any) -> Application:
    values: dict[str, Any] = {
        "business_code": "YT_1",
        "contact": Contact(ContactType.LEGAL, "陈小禾", "13800138000", "he@example.com"),
        "subject_type": SubjectType.INDIVIDUAL,
        "license": License(media, "91330100MA2XXXXX0A", "杭州市西湖区阿禾水果店", "陈小禾"),
        "id_card": IdCard(media, media, "陈小禾", "110101199003070000", "2020-01-01", "长期"),
        "short_name": "阿禾水果",
        "service_phone": "0571-88888888",
        "sales": Sales((SalesScene.MINI_PROGRAM,), mini_program_appid="wx0000000000000001"),
        "settlement": Settlement("719", "零售批发/生活娱乐/其他"),
        "bank_account": BankAccount(
            BankAccountType.PERSONAL, "陈小禾", "工商银行", "6222020200000000000", "330100"
        ),
    }
    return Application(**(values | changes))


def client(*steps: httpx.Response) -> tuple[OnboardingClient, list[httpx.Request]]:
    waiting, seen = list(steps), []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return waiting.pop(0)

    return OnboardingClient(p.client(handle)), seen


def test_an_upload_signs_its_facts_and_has_a_boundary() -> None:
    onboarding, seen = client(p.answer({"media_id": "M1"}))
    assert onboarding.upload_picture("licence.png", PICTURE) == "M1"
    request = seen[0]
    found = re.fullmatch(r"multipart/form-data; boundary=([0-9a-f]{32})", request.headers["Content-Type"])
    assert found and request.content.endswith(f"--{found[1]}--\r\n".encode())
    meta = json.dumps(
        {"filename": "licence.png", "sha256": hashlib.sha256(PICTURE).hexdigest()}, separators=(",", ":")
    )
    assert meta.encode() in request.content and PICTURE in request.content
    told = dict(re.findall(r'(\w+)="([^"]*)"', request.headers["Authorization"]))
    text = f"POST\n/v3/merchant/media/upload\n{told['timestamp']}\n{told['nonce_str']}\n{meta}\n"
    assert told["signature"] == p.sign(p.rsa_key("merchant"), text.encode())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("执照.png", b"x"),
        ("a.gif", b"x"),
        ("no suffix", b"x"),
        ("a.png", b""),
        ("a.png", b"x" * (2 * 1024 * 1024 + 1)),
    ],
)
def test_what_cannot_be_a_picture_is_never_sent(name: str, content: bytes) -> None:
    onboarding, seen = client()
    with pytest.raises(GatewayInvalid):
        onboarding.upload_picture(name, content)
    assert seen == []


def test_a_boundary_inside_the_file_is_refused() -> None:
    with pytest.raises(GatewayInvalid):
        upload_form("a.png", "image/png", b"..--abc..", "abc")


def test_personal_fields_are_sealed_and_empty_ones_left_out() -> None:
    onboarding, seen = client(p.answer({"applyment_id": 2000002124775691}))
    assert onboarding.submit(application()) == "2000002124775691"
    assert seen[0].url == p.BASE + "/v3/applyment4sub/applyment/"
    assert seen[0].headers["Wechatpay-Serial"] == p.KEY_ID
    sent = seen[0].content.decode()
    for secret in ("13800138000", "110101199003070000", "6222020200000000000", "he@example.com"):
        assert secret not in sent
    body = json.loads(sent)
    key = p.rsa_key("platform")
    assert oaep_decrypt(key, body["contact_info"]["mobile_phone"]) == "13800138000"
    card = body["subject_info"]["identity_info"]["id_card_info"]
    assert oaep_decrypt(key, card["id_card_number"]) == "110101199003070000"
    assert oaep_decrypt(key, body["bank_account_info"]["account_number"]) == "6222020200000000000"
    assert "addition_info" not in body and "qualifications" not in body["settlement_info"]
    assert "mp_info" not in body["business_info"]["sales_info"]
    assert ':""' not in sent and ":[]" not in sent and ":{}" not in sent


@pytest.mark.parametrize(
    "changes",
    [
        {"business_code": "编号"},
        {"contact": Contact(ContactType.SUPER, "陈小禾", "13800138000", "he@example.com")},
        {"sales": Sales(())},
        {"sales": Sales((SalesScene.STORE,))},
        {"sales": Sales((SalesScene.OFFICIAL_ACCOUNT,))},
    ],
)
def test_an_application_that_breaks_a_rule_is_never_sent(changes: dict[str, Any]) -> None:
    onboarding, seen = client()
    with pytest.raises(GatewayInvalid):
        onboarding.submit(application(**changes))
    assert seen == []


@pytest.mark.parametrize("state", [*ApplymentState, "APPLYMENT_STATE_NEW_ONE"])
def test_every_state_is_read(state: str) -> None:
    value = {
        "applyment_id": 1,
        "business_code": "YT_1",
        "applyment_state": str(state),
        "sub_mchid": "1900001001",
    }
    read = Applyment.read(value)
    known = str(state) in [s.value for s in ApplymentState]
    assert read.state == (state if known else ApplymentState.UNKNOWN) and read.state_text == str(state)


def test_finished_without_a_number_and_a_strange_id_are_malformed() -> None:
    value = {"applyment_id": 1, "business_code": "YT_1", "applyment_state": "APPLYMENT_STATE_FINISHED"}
    with pytest.raises(Malformed):
        Applyment.read(value)
    for number in (None, True, "x", 1.5):
        with pytest.raises(Malformed):
            Applyment.read(value | {"sub_mchid": "1", "applyment_id": number})


@pytest.fixture
def onboarding(sim: Simulator) -> Iterator[OnboardingClient]:
    pay = sim.partner_client()
    yield OnboardingClient(pay)
    pay.shutdown()


@stack
def test_from_pictures_to_a_sub_merchant(sim: Simulator, onboarding: OnboardingClient) -> None:
    media = onboarding.upload_picture("licence.png", PICTURE)
    wish = application(media)
    number = onboarding.submit(wish)
    assert onboarding.submit(wish) == number
    first = onboarding.query(number)
    assert first is not None and first == onboarding.query_by_code("YT_1")
    assert (first.state, first.sub_mchid, first.sign_url, first.over) == (
        ApplymentState.AUDITING,
        "",
        "",
        False,
    )
    reason = {"field": "id_card_copy", "field_name": "身份证人像面", "reject_reason": "看不清"}
    sim.post(f"/applyments/{number}", action="reject", audit=[reason])
    rejected = onboarding.query(number)
    assert rejected is not None and rejected.state is ApplymentState.REJECTED and rejected.over
    assert [(d.field, d.reject_reason) for d in rejected.audit_details] == [("id_card_copy", "看不清")]
    better = replace(
        wish, id_card=replace(wish.id_card, portrait_side=onboarding.upload_picture("b.png", PICTURE))
    )
    assert onboarding.submit(better) == number
    states = []
    for action in ("verify", "confirm", "sign", "open"):
        sim.post(f"/applyments/{number}", action=action)
        now = onboarding.query(number)
        assert now is not None
        states.append((now.state, bool(now.sign_url), bool(now.sub_mchid)))
    assert states == [
        (ApplymentState.TO_BE_CONFIRMED, True, False),
        (ApplymentState.TO_BE_SIGNED, True, False),
        (ApplymentState.SIGNING, False, False),
        (ApplymentState.FINISHED, False, True),
    ]
    done = onboarding.query(number)
    assert done is not None
    pay = sim.partner_client()
    assert pay.for_sub_merchant(SubMerchant(done.sub_mchid)).query_by_out_trade_no("P00000NOBODY") is None
    pay.shutdown()


@stack
def test_a_shop_and_an_authorised_contact_pass_the_rules(
    sim: Simulator, onboarding: OnboardingClient
) -> None:
    media = onboarding.upload_picture("licence.jpg", PICTURE)
    contact = Contact(
        ContactType.SUPER, "林姐", "13900139000", "lin@example.com", "110101199003070001", media, media,
        "2020-01-01", "2040-01-01", media,
    )  # fmt: skip
    shop = Shop("阿禾水果店", "330106", "西湖区文三路1号", (media,), (media,))
    wish = application(
        media, contact=contact, sales=Sales((SalesScene.STORE,), shop=shop), subject_type=SubjectType.ENTERPRISE,
        bank_account=BankAccount(BankAccountType.CORPORATE, "杭州市西湖区阿禾水果店", "工商银行", "6222", "330100"),
        addition_pictures=(media,), addition_message="门店在二楼",
    )  # fmt: skip
    onboarding.submit(wish)
    seen = sim.get("/applyments")["applyments"][0]["request"]
    assert seen["contact_info"]["contact_id_number"] == "110101199003070001"
    assert seen["bank_account_info"]["account_number"] == "6222"


@stack
def test_a_refusal_names_the_field(sim: Simulator, onboarding: OnboardingClient) -> None:
    with pytest.raises(GatewayRefused) as caught:
        onboarding.submit(application("a picture nobody uploaded"))
    assert (caught.value.provider_code, caught.value.field) == (
        "PARAM_ERROR", "/subject_info/business_license_info/license_copy",
    )  # fmt: skip
    assert onboarding.query_by_code("YT_1") is None and onboarding.query("1") is None
    direct = OnboardingClient(sim.pay_client())
    with pytest.raises(GatewayRefused) as caught:
        direct.submit(application())
    assert caught.value.provider_code == "NO_AUTH"


@stack
@pytest.mark.parametrize("fault", ["answer_system_error", "answer_cut", "answer_signtest", "rate_limited"])
def test_one_bad_answer_makes_no_second_application(
    sim: Simulator, onboarding: OnboardingClient, fault: str
) -> None:
    sim.post("/faults", kind=fault, operation="media")
    media = onboarding.upload_picture("licence.png", PICTURE)
    sim.post("/faults", kind=fault, operation="applyment")
    onboarding.submit(application(media))
    assert len(sim.get("/applyments")["applyments"]) == 1


@stack
def test_sealing_in_certificate_mode(sim: Simulator) -> None:
    sim.post("/config", sign_mode="certificate")
    pay = sim.partner_client(public_keys={})
    onboarding = OnboardingClient(pay)
    onboarding.submit(application(onboarding.upload_picture("licence.png", PICTURE)))
    assert sim.get("/applyments")["applyments"][0]["request"]["contact_info"]["contact_name"] == "陈小禾"
    pay.shutdown()

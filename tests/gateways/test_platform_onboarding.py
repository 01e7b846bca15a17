"""Signing up under a platform of 收付通: the form by the book, every state, and the whole way against the simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from gateways import pay_platform as p
from gateways.sim_process import Simulator
from gateways.test_onboarding import PICTURE, application
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused
from yantuan.gateways.wechatpay import SubMerchant
from yantuan.gateways.wechatpay.applyment_models import (
    ApplymentState,
    BankAccount,
    BankAccountType,
    Settlement,
    SubjectType,
)
from yantuan.gateways.wechatpay.crypto import oaep_decrypt
from yantuan.gateways.wechatpay.fields import Malformed
from yantuan.gateways.wechatpay.platform_applyments import PlatformOnboardingClient, read_applyment

stack = pytest.mark.stack
STORE = "https://geese.example"


def client(*steps: httpx.Response) -> tuple[PlatformOnboardingClient, list[httpx.Request]]:
    waiting, seen = list(steps), []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return waiting.pop(0)

    return PlatformOnboardingClient(p.client(handle), store_url=STORE), seen


def test_the_form_has_the_platforms_names_and_seals_the_person() -> None:
    onboarding, seen = client(p.answer({"applyment_id": 2000002124775691, "out_request_no": "YT_1"}))
    wish = application(settlement=Settlement("719", "零售", ("Q1", "Q2")))
    assert onboarding.submit(wish) == "2000002124775691"
    assert seen[0].url == p.BASE + "/v3/ecommerce/applyments/"
    assert seen[0].headers["Wechatpay-Serial"] == p.KEY_ID
    sent = seen[0].content.decode()
    for secret in ("13800138000", "110101199003070000", "6222020200000000000", "he@example.com"):
        assert secret not in sent
    body, key = json.loads(sent), p.rsa_key("platform")
    assert (body["out_request_no"], body["organization_type"]) == ("YT_1", "4")
    assert body["account_info"]["bank_account_type"] == "75"
    assert oaep_decrypt(key, body["contact_info"]["contact_id_card_number"]) == "110101199003070000"
    assert oaep_decrypt(key, body["id_card_info"]["id_card_name"]) == "陈小禾"
    assert body["id_card_info"]["id_card_valid_time"] == "长期"
    # The platform's own app is not the sub-merchant's: it is never named as theirs.
    assert body["sales_scene_info"] == {"store_name": wish.short_name, "store_url": STORE}
    # Not a list: a text that holds one.
    assert body["qualifications"] == '["Q1", "Q2"]' and "business_addition_pics" not in body


def test_a_number_that_breaks_the_rule_is_never_sent() -> None:
    onboarding, seen = client()
    with pytest.raises(GatewayInvalid):
        onboarding.submit(application(business_code="编号"))
    assert seen == []


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("CHECKING", ApplymentState.AUDITING),
        ("ACCOUNT_NEED_VERIFY", ApplymentState.TO_BE_CONFIRMED),
        ("AUDITING", ApplymentState.AUDITING),
        ("REJECTED", ApplymentState.REJECTED),
        ("NEED_SIGN", ApplymentState.TO_BE_SIGNED),
        ("FINISH", ApplymentState.FINISHED),
        ("FROZEN", ApplymentState.FROZEN),
        ("CANCELED", ApplymentState.CANCELED),
        ("SOMETHING_NEW", ApplymentState.UNKNOWN),
    ],
)
def test_every_state_is_read(word: str, state: ApplymentState) -> None:
    value = {"applyment_id": 1, "out_request_no": "YT_1", "applyment_state": word, "sub_mchid": "1900001001"}
    read = read_applyment(value)
    assert (read.state, read.state_text) == (state, word)


def test_finished_without_a_number_is_malformed() -> None:
    with pytest.raises(Malformed):
        read_applyment({"applyment_id": 1, "out_request_no": "YT_1", "applyment_state": "FINISH"})


@pytest.fixture
def onboarding(sim: Simulator) -> Iterator[PlatformOnboardingClient]:
    own = sim.post("/merchants", provider=True)
    sim.post(f"/merchants/{own['mchid']}", ecommerce=True)
    pay = sim.partner_client()
    yield PlatformOnboardingClient(pay, store_url=STORE)
    pay.shutdown()
    sim.post(f"/merchants/{own['mchid']}", ecommerce=False)


@stack
def test_from_pictures_to_a_sub_merchant(sim: Simulator, onboarding: PlatformOnboardingClient) -> None:
    media = onboarding.upload_picture("licence.png", PICTURE)
    wish = application(media, business_code="YTP_1")
    number = onboarding.submit(wish)
    assert onboarding.submit(wish) == number
    first = onboarding.query(number)
    assert first is not None and first == onboarding.query_by_code("YTP_1")
    assert (first.state, first.state_text, first.sub_mchid) == (ApplymentState.AUDITING, "CHECKING", "")
    reason = {"field": "", "field_name": "身份证人像面", "reject_reason": "看不清"}
    sim.post(f"/applyments/{number}", action="reject", audit=[reason])
    rejected = onboarding.query(number)
    assert rejected is not None and rejected.over
    assert [(d.field_name, d.reject_reason) for d in rejected.audit_details] == [("身份证人像面", "看不清")]
    better = onboarding.upload_picture("b.png", PICTURE)
    assert onboarding.submit(replace(wish, id_card=replace(wish.id_card, portrait_side=better))) == number
    seen = []
    for action in ("verify", "confirm", "sign", "open"):
        sim.post(f"/applyments/{number}", action=action)
        now = onboarding.query(number)
        assert now is not None
        seen.append((now.state_text, bool(now.sign_url), "¥1.24" in now.state_message, bool(now.sub_mchid)))
    assert seen == [
        ("ACCOUNT_NEED_VERIFY", True, True, False),
        ("NEED_SIGN", True, False, False),
        ("NEED_SIGN", False, False, False),
        ("FINISH", False, False, True),
    ]
    done = onboarding.query(number)
    assert done is not None
    pay = sim.partner_client()
    assert pay.for_sub_merchant(SubMerchant(done.sub_mchid)).query_by_out_trade_no("P00000NOBODY") is None
    pay.shutdown()


@stack
def test_a_frozen_one_is_over(sim: Simulator, onboarding: PlatformOnboardingClient) -> None:
    media = onboarding.upload_picture("licence.png", PICTURE)
    number = onboarding.submit(application(media, business_code="YTP_2"))
    sim.post(f"/applyments/{number}", action="freeze", audit=[])
    found = onboarding.query(number)
    assert found is not None and (found.state, found.over) == (ApplymentState.FROZEN, True)


@stack
def test_refusals_name_the_field(sim: Simulator, onboarding: PlatformOnboardingClient) -> None:
    media = onboarding.upload_picture("licence.png", PICTURE)
    company = application(media, business_code="YTP_3", subject_type=SubjectType.ENTERPRISE)
    cases = [
        (company, "/account_info/bank_account_type"),
        (
            replace(
                company,
                bank_account=BankAccount(BankAccountType.CORPORATE, "别的公司", "工商银行", "6222", "330100"),
            ),
            "/account_info/account_name",
        ),
        (application("nobody uploaded it", business_code="YTP_3"), "/id_card_info"),
    ]
    for wish, field in cases:
        with pytest.raises(GatewayRefused) as caught:
            onboarding.submit(wish)
        assert (caught.value.provider_code, caught.value.field) == ("PARAM_ERROR", field)
    assert onboarding.query_by_code("YTP_3") is None and onboarding.query("1") is None


@stack
def test_a_number_is_not_used_twice(sim: Simulator, onboarding: PlatformOnboardingClient) -> None:
    media = onboarding.upload_picture("licence.png", PICTURE)
    onboarding.submit(application(media, business_code="YTP_4"))
    with pytest.raises(GatewayRefused) as caught:
        onboarding.submit(application(media, business_code="YTP_4", short_name="另一家"))
    assert caught.value.provider_code == "INVALID_REQUEST"


@stack
def test_an_ordinary_partner_is_no_platform(sim: Simulator) -> None:
    pay = sim.partner_client()
    plain = PlatformOnboardingClient(pay, store_url=STORE)
    media = plain.upload_picture("licence.png", PICTURE)
    with pytest.raises(GatewayRefused) as caught:
        plain.submit(application(media, business_code="YTP_5"))
    assert caught.value.provider_code == "NO_AUTH"
    pay.shutdown()


@stack
@pytest.mark.parametrize("fault", ["answer_system_error", "answer_cut", "answer_signtest", "rate_limited"])
def test_one_bad_answer_makes_no_second_application(
    sim: Simulator, onboarding: PlatformOnboardingClient, fault: str
) -> None:
    media = onboarding.upload_picture("licence.png", PICTURE)
    sim.post("/faults", kind=fault, operation="applyment")
    onboarding.submit(application(media, business_code=f"YTP_{fault}"))
    rows = sim.get("/applyments")["applyments"]
    assert [row["business_code"] for row in rows].count(f"YTP_{fault}") == 1


@stack
def test_the_administrator_and_a_personal_account_are_the_one_on_the_card(
    sim: Simulator, onboarding: PlatformOnboardingClient
) -> None:
    media = onboarding.upload_picture("licence.png", PICTURE)
    wish = application(media, business_code="YTP_6")
    other = BankAccount(BankAccountType.PERSONAL, "李四", "工商银行", "6222020200000000000", "330100")
    cases = [
        (replace(wish, contact=replace(wish.contact, name="李四")), "/contact_info/contact_name"),
        (replace(wish, bank_account=other), "/account_info/account_name"),
    ]
    for wrong, field in cases:
        with pytest.raises(GatewayRefused) as caught:
            onboarding.submit(wrong)
        assert (caught.value.provider_code, caught.value.field) == ("PARAM_ERROR", field)
    assert onboarding.query_by_code("YTP_6") is None

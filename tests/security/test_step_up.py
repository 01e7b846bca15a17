"""Large refunds ask for a fresh proof of who acts: the leader by SMS code, the operator by dynamic code."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

import factories as make
from console_login import signed_in_operator
from security.conftest import Browser, Shop, code_of, open_shop
from yantuan.aftersales.models import AfterSale, Allowance
from yantuan.identity import codes, gateway
from yantuan.identity.models import Person, Session, SmsCode
from yantuan.kernel import clock, outbox
from yantuan.kernel.config import config
from yantuan.kernel.models import AuditEntry
from yantuan.orders.models import Order
from yantuan.payments.models import Refund

pytestmark = pytest.mark.django_db(transaction=True)
LIMIT = 500_00


class Phone:
    """What arrived on everybody's phone."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, phone: str, template_code: str, params: Any, *, out_id: str = "") -> None:
        self.sent.append((phone, params["code"]))


@pytest.fixture
def phone(monkeypatch: pytest.MonkeyPatch) -> Phone:
    fake = Phone()
    monkeypatch.setattr(gateway, "sms", lambda: fake)
    monkeypatch.setattr(gateway, "can_send_sms", lambda: True)
    return fake


@pytest.fixture
def dear() -> Shop:
    """Goods at 600 yuan: one order is above the limit."""
    return open_shop(600_00)


def refund(browser: Browser, order: Order, key: str = "once", **body: Any) -> Any:
    path = f"/api/leader/orders/{order.id}/refund"
    return browser.post(path, {"reason": "缺货", **body}, **{"Idempotency-Key": key})


def prove(browser: Browser, phone: Phone) -> Any:
    assert browser.post("/api/me/step-up/code").status_code == 200
    outbox.drain()
    return browser.post("/api/me/step-up", {"code": phone.sent[-1][1]})


def untouched(order: Order) -> bool:
    now = Order.objects.get(id=order.id)
    return now.refunded_fen == 0 and not Refund.objects.filter(order=order).exists()


def test_a_large_refund_waits_for_the_code_and_then_goes_under_the_same_key(dear: Shop, phone: Phone) -> None:
    order, leader = make.paid(make.order(dear.sale, dear.buyer)), Browser(dear.leader)
    refused = refund(leader, order)
    assert code_of(refused) == (403, "step_up_needed")
    details = json.loads(refused.content)["details"]
    assert details["limit_fen"] == LIMIT and "****" in details["phone_masked"]
    assert untouched(order)
    assert prove(leader, phone).status_code == 200
    assert phone.sent[-1][0] != "" and refund(leader, order).status_code == 200
    assert Refund.objects.get(order=order).amount_fen == Order.objects.get(id=order.id).paid_fen == 608_00
    assert AuditEntry.objects.filter(action="session.confirm", actor_id=dear.leader.id).count() == 1


def test_a_small_refund_asks_for_nothing(phone: Phone) -> None:
    shop = open_shop(400_00)
    order = make.paid(make.order(shop.sale, shop.buyer))
    assert refund(Browser(shop.leader), order).status_code == 200
    assert phone.sent == []


def test_many_small_ones_in_a_day_ask_too(phone: Phone) -> None:
    shop = open_shop(480_00)
    leader = Browser(shop.leader)
    orders = [make.paid(make.order(shop.sale, shop.buyer)) for _ in range(5)]
    answers = [code_of(refund(leader, order)) for order in orders]
    # 488 yuan each with freight: the fifth would pass four times the limit.
    assert answers == [(200, "")] * 4 + [(403, "step_up_needed")]
    assert untouched(orders[4])
    with clock.frozen(clock.now() + timedelta(days=1, minutes=1)):
        assert refund(leader, orders[4]).status_code == 200


def test_a_proof_grows_old_and_belongs_to_one_session(dear: Shop, phone: Phone) -> None:
    first, second = Browser(dear.leader), Browser(dear.leader)
    order = make.paid(make.order(dear.sale, dear.buyer))
    assert prove(first, phone).status_code == 200
    assert code_of(refund(second, order)) == (403, "step_up_needed")
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        assert code_of(refund(first, order)) == (403, "step_up_needed")
    assert untouched(order)
    assert refund(first, order).status_code == 200


def test_wrong_used_and_others_codes_prove_nothing(dear: Shop, phone: Phone) -> None:
    leader, other = Browser(dear.leader), Browser(dear.buyer)
    assert code_of(leader.post("/api/me/step-up", {"code": "000000"})) == (422, "code_invalid")
    assert prove(leader, phone).status_code == 200
    used = phone.sent[-1][1]
    assert code_of(leader.post("/api/me/step-up", {"code": used})) == (422, "code_invalid")
    # A code on the buyer's phone is none of the leader's.
    assert other.post("/api/me/step-up/code").status_code == 200
    outbox.drain()
    Session.objects.filter(person=dear.leader).update(confirmed_at=None)
    assert code_of(leader.post("/api/me/step-up", {"code": phone.sent[-1][1]})) == (422, "code_invalid")
    assert not Session.objects.filter(person=dear.leader, confirmed_at__isnull=False).exists()


def test_guesses_are_counted(dear: Shop, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "secrets", type("Fixed", (), {"randbelow": staticmethod(lambda most: 123456)}))
    leader = Browser(dear.leader)
    assert leader.post("/api/me/step-up/code").status_code == 200
    for guess in range(5):
        assert code_of(leader.post("/api/me/step-up", {"code": f"99999{guess}"}))[0] == 422
    assert code_of(leader.post("/api/me/step-up", {"code": "123456"})) == (422, "code_invalid")
    assert SmsCode.objects.get().tries == 5


def test_who_has_no_phone_is_told_to_bind_one(dear: Shop, phone: Phone) -> None:
    Person.objects.filter(id=dear.leader.id).update(phone_sealed="", phone_hash=None, phone_last4="")
    order, leader = make.paid(make.order(dear.sale, dear.buyer)), Browser(dear.leader)
    assert code_of(refund(leader, order)) == (409, "own_phone_needed")
    assert code_of(leader.post("/api/me/step-up/code")) == (409, "own_phone_needed")
    assert untouched(order)


def test_without_an_sms_account_the_audit_log_says_nobody_was_asked(dear: Shop) -> None:
    order = make.paid(make.order(dear.sale, dear.buyer))
    assert refund(Browser(dear.leader), order).status_code == 200
    assert AuditEntry.objects.filter(action="session.confirm_skipped", actor_id=dear.leader.id).count() == 1


def test_the_limit_can_be_set_and_switched_off(
    dear: Shop, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (make.paid(make.order(dear.sale, dear.buyer)) for _ in range(2))
    monkeypatch.setattr(config(), "stepup_refund_fen", 700_00)
    assert refund(Browser(dear.leader), first).status_code == 200
    monkeypatch.setattr(config(), "stepup_refund_fen", 0)
    assert refund(Browser(dear.leader), second).status_code == 200


@pytest.mark.parametrize("verb", ["agree", "offer"])
def test_after_sales_ask_as_well(verb: str, dear: Shop, phone: Phone) -> None:
    case = make.aftersale(make.paid(make.order(dear.sale, dear.buyer)))
    leader = Browser(dear.leader)
    body = {"amount_fen": 550_00, "answer": "退您 550"} if verb == "offer" else {}
    path = f"/api/leader/aftersales/{case.id}/{verb}"
    assert code_of(leader.post(path, body)) == (403, "step_up_needed")
    assert AfterSale.objects.get().state == "requested" and Refund.objects.count() == 0
    assert prove(leader, phone).status_code == 200
    assert leader.post(path, body).status_code == 200
    assert AfterSale.objects.get().state == ("agreed" if verb == "agree" else "offered")


def test_the_return_of_goods_asks_before_the_money_goes(dear: Shop, phone: Phone) -> None:
    case = make.aftersale(make.received(make.order(dear.sale, dear.buyer)), kind="return_refund")
    leader = Browser(dear.leader)
    assert leader.post(f"/api/leader/aftersales/{case.id}/agree", {}).status_code == 200
    parcel = {"carrier_name": "圆通", "tracking_no": "YT990001"}
    assert Browser(dear.buyer).post(f"/api/aftersales/{case.id}/return-parcel", parcel).status_code == 200
    path = f"/api/leader/aftersales/{case.id}/receive-return"
    assert code_of(leader.post(path, {"restock": True})) == (403, "step_up_needed")
    assert Refund.objects.count() == 0
    assert prove(leader, phone).status_code == 200
    assert leader.post(path, {"restock": True}).status_code == 200
    assert Refund.objects.count() == 1


def test_the_operator_gives_the_dynamic_code_again(dear: Shop) -> None:
    case = make.aftersale(make.paid(make.order(dear.sale, dear.buyer)))
    leader = Browser(dear.leader)
    assert leader.post(f"/api/leader/aftersales/{case.id}/refuse", {"answer": "不同意"}).status_code == 200
    buyer = Browser(dear.buyer)
    assert buyer.post(f"/api/aftersales/{case.id}/escalate", {"escalation": "请平台看看"}).status_code == 200
    desk, device = signed_in_operator()
    address = reverse("admin:aftersales_aftersale_decide", args=[case.id])
    sent = {"amount": "550.00", "words": "确有质量问题"}
    assert "动态码" in desk.post(address, sent).content.decode()
    assert "动态码" in desk.post(address, sent | {"code": "000000"}).content.decode()
    assert AfterSale.objects.get().state == "escalated" and Refund.objects.count() == 0
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    code = f"{totp(device.bin_key):06d}"
    assert desk.post(address, sent | {"code": code}).status_code == 302
    assert AfterSale.objects.get().state == "agreed" and Refund.objects.get().amount_fen == 550_00


def test_allowing_small_claims_asks_for_the_sum_of_the_month(dear: Shop, phone: Phone) -> None:
    leader = Browser(dear.leader)
    path = f"/api/leader/stores/{dear.sale.store_id}/allowance"
    body = {
        "enabled": True, "month_fen": LIMIT + 1, "claim_fen": 20_00, "percent": 30, "reasons": ["spoiled"],
        "needs_picture": True, "claims_per_buyer": 2,
    }  # fmt: skip
    assert code_of(leader.send("PUT", path, body)) == (403, "step_up_needed")
    assert not Allowance.objects.exists()
    assert leader.send("PUT", path, body | {"month_fen": LIMIT}).status_code == 200
    assert prove(leader, phone).status_code == 200
    assert leader.send("PUT", path, body).status_code == 200
    assert Allowance.objects.get().month_fen == LIMIT + 1

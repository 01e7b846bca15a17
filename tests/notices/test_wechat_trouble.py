"""Trouble with WeChat as people meet it: a token revoked elsewhere, a used code, an address that is not on the white list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client, override_settings

from notices.test_buyer_messages import allow, inbox, left, order, tell, wechat
from sharing.miniworld import Platform
from yantuan.identity.models import Person
from yantuan.kernel.clock import frozen, now
from yantuan.notices import jobs
from yantuan.notices.models import Delivery
from yantuan.orders.models import Order

__all__ = ["order", "wechat"]
pytestmark = pytest.mark.django_db


def test_a_token_revoked_by_another_process_costs_no_message(wechat: Platform, order: Order) -> None:
    allow(wechat, order, 2)
    tell(order, "order_shipped", "a")
    # Another program with the same secret asks for a new one by force: ours is dead at once.
    c = wechat.world.credentials
    body = {
        "grant_type": "client_credential",
        "appid": c.mini_appid,
        "secret": c.mini_secret,
        "force_refresh": True,
    }
    assert wechat.http.post("/cgi-bin/stable_token", json=body).json()["access_token"]
    with frozen(now() + timedelta(minutes=1)):
        tell(order, "order_arrived", "b")
    assert len(inbox(wechat)) == 2 and left(order) == 0
    assert set(Delivery.objects.values_list("state", "tries")) == {("sent", 1)}


def test_an_address_off_the_white_list_makes_messages_wait_not_fail(wechat: Platform, order: Order) -> None:
    allow(wechat, order)
    words = "40164:invalid ip 203.0.113.9, not in whitelist"
    wechat.fault("wechat_code", value=words, operation="/cgi-bin/stable_token", times=0)
    tell(order, "order_shipped")
    row = Delivery.objects.get()
    assert (row.state, row.permit_bound, left(order)) == ("waiting", True, 0)
    assert "203.0.113.9" in row.error and "白名单" in row.error
    wechat.http.delete("/_sim/faults")
    with frozen(now() + timedelta(minutes=5)):
        jobs.deliver_due()
    assert Delivery.objects.get().state == "sent" and len(inbox(wechat)) == 1


@pytest.mark.urls("yantuan.api.urls")
@override_settings(ALLOWED_HOSTS=["*"])
def test_a_used_login_code_makes_nobody_and_asks_to_tap_again(platform: Platform) -> None:
    code = platform.control("POST", "/js_codes", user="小雁")["code"]
    platform.mini().code2session(code)
    before = Person.objects.count()
    answer = Client().post(
        "/api/auth/mini",
        {"js_code": code},
        content_type="application/json",
        headers={"x-yantuan-client": "mp"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "wechat_code_invalid")
    assert "重新" in answer.json()["message"] and Person.objects.count() == before

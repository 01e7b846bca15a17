"""Pushes leave in the form agreed on, are tried three times, and can be told to misbehave."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from sim_merchant import Merchant

from yantuan.gateways.wechat_push import PushRefused, PushSettings, open_push
from yantuan.kernel.clock import now
from yantuan.simulator import push


class Shop:
    """Takes pushes as the product would; answers what it is told to."""

    def __init__(self, merchant: Merchant) -> None:
        self.world = merchant.world
        self.answer = "success"
        self.came: list[httpx.Request] = []
        self.courier = push.PushCourier(merchant.world, httpx.MockTransport(self.take))

    def take(self, request: httpx.Request) -> httpx.Response:
        self.came.append(request)
        echo = request.url.params.get("echostr")
        return httpx.Response(200, text=echo or self.answer)

    def settings(self, mode: str = "secure") -> PushSettings:
        c = self.world.credentials
        return PushSettings(c.push_token, mode, (c.mini_appid,), c.push_aes_key)  # type: ignore[arg-type]

    def opened(self, mode: str = "secure") -> dict[str, Any]:
        last = self.came[-1]
        return open_push(self.settings(mode), dict(last.url.params), last.content, now()).fields

    def deliver(self) -> None:
        asyncio.run(self.courier.deliver_due())


@pytest.fixture
def shop(merchant: Merchant) -> Shop:
    return Shop(merchant)


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("mode", ["plain", "compat", "secure"])
def test_every_form_can_be_read(shop: Shop, merchant: Merchant, mode: str, form: str) -> None:
    merchant.client.post("/_sim/push/config", json={"mode": mode, "format": form})
    push.queue(shop.world, "x_event", {"n": 1, "List": [{"A": "<&>"}, {"A": "]]>"}]}, sender="oMe")
    shop.deliver()
    fields = shop.opened(mode)
    assert fields["Event"] == "x_event" and fields["FromUserName"] == "oMe" and str(fields["n"]) == "1"
    assert [one["A"] for one in fields["List"]] == ["<&>", "]]>"]
    body = shop.came[-1].content.decode()
    assert ("Encrypt" in body) == (mode != "plain") and ("x_event" in body) == (mode != "secure")


def test_three_tries_and_then_no_more(shop: Shop, merchant: Merchant) -> None:
    shop.answer = "busy"
    push.queue(shop.world, "e", {})
    for _ in range(5):
        shop.deliver()
        shop.world.move_clock(shop.world.clock.offset_seconds + 10)
    listed = merchant.client.get("/_sim/push").json()["pushes"][0]
    assert (len(shop.came), listed["state"], listed["attempts"]) == (3, "given_up", 3)
    shop.answer = ""
    push.queue(shop.world, "e", {})
    shop.deliver()
    assert merchant.client.get("/_sim/push").json()["pushes"][0]["state"] == "accepted"


def test_flaws(shop: Shop, merchant: Merchant) -> None:
    number = push.queue(shop.world, "e", {})
    for flaw in ("bad_signature", "foreign_appid", "old_timestamp", "plain"):
        ready = merchant.client.post(f"/_sim/push/{number}/render", json={"flaws": [flaw]}).json()
        query = dict(httpx.URL(ready["url"]).params)
        with pytest.raises(PushRefused):
            open_push(shop.settings(), query, ready["body"].encode(), now())
    assert merchant.client.post(f"/_sim/push/{number}/render", json={"flaws": ["none"]}).status_code == 400
    assert merchant.client.post("/_sim/push/99/render", json={}).status_code == 404


def test_held_pushes_wait_and_the_address_is_checked(shop: Shop, merchant: Merchant) -> None:
    assert asyncio.run(shop.courier.check_address())["good"] is True
    merchant.client.post("/_sim/push/config", json={"hold": True})
    merchant.client.post("/_sim/push", json={"event": "e", "fields": {"a": 1}})
    shop.deliver()
    assert len(shop.came) == 1
    for wrong in ({"mode": "x"}, {"format": "yaml"}, {"nonsense": 1}):
        assert merchant.client.post("/_sim/push/config", json=wrong).status_code == 400
    assert merchant.client.post("/_sim/push", json={"fields": {}}).status_code == 400
    assert json.loads(shop.world.db.rows("SELECT message FROM pushes")[0]["message"])["a"] == 1

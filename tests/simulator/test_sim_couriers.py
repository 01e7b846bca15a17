"""The tracking services as a person at the control page meets them; the rest is tried over HTTP by the gateways' tests."""

from __future__ import annotations

import json
from typing import Any

from sim_merchant import Merchant, Receiver

NUMBER = "YT1234567890123"


def subscribe(merchant: Merchant) -> Any:
    param = {
        "company": "yuantong", "number": NUMBER, "key": merchant.world.credentials.kuaidi100_key,
        "parameters": {"callbackurl": "http://shop.test/notify/kuaidi100?t=1", "salt": "s"},
    }  # fmt: skip
    return merchant.client.post("/poll", data={"schema": "json", "param": json.dumps(param)}).json()


def test_a_watched_parcel_can_be_moved_on_by_a_button(merchant: Merchant, receiver: Receiver) -> None:
    assert "还没有包裹" in merchant.client.get("/_sim/").text
    assert subscribe(merchant)["returnCode"] == "200"
    page = merchant.client.get("/_sim/").text
    assert NUMBER in page and "还没有物流信息" in page and ">揽收</button>" in page
    moved = merchant.client.post(
        "/_sim/parcels", json={"number": NUMBER, "com": "yuantong", "status": "picked_up"}
    )
    assert [one["status"] for one in moved.json()["pushes"]] != []
    page = merchant.client.get("/_sim/").text
    assert "已揽收" in page and ">运输</button>" in page
    merchant.client.post("/_sim/parcels", json={"number": NUMBER, "status": "signed"})
    assert ">签收</button>" not in merchant.client.get("/_sim/").text


def test_a_reset_forgets_parcels(merchant: Merchant) -> None:
    subscribe(merchant)
    merchant.client.post("/_sim/reset")
    assert merchant.client.get("/_sim/parcels").json() == {"parcels": [], "watches": []}


def test_secrets_are_the_same_every_time_and_differ(merchant: Merchant) -> None:
    own = merchant.world.credentials
    kept = (own.kuaidi100_customer, own.kuaidi100_key, own.kdniao_business_id, own.kdniao_app_key)
    again = (own.kuaidi100_customer, own.kuaidi100_key, own.kdniao_business_id, own.kdniao_app_key)
    assert kept == again and len(set(kept)) == 4 and own.apiv3_key not in "".join(kept)

"""The shipping desk judges bodies as the documentation says, one code per fault."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sim_merchant import Merchant

from yantuan.simulator import shipping
from yantuan.simulator.world import World

DESK = "/wxa/sec/order"
Body = dict[str, Any]


@dataclass
class Caller:
    merchant: Merchant
    token: str
    openid: str
    transaction_id: str
    out_trade_no: str

    @property
    def world(self) -> World:
        return self.merchant.world

    def post(self, path: str, body: Body) -> Any:
        target = path if path.startswith("/cgi") else DESK + path
        return self.merchant.client.post(f"{target}?access_token={self.token}", json=body).json()

    def code(self, path: str, body: Body) -> int:
        return int(self.post(path, body)["errcode"])

    def body(self, **changes: Any) -> Body:
        return {
            "order_key": {"order_number_type": 2, "transaction_id": self.transaction_id},
            "logistics_type": 1,
            "delivery_mode": 1,
            "shipping_list": [{"item_desc": "苹果*1", "tracking_no": "YT1", "express_company": "YTO"}],
            "upload_time": stamp(0),
            "payer": {"openid": self.openid},
            **changes,
        }


def stamp(minute: int) -> str:
    return f"2026-05-14T08:{minute:02d}:00.000+08:00"


def paid(world: World, number: str, *, mini: bool = True) -> tuple[str, str]:
    c = world.credentials
    appid = c.mini_appid if mini else c.oa_appid
    openid, transaction_id = world.openid_of(appid, "小雁"), f"4200{number}"
    now = world.clock.now()
    world.db.insert(
        "orders",
        out_trade_no=number, trade_type="JSAPI", request="{}", appid=appid, mchid=c.mchid, description="x", attach="",
        notify_url="http://shop.test/n", total=100, openid=openid, created_at=now, expires_at=now + 900,
        state="SUCCESS", transaction_id=transaction_id, paid_at=now, payer_openid=openid, payer="小雁",
    )  # fmt: skip
    return openid, transaction_id


@pytest.fixture
def caller(merchant: Merchant) -> Caller:
    c = merchant.world.credentials
    asked = {"grant_type": "client_credential", "appid": c.mini_appid, "secret": c.mini_secret}
    token = merchant.client.post("/cgi-bin/stable_token", json=asked).json()["access_token"]
    openid, transaction_id = paid(merchant.world, "SHIPPING1")
    return Caller(merchant, token, openid, transaction_id, "SHIPPING1")


def changed(path: str, value: Any) -> Callable[[Body], Body]:
    """A body with one field changed; `None` takes it away."""

    def change(body: Body) -> Body:
        body = copy.deepcopy(body)
        spot: Any = body
        *way, last = [int(one) if one.isdigit() else one for one in path.split(".")]
        for one in way:
            spot = spot[one]
        if value is None:
            del spot[last]
        else:
            spot[last] = value
        return body

    return change


PARCEL = {"item_desc": "x", "tracking_no": "1", "express_company": "YTO"}


@pytest.mark.parametrize(
    ("code", "change"),
    [
        (268485194, changed("order_key.order_number_type", 3)),
        (268485194, changed("order_key", None)),
        (268485195, changed("order_key.transaction_id", None)),
        (268485196, changed("order_key", {"order_number_type": 1, "out_trade_no": "SHIPPING1"})),
        (268485197, changed("order_key", {"order_number_type": 1, "mchid": "1900000109"})),
        (10060005, changed("logistics_type", 5)),
        (10060005, changed("logistics_type", None)),
        (268485224, changed("delivery_mode", 3)),
        (10060006, lambda body: changed("logistics_type", 4)(changed("delivery_mode", 2)(body))),
        (10060007, changed("delivery_mode", 2)),
        (10060020, changed("shipping_list", [])),
        (10060024, changed("shipping_list", [PARCEL] * 16)),
        (268485228, changed("shipping_list", [PARCEL] * 2)),
        (10060008, changed("shipping_list.0.item_desc", "")),
        (10060008, changed("shipping_list.0.item_desc", None)),
        (10060009, changed("shipping_list.0.item_desc", "苹" * 121)),
        (268485226, changed("shipping_list.0.tracking_no", "")),
        (268485227, changed("shipping_list.0.express_company", None)),
        (10060025, changed("shipping_list.0.express_company", "Y" * 129)),
        (10060026, changed("shipping_list.0.tracking_no", "1" * 129)),
        (10060014, changed("shipping_list.0.express_company", "NOBODY")),
        (10060014, changed("shipping_list.0.express_company", "SF")),
        (10060014, changed("shipping_list.0.contact", {"receiver_contact": "13812341234"})),
        (268485216, changed("upload_time", "2026-05-14 08:00:00")),
        (268485216, changed("upload_time", None)),
        (10060014, changed("payer", {})),
        (10060031, changed("payer.openid", "oSomebodyElse")),
        (10060001, changed("order_key.transaction_id", "4200nobody")),
    ],
)
def test_each_fault_has_its_code(caller: Caller, code: int, change: Callable[[Body], Body]) -> None:
    assert caller.code("/upload_shipping_info", change(caller.body())) == code
    assert caller.world.db.rows("SELECT * FROM shipping") == []


def test_both_ways_to_name_a_payment_and_all_kinds_of_delivery(caller: Caller) -> None:
    own = {"order_number_type": 1, "mchid": caller.world.credentials.mchid, "out_trade_no": "SHIPPING1"}
    pickup = caller.body(order_key=own, logistics_type=4, shipping_list=[{"item_desc": "苹果*1"}])
    assert caller.code("/upload_shipping_info", pickup) == 0
    order = caller.post("/get_order", {"merchant_id": own["mchid"], "merchant_trade_no": "SHIPPING1"})[
        "order"
    ]
    assert order["order_state"] == 2 and order["shipping"]["finish_shipping_count"] == 1
    assert caller.code("/get_order", {"merchant_id": "1", "merchant_trade_no": "SHIPPING1"}) == 10060001
    assert caller.code("/get_order", {}) == 10060014


def test_one_chance_to_ship_again(caller: Caller) -> None:
    def send(**more: Any) -> int:
        return caller.code("/upload_shipping_info", caller.body(**more))

    second = [{**PARCEL, "tracking_no": "2"}]
    assert send() == 0
    assert send(upload_time=stamp(0)) == 268485216
    assert send(upload_time=stamp(1)) == 10060023
    assert send(upload_time=stamp(2), shipping_list=second) == 0
    assert send(upload_time=stamp(3), shipping_list=[{**PARCEL, "tracking_no": "3"}]) == 10060003
    order = caller.post("/get_order", {"transaction_id": caller.transaction_id})["order"]
    assert order["shipping"]["finish_shipping_count"] == 2
    assert [one["tracking_no"] for one in order["shipping"]["shipping_list"]] == ["2"]


def test_split_until_all_is_delivered(caller: Caller) -> None:
    def send(count: int, minute: int, *, done: bool) -> int:
        parcels = [{**PARCEL, "tracking_no": str(n)} for n in range(count)]
        more = {"delivery_mode": 2, "is_all_delivered": done, "shipping_list": parcels}
        return caller.code("/upload_shipping_info", caller.body(upload_time=stamp(minute), **more))

    def state() -> int:
        shown = caller.post("/get_order", {"transaction_id": caller.transaction_id})["order"]
        return int(shown["order_state"])

    assert (send(1, 0, done=False), state()) == (0, 1)
    assert (send(1, 1, done=False), state()) == (10060023, 1)
    assert (send(2, 2, done=False), state()) == (0, 1)
    assert (send(2, 3, done=True), state()) == (0, 2)
    assert send(3, 4, done=True) == 0
    assert send(4, 5, done=True) == 10060003
    # A change of mode while parcels still follow costs the same chance.
    paid(caller.world, "SHIPPING2")
    key = {"order_number_type": 2, "transaction_id": "4200SHIPPING2"}
    split = {"delivery_mode": 2, "is_all_delivered": False, "order_key": key}
    assert caller.code("/upload_shipping_info", caller.body(**split)) == 0
    assert caller.code("/upload_shipping_info", caller.body(order_key=key, upload_time=stamp(1))) == 0
    assert caller.code("/upload_shipping_info", caller.body(**split, upload_time=stamp(2))) == 10060003


def test_after_receipt_and_refund(caller: Caller) -> None:
    assert caller.code("/upload_shipping_info", caller.body()) == 0
    order = caller.world.db.row("SELECT * FROM orders WHERE out_trade_no = 'SHIPPING1'")
    assert order is not None
    shipping.confirm(caller.world, order)
    again = caller.body(upload_time=stamp(1), shipping_list=[{**PARCEL, "tracking_no": "2"}])
    assert caller.code("/upload_shipping_info", again) == 10060002
    _, transaction_id = paid(caller.world, "SHIPPING3")
    caller.world.db.insert(
        "refunds", out_refund_no="R1", refund_id="5030", out_trade_no="SHIPPING3", request="{}", amount=100, notify_url="",
        created_at=0, due_at=0, outcome="SUCCESS", status="SUCCESS",
    )  # fmt: skip
    key = {"order_number_type": 2, "transaction_id": transaction_id}
    assert caller.code("/upload_shipping_info", caller.body(order_key=key)) == 10060004
    assert caller.post("/get_order", {"transaction_id": transaction_id})["order"]["order_state"] == 5


def test_the_desk_knows_only_the_mini_programs_payments_and_only_after_a_while(caller: Caller) -> None:
    _, elsewhere = paid(caller.world, "SHIPPING4", mini=False)
    assert caller.code("/get_order", {"transaction_id": elsewhere}) == 10060001
    shipping.change_config(caller.world, {"visible_after": 60.0})
    assert caller.code("/upload_shipping_info", caller.body()) == 10060001
    caller.world.move_clock(61)
    assert caller.code("/upload_shipping_info", caller.body()) == 0


def test_the_list_of_orders_in_pages(caller: Caller) -> None:
    for number in range(5):
        paid(caller.world, f"LISTED{number}")
    assert caller.code("/upload_shipping_info", caller.body()) == 0
    seen: list[str] = []
    index = ""
    while True:
        page = caller.post("/get_order_list", {"page_size": 2, "last_index": index})
        seen += [one["merchant_trade_no"] for one in page["order_list"]]
        index = page["last_index"]
        if not page["has_more"]:
            break
    assert seen == ["SHIPPING1", *(f"LISTED{n}" for n in range(5))]
    shipped = caller.post("/get_order_list", {"order_state": 2})["order_list"]
    assert [one["merchant_trade_no"] for one in shipped] == ["SHIPPING1"]
    assert caller.code("/get_order_list", {"last_index": "x"}) == 10060011


def test_tokens_and_bodies(caller: Caller) -> None:
    http = caller.merchant.client
    assert http.post(f"{DESK}/get_order", json={}).json()["errcode"] == 41001
    assert http.post(f"{DESK}/get_order?access_token=x", json={}).json()["errcode"] == 40001
    assert http.post(f"{DESK}/get_order?access_token={caller.token}", content=b"{").json()["errcode"] == 47001
    assert caller.code("/is_trade_managed", {"appid": "wx"}) == 40013
    assert caller.post("/is_trade_management_confirmation_completed", {})["completed"] is True
    listed = caller.post("/cgi-bin/express/delivery/open_msg/get_delivery_list", {})
    assert listed["count"] == len(listed["delivery_list"]) == len(shipping.CARRIERS)

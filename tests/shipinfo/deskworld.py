"""A shop whose orders are paid through the mini-program, and the simulator's shipping desk in the same process."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.db import transaction
from django.test import Client
from starlette.testclient import TestClient

from fulfilment.tradeworld import Shop, Trade, make_shop
from yantuan.gateways.wechat_mini import MiniSettings
from yantuan.gateways.wechat_shipping import ShippingClient
from yantuan.gateways.wechat_tokens import MemoryTokenStore
from yantuan.kernel import outbox
from yantuan.kernel.actors import PROVIDER
from yantuan.kernel.clock import now
from yantuan.orders import actions
from yantuan.orders.models import Order
from yantuan.payments.models import PaymentAttempt
from yantuan.shipinfo import uploading
from yantuan.shipinfo.models import ShippingInfo
from yantuan.simulator.world import World as SimWorld

_serial = itertools.count(1)


@dataclass
class Desk:
    """The platform, steered from outside."""

    http: TestClient
    world: SimWorld
    transport: httpx.BaseTransport = field(init=False)

    def __post_init__(self) -> None:
        self.transport = self.http._transport

    def control(self, verb: str, path: str, **body: Any) -> Any:
        answer = self.http.request(verb, f"/_sim{path}", json=body if verb == "POST" else None)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def client(self) -> ShippingClient:
        c = self.world.credentials
        settings = MiniSettings(str(self.http.base_url), c.mini_appid, c.mini_secret)
        return ShippingClient(settings, MemoryTokenStore(), transport=self.transport)

    def fault(self, kind: str, **more: Any) -> None:
        self.control("POST", "/faults", kind=kind, **more)

    def order(self, number: str) -> Any:
        """How the desk sees a payment."""
        listed = self.control("GET", "/shipping")["orders"]
        return next(one for one in listed if one["merchant_trade_no"] == number)

    def act(self, act: str, number: str, **more: Any) -> Any:
        return self.control("POST", f"/shipping/{act}", out_trade_no=number, **more)

    def calls(self, ending: str) -> list[Any]:
        return [c for c in self.control("GET", "/calls")["calls"] if c["path"].endswith(ending)]

    def pushes(self) -> list[Any]:
        return list(self.control("GET", "/push")["pushes"])

    def deliver(self, number: int, *flaws: str) -> int:
        """Post one push to the product; answers its status. A good one is handled too."""
        ready = self.control("POST", f"/push/{number}/render", flaws=list(flaws))
        target = "/" + ready["url"].split("/", 3)[3]
        answer = Client().post(target, ready["body"].encode(), content_type=ready["content_type"])
        if answer.status_code == 200:
            assert answer.content == b"success"
            outbox.drain()
        return int(answer.status_code)

    def deliver_all(self) -> None:
        for one in reversed(self.pushes()):
            assert self.deliver(one["id"]) == 200

    def pay(self, openid: str) -> tuple[str, str]:
        """A payment made in the mini-program, in the platform's book: (out_trade_no, transaction_id)."""
        serial = next(_serial)
        number, transaction_id = f"P{serial:012d}", f"42000{serial:023d}"
        moment = self.world.clock.now()
        self.world.db.insert(
            "orders",
            out_trade_no=number, trade_type="JSAPI", request="{}", appid=self.world.credentials.mini_appid,
            mchid=self.world.credentials.mchid, description="x", attach="", notify_url="http://shop.test/n", total=3990,
            openid=openid, created_at=moment, expires_at=moment + 900, state="SUCCESS", transaction_id=transaction_id,
            paid_at=moment, payer_openid=openid, payer="小雁",
        )  # fmt: skip
        return number, transaction_id


@dataclass
class Sale:
    """One paid order with its payment on both sides."""

    trade: Trade
    desk: Desk
    number: str
    transaction_id: str

    @property
    def info(self) -> ShippingInfo:
        return ShippingInfo.objects.get(order_id=self.trade.id)

    @property
    def state(self) -> str:
        return self.info.state

    @property
    def at_wechat(self) -> Any:
        return self.desk.order(self.number)

    @property
    def told(self) -> list[tuple[str, str]]:
        """(carrier, number) as the platform has them."""
        shipping = self.at_wechat.get("shipping", {"shipping_list": []})
        return [(one["express_company"], one["tracking_no"]) for one in shipping["shipping_list"]]

    def ship(
        self, *pieces: dict[str, Any], number: str = "YT1234567890123", carrier: str = "YTO", **more: Any
    ) -> Any:
        body = {"carrier": carrier, "tracking_no": number, "lines": list(pieces), **more}
        detail = self.trade.shop.boss.ok("POST", f"/leader/orders/{self.trade.id}/shipments", body)
        work()
        return detail

    def correct(self, number: str, carrier: str = "YTO", which: int = 0) -> None:
        parcel = self.trade.row.shipments.order_by("id")[which]  # type: ignore[attr-defined]
        body = {"carrier": carrier, "tracking_no": number}
        self.trade.shop.boss.ok("PUT", f"/leader/shipments/{parcel.id}", body)
        work()

    def leader(self, what: str = "") -> Any:
        """The leader's order page, or one of the verbs of shipping information."""
        method = "POST" if what else "GET"
        path = f"/leader/orders/{self.trade.id}" + (f"/shipping-info/{what}" if what else "")
        detail = self.trade.shop.boss.ok(method, path)
        work()
        return detail["ship_info"]

    def refused(self, what: str) -> tuple[int, str]:
        path = f"/leader/orders/{self.trade.id}/shipping-info/{what}"
        return self.trade.shop.boss.refused("POST", path)


def work() -> None:
    """Everything the worker would do now."""
    outbox.drain()
    uploading.push_due()
    outbox.drain()


def sell(desk: Desk, shop: Shop, *quantities: int, pickup: bool = False, trade_type: str = "JSAPI") -> Sale:
    """An order paid through the mini-program."""
    trade = shop.order(*quantities, pickup=pickup, paid=False)
    openid = desk.world.openid_of(desk.world.credentials.mini_appid, "小雁")
    number, transaction_id = desk.pay(openid)
    row = trade.row
    Order.objects.filter(id=trade.id).update(payment_method="wechatpay")
    PaymentAttempt.objects.create(
        order=row, store_id=row.store_id, trade_type=trade_type, appid=desk.world.credentials.mini_appid,
        mchid=desk.world.credentials.mchid, out_trade_no=number, amount_fen=row.total_fen, paid_fen=row.total_fen,
        payer_openid=openid if trade_type == "JSAPI" else "", state="succeeded", transaction_id=transaction_id,
        time_expire=now(), success_at=now(), created_at=now(),
    )  # fmt: skip
    with transaction.atomic():
        actions.mark_paid(trade.id, row.total_fen, PROVIDER)
    outbox.drain()
    return Sale(trade, desk, number, transaction_id)


def open_shop(**options: Any) -> Shop:
    return make_shop(**options)

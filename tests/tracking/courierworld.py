"""kuaidi100 in memory, behind the real client; and pushes signed as it signs them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
from django.test import Client

from fulfilment.tradeworld import Shop, Trade
from yantuan.gateways.kuaidi100 import Kuaidi100Client, Kuaidi100Settings
from yantuan.kernel import outbox
from yantuan.kernel.clock import CHINA
from yantuan.tracking import gateway
from yantuan.tracking.models import Tracking

KEY, CUSTOMER = "the-key-of-the-account", "CUSTOMER"
CODES = {
    "created": "102", "picked_up": "103", "in_transit": "0", "delivering": "5", "at_station": "501", "exception": "2",
    "returned": "6", "signed": "3",
}  # fmt: skip
Row = dict[str, str]


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def row(at: datetime, text: str, status: str = "in_transit") -> Row:
    """One line as kuaidi100 tells it."""
    return {
        "context": text, "ftime": at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S"), "statusCode": CODES[status],
    }  # fmt: skip


def result(number: str, rows: Iterable[Row], com: str = "yuantong") -> dict[str, Any]:
    """A trace, newest line first; the whole is where its newest line says."""
    data = sorted(rows, key=lambda one: one["ftime"], reverse=True)
    state = data[0]["statusCode"] if data else "0"
    return {"message": "ok", "status": "200", "state": state, "com": com, "nu": number, "data": data}


@dataclass
class Hundred:
    """What the service was asked, and what it answers: texts of refusals by path, else success."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    down: bool = False
    traces: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        param = json.loads(form["param"])
        self.asked.append((request.url.path, param))
        if self.down:
            raise httpx.ReadTimeout("down")
        if request.url.path in self.refuses:
            code, words = self.refuses[request.url.path]
            return httpx.Response(200, json={"result": False, "returnCode": code, "message": words})
        if request.url.path == "/poll":
            return httpx.Response(200, json={"result": True, "returnCode": "200", "message": "提交成功"})
        known = self.traces.get(param["num"])
        if known is None:
            return httpx.Response(200, json={"result": False, "returnCode": "500", "message": "查询无结果"})
        return httpx.Response(200, json=known)

    def asks(self, path: str) -> list[dict[str, Any]]:
        return [param for at, param in self.asked if at == path]


def connect(hundred: Hundred) -> None:
    """Let the product watch through it."""
    settings = Kuaidi100Settings(
        "https://poll.example.com",
        CUSTOMER,
        KEY,
        "https://shop.example.com/notify/kuaidi100",
        gateway.push_salt(),
    )
    client = Kuaidi100Client(settings, transport=httpx.MockTransport(hundred))
    client._http._sleep = lambda seconds: None
    gateway.reset(client)


def push_form(trace: dict[str, Any], *, status: str = "polling", salt: str | None = None) -> dict[str, str]:
    param = json.dumps(
        {"status": status, "billstatus": "", "message": "", "lastResult": trace}, ensure_ascii=False
    )
    return {"sign": md5(param + (gateway.push_salt() if salt is None else salt)), "param": param}


def push(trace: dict[str, Any], token: object = "", *, work: bool = True, **how: Any) -> Any:
    """Post a push at the door, and let the worker take it in."""
    answer = Client().post(
        f"/notify/kuaidi100?t={token}",
        urlencode(push_form(trace, **how)),
        content_type="application/x-www-form-urlencoded",
    )
    if work:
        outbox.drain()
    return answer


def days(number: float) -> timedelta:
    return timedelta(days=number)


NUMBER = "YT1234567890123"
HOUR = timedelta(hours=1)


def shipped(shop: Shop, number: str = NUMBER, carrier: str = "YTO") -> Trade:
    trade = shop.order()
    body = {"carrier": carrier, "tracking_no": number, "lines": []}
    shop.boss.ok("POST", f"/leader/orders/{trade.id}/shipments", body)
    outbox.drain()
    return trade


def tracking(trade: Trade) -> Tracking:
    return Tracking.objects.filter(order_id=trade.id).latest("shipment_id")


def tell(trade: Trade, *rows: Any, **how: Any) -> None:
    assert push(result(tracking(trade).tracking_no, rows), tracking(trade).id, **how).status_code == 200


def plan(trade: Trade) -> datetime | None:
    return trade.row.auto_receive_at

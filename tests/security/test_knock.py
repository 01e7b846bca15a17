"""Forged notices are answered at the door; genuine ones, and those only the view can judge, go on."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lane"))

from asgiclient import Answer, call

from gateways import pay_platform as p
from yantuan.api.knock import Knock
from yantuan.api.lane_wire import Receive, Scope, Send, read_body
from yantuan.payments import gateway

DOOR = "/notify/wechatpay/transactions"
BODY = p.notice_body("TRANSACTION.SUCCESS", "transaction", p.PAID)
seen: list[bytes] = []


async def view(scope: Scope, receive: Receive, send: Send) -> None:
    """Stands for Django: remembers what reached it."""
    seen.append(await read_body(receive, 10_000_000))
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(autouse=True)
def platform() -> Iterator[None]:
    def nobody(request: Any) -> Any:
        raise AssertionError("the door asks nobody")

    seen.clear()
    gateway.reset(p.client(nobody))
    yield
    gateway.reset()


def knock(body: bytes, headers: dict[str, str], path: str = DOOR, method: str = "POST") -> Answer:
    return asyncio.run(call(Knock(view), method, path, body=body, headers=headers))


def test_a_genuine_notice_goes_on_with_its_bytes() -> None:
    assert knock(BODY, p.signature_headers(BODY)).status == 204
    assert seen == [BODY]


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (b"", {"Wechatpay-Signature": ""}),
        (BODY + b" ", {}),
        (BODY, {"Wechatpay-Signature": "AAAA"}),
        (BODY, {"Wechatpay-Signature": "not base64!"}),
        (BODY, {"Wechatpay-Timestamp": "1000000000"}),
        (BODY, {"Wechatpay-Timestamp": "soon"}),
        (BODY, {"Wechatpay-Nonce": "other"}),
        (BODY, {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/AAAA"}),
        (BODY, {"Wechatpay-Serial": "PUB_KEY_ID_NOBODY"}),
    ],
)
def test_a_forged_one_is_refused_at_the_door(body: bytes, changes: dict[str, str]) -> None:
    answer = knock(body, {**p.signature_headers(BODY), **changes})
    assert (answer.status, json.loads(answer.body)["code"]) == (401, "FAIL")
    assert seen == []


def test_no_signature_at_all_and_too_long() -> None:
    assert knock(b"{}", {}).status == 401
    assert knock(b"x" * 70_000, p.signature_headers(BODY)).status == 413
    assert seen == []


def test_other_addresses_and_methods_are_none_of_its_business() -> None:
    assert knock(b"x", {}, "/api/auth/sms").status == 204
    assert knock(b"", {}, DOOR, "GET").status == 204
    assert seen == [b"x", b""]


def test_without_a_merchant_account_the_view_answers() -> None:
    gateway.reset()
    assert knock(b"{}", {}).status == 204
    assert seen == [b"{}"]


def test_a_storm_writes_one_line(caplog: pytest.LogCaptureFixture) -> None:
    door = Knock(view)

    async def storm() -> None:
        for _ in range(50):
            await call(door, "POST", DOOR, body=b"{}")

    with caplog.at_level(logging.WARNING, "yantuan.security"):
        asyncio.run(storm())
    assert len([r for r in caplog.records if r.name == "yantuan.security"]) == 1

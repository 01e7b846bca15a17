"""kuaidi100 and kdniao: signatures over what is sent, every documented answer, pushes read only when they are genuine."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yantuan.gateways import kdniao, kuaidi100
from yantuan.gateways.couriers import (
    RANK,
    AccountRefused,
    CarrierMismatch,
    NumberLocked,
    Parcel,
    ParcelUnknown,
    PhoneMismatch,
    china_moment,
)
from yantuan.gateways.errors import (
    GatewayInvalid,
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnverified,
)
from yantuan.gateways.kdniao import KdniaoClient, KdniaoSettings
from yantuan.gateways.kuaidi100 import Kuaidi100Client, Kuaidi100Settings

PARCEL = Parcel("zhongtong", "751234567890123", "1234")
BIRD = Parcel("ZTO", "751234567890123", "1234")
ROW = {
    "context": "【杭州】已揽收",
    "ftime": "2026-05-14 10:00:00",
    "status": "揽收",
    "areaName": "浙江,杭州市",
}
GOOD = {
    "message": "ok",
    "state": "0",
    "status": "200",
    "com": "zhongtong",
    "nu": "751234567890123",
    "data": [ROW],
}


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def hundred(reply: Any, status: int = 200) -> tuple[Kuaidi100Client, list[httpx.Request]]:
    transport, seen = _transport(reply, status)
    settings = Kuaidi100Settings(
        "https://poll.example.com", "CUSTOMER", "KEY", "https://shop.example.com/n", "SALT"
    )
    made = Kuaidi100Client(settings, transport=transport)
    made._http._sleep = lambda seconds: None
    return made, seen


def bird(reply: Any, status: int = 200, plan: Any = "free") -> tuple[KdniaoClient, list[httpx.Request]]:
    transport, seen = _transport(reply, status)
    made = KdniaoClient(
        KdniaoSettings("https://bird.example.com", "1237100", "APPKEY", plan), transport=transport
    )
    made._http._sleep = lambda seconds: None
    return made, seen


def _transport(reply: Any, status: int) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(reply, Exception):
            raise reply
        return (
            httpx.Response(status, content=reply)
            if isinstance(reply, bytes)
            else httpx.Response(status, json=reply)
        )

    return httpx.MockTransport(respond), seen


def form(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode(), strict_parsing=True))


def test_kuaidi100_signs_exactly_what_it_sends() -> None:
    client, seen = hundred(GOOD)
    trace = client.query(PARCEL)
    assert seen[0].url.path == "/poll/query.do"
    sent = form(seen[0])
    assert json.loads(sent["param"]) == {
        "com": "zhongtong", "num": "751234567890123", "phone": "1234", "resultv2": "4", "show": "0", "order": "desc",
    }  # fmt: skip
    assert sent["sign"] == md5(sent["param"] + "KEY" + "CUSTOMER").upper()
    assert (trace.carrier, trace.number, trace.status) == ("zhongtong", "751234567890123", "in_transit")
    step = trace.steps[0]
    assert step.at == datetime(2026, 5, 14, 2, 0, tzinfo=UTC)
    # The newest line says what the service says of the whole parcel.
    assert (step.text, step.status, step.place) == ("【杭州】已揽收", "in_transit", "浙江,杭州市")


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        ("400", "找不到对应公司", CarrierMismatch),
        ("408", "验证码错误", PhoneMismatch),
        ("500", "查询无结果，请隔段时间再查", ParcelUnknown),
        ("501", "服务器错误", GatewayUnavailable),
        ("502", "服务器繁忙", GatewayThrottled),
        ("503", "验证签名失败", AccountRefused),
        ("601", "key已过期", AccountRefused),
        ("407", "该单号已被锁单，请30分钟后再查", NumberLocked),
        ("999", "?", GatewayRefused),
    ],
)
def test_every_refusal_of_a_query_has_its_type_and_is_not_asked_again(
    code: str, message: str, kind: type[Exception]
) -> None:
    client, seen = hundred({"result": False, "returnCode": code, "message": message})
    with pytest.raises(kind) as caught:
        client.query(PARCEL)
    assert type(caught.value) is kind and len(seen) == 1


def test_a_query_that_may_have_arrived_is_never_sent_twice() -> None:
    client, seen = hundred(httpx.ReadTimeout("slow"))
    with pytest.raises(GatewayUnavailable):
        client.query(PARCEL)
    assert len(seen) == 1
    client, seen = hundred(httpx.ConnectError("down"))
    with pytest.raises(GatewayUnavailable):
        client.query(PARCEL)
    assert len(seen) == 2


@pytest.mark.parametrize("reply", [b"<html>", b"[]", b"{", {"status": "200", "data": "x"}])
def test_nonsense_is_no_answer(reply: Any) -> None:
    for client in (hundred(reply)[0], bird(reply)[0]):
        with pytest.raises(GatewayUnavailable):
            client.query(PARCEL)


@pytest.mark.parametrize("number", ["12345", "1" * 33])
def test_numbers_kuaidi100_does_not_take_are_not_sent(number: str) -> None:
    client, seen = hundred(GOOD)
    for call in (
        lambda: client.query(Parcel("ems", number)),
        lambda: client.subscribe(Parcel("ems", number), "t"),
    ):
        with pytest.raises(GatewayInvalid):
            call()
    assert seen == []


def test_a_subscription_names_callback_salt_and_phone() -> None:
    client, seen = hundred({"result": True, "returnCode": "200", "message": "提交成功"})
    client.subscribe(PARCEL, "77")
    sent = form(seen[0])
    assert (seen[0].url.path, sent["schema"]) == ("/poll", "json")
    assert json.loads(sent["param"]) == {
        "company": "zhongtong", "number": "751234567890123", "key": "KEY",
        "parameters": {"callbackurl": "https://shop.example.com/n?t=77", "salt": "SALT", "resultv2": "4", "phone": "1234"},
    }  # fmt: skip


def test_a_second_subscription_is_no_harm() -> None:
    hundred({"result": False, "returnCode": "501", "message": "重复订阅"})[0].subscribe(PARCEL, "77")


@pytest.mark.parametrize(
    ("code", "kind", "tries"),
    [
        ("500", GatewayUnavailable, 1),
        ("600", AccountRefused, 1),
        ("601", AccountRefused, 1),
        ("700", CarrierMismatch, 1),
        ("701", CarrierMismatch, 1),
        ("702", CarrierMismatch, 1),
        ("999", GatewayRefused, 1),
    ],
)
def test_every_refusal_of_a_subscription_has_its_type(code: str, kind: type[Exception], tries: int) -> None:
    client, seen = hundred({"result": False, "returnCode": code, "message": "…"})
    with pytest.raises(kind) as caught:
        client.subscribe(PARCEL, "77")
    assert type(caught.value) is kind and len(seen) == tries


def pushed(**changes: Any) -> dict[str, str]:
    param = json.dumps({"status": "polling", "lastResult": GOOD} | changes, ensure_ascii=False)
    return {"param": param, "sign": md5(param + "SALT").upper()}


def test_a_genuine_push_is_read() -> None:
    client, _ = hundred(GOOD)
    [trace] = client.read_push(pushed(), "77")
    assert (trace.number, trace.ended, trace.token, len(trace.steps)) == ("751234567890123", "", "77", 1)
    assert [client.read_push(pushed(status=s), "")[0].ended for s in ("shutdown", "abort", "updateall")] == [
        "signed", "gave_up", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change", [{"sign": ""}, {"sign": "0" * 32}, {"param": '{"status":"shutdown"}'}, {"sign": "中"}]
)
def test_a_forged_push_is_refused(change: dict[str, str]) -> None:
    client, _ = hundred(GOOD)
    with pytest.raises(GatewayUnverified):
        client.read_push(pushed() | change, "77")


def test_without_a_secret_nothing_is_genuine() -> None:
    unsalted = Kuaidi100Client(Kuaidi100Settings("https://poll.example.com", "C", "K"))
    param = "{}"
    with pytest.raises(GatewayUnverified):
        unsalted.read_push({"param": param, "sign": md5(param).upper()}, "")
    keyless = KdniaoClient(KdniaoSettings("https://bird.example.com", "1", ""))
    with pytest.raises(GatewayUnverified):
        keyless.read_push({"RequestData": param, "DataSign": kdniao.data_sign(param, "")}, "")


def test_genuine_nonsense_is_told_apart_from_forgery() -> None:
    client, _ = hundred(GOOD)
    with pytest.raises(ValueError, match="lastResult"):
        client.read_push(pushed(lastResult=None), "")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("0", "in_transit"), ("1001", "in_transit"), ("1002", "in_transit"), ("1", "picked_up"), ("101", "created"),
        ("102", "created"), ("103", "picked_up"), ("5", "delivering"), ("501", "at_station"), ("3", "signed"),
        ("301", "signed"), ("302", "signed"), ("304", "signed"), ("6", "returned"), ("4", "returned"),
        ("401", "exception"), ("2", "exception"), ("205", "exception"), ("7", "in_transit"), ("8", "in_transit"),
        ("10", "in_transit"), ("13", "in_transit"), ("14", "exception"), ("", "in_transit"), ("x", "in_transit"),
    ],
)  # fmt: skip
def test_states_of_kuaidi100(code: str, status: str) -> None:
    assert kuaidi100.status_of(code) == status


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("0", "created"), ("1", "picked_up"), ("2", "in_transit"), ("201", "in_transit"), ("202", "delivering"),
        ("211", "at_station"), ("3", "signed"), ("301", "signed"), ("302", "signed"), ("304", "signed"),
        ("311", "signed"), ("4", "exception"), ("401", "exception"), ("403", "exception"), ("404", "returned"),
        ("405", "exception"), ("406", "returned"), ("407", "returned"), ("412", "at_station"), ("10", "created"),
        ("99", "in_transit"),
    ],
)  # fmt: skip
def test_states_of_kdniao(code: str, status: str) -> None:
    assert kdniao.status_of(code) == status


@given(st.text(max_size=5))
def test_any_code_has_a_status(code: str) -> None:
    assert kuaidi100.status_of(code) in RANK and kdniao.status_of(code) in RANK


ANSWER = {
    "EBusinessID": "1237100", "OrderCode": "77", "ShipperCode": "ZTO", "LogisticCode": "751234567890123", "Success": True,
    "State": "2", "StateEx": "202", "Reason": None,
    "Traces": [
        {"AcceptTime": "2026-05-14 09:00:00", "AcceptStation": "已揽收", "Location": "杭州市", "Action": "1"},
        {"AcceptTime": "2026-05-15 09:00:00", "AcceptStation": "派送中", "Location": "上海市", "Action": "202"},
    ],
}  # fmt: skip


@pytest.mark.parametrize(("plan", "types"), [("free", ["1002", "1008"]), ("plus", ["8001", "8008"])])
def test_kdniao_encodes_the_signature_once(plan: Any, types: list[str]) -> None:
    client, seen = bird(ANSWER, plan=plan)
    trace = client.query(BIRD)
    client.subscribe(BIRD, "77")
    assert [form(request)["RequestType"] for request in seen] == types
    sent = form(seen[0])
    assert json.loads(sent["RequestData"]) == {
        "ShipperCode": "ZTO", "LogisticCode": "751234567890123", "CustomerName": "1234",
    }  # fmt: skip
    digest = md5(sent["RequestData"] + "APPKEY")
    assert base64.b64decode(sent["DataSign"]).decode() == digest
    assert (
        f"DataSign={quote(base64.b64encode(digest.encode()).decode(), safe='')}" in seen[0].content.decode()
    )
    assert (sent["EBusinessID"], sent["DataType"]) == ("1237100", "2")
    assert json.loads(form(seen[1])["RequestData"])["OrderCode"] == "77"
    assert [step.status for step in trace.steps] == ["picked_up", "delivering"]
    assert (trace.status, trace.token) == ("delivering", "77")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("没有可用套餐", AccountRefused),
        ("业务错误[未开通服务]", AccountRefused),
        ("身份验证不通过", AccountRefused),
        ("手机尾号不正确", PhoneMismatch),
        ("快递公司编码不正确", CarrierMismatch),
        ("请求过于频繁", GatewayThrottled),
        ("系统错误", GatewayUnavailable),
        ("非法参数", GatewayRefused),
    ],
)
def test_every_refusal_of_kdniao_has_its_type(reason: str, kind: type[Exception]) -> None:
    client, seen = bird({"EBusinessID": "1237100", "Success": False, "Reason": reason})
    with pytest.raises(kind) as caught:
        client.query(BIRD)
    assert type(caught.value) is kind and len(seen) == 1


def test_success_without_a_trace_is_nothing_known_yet() -> None:
    client, _ = bird(ANSWER | {"State": "0", "StateEx": "0", "Traces": []})
    with pytest.raises(ParcelUnknown):
        client.query(BIRD)


def told(**changes: Any) -> dict[str, str]:
    data = {
        "PushTime": "2026-05-15 09:01:00",
        "EBusinessID": "1237100",
        "Count": "1",
        "Data": [ANSWER],
    } | changes
    text = json.dumps(data, ensure_ascii=False)
    return {"RequestData": text, "RequestType": "101", "DataSign": kdniao.data_sign(text, "APPKEY")}


def test_a_push_of_kdniao_is_read_once_or_twice_encoded() -> None:
    client, _ = bird(ANSWER)
    [trace] = client.read_push(told(), "")
    assert (trace.number, trace.token, trace.status) == ("751234567890123", "77", "delivering")
    twice = told()
    twice["DataSign"] = quote(twice["DataSign"], safe="")
    assert client.read_push(twice, "") == [trace]
    assert client.read_push(told(Data=[{**ANSWER, "Success": False}]), "") == []


@pytest.mark.parametrize("change", [{"DataSign": ""}, {"DataSign": "MDA="}, {"RequestData": "{}"}])
def test_a_forged_push_of_kdniao_is_refused(change: dict[str, str]) -> None:
    client, _ = bird(ANSWER)
    with pytest.raises(GatewayUnverified):
        client.read_push(told() | change, "")
    with pytest.raises(GatewayUnverified, match="another account"):
        client.read_push(told(EBusinessID="9"), "")


def test_times_are_of_china() -> None:
    assert china_moment("2026-01-01 00:00:00") == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert [china_moment(text) for text in ("", "2026-13-01 00:00:00", "now", "0001-01-01 00:00:00")] == [
        None
    ] * 4


def test_secrets_stay_out_of_texts() -> None:
    assert "KEY" not in repr(Kuaidi100Settings("u", "c", "KEY", "cb", "SALT"))
    assert "APPKEY" not in repr(KdniaoSettings("u", "1", "APPKEY"))

"""The client against a scripted platform: bodies, results, refusals, repeats."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from gateways import pay_platform as p
from yantuan.gateways.errors import (
    GatewayInvalid,
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUnverified,
)
from yantuan.gateways.wechatpay import CloseOutcome, PrepayOrder, RefundOrder, RefundState, TradeState
from yantuan.gateways.wechatpay.bodies import fit_description

ORDER = PrepayOrder(
    appid="wxmini0000000001",
    out_trade_no="P20260512000001A1",
    description="五月团 苹果5斤 等3件",
    total_fen=3990,
    notify_url="https://shop.example.com/notify/wechatpay/transactions",
    time_expire=datetime(2026, 5, 12, 2, 34, 56, tzinfo=UTC),
    openid="oAAA",
    payer_client_ip="203.0.113.7",
)


class Script:
    """Answers one prepared response after another and remembers the requests."""

    def __init__(self, *steps: httpx.Response | Exception) -> None:
        self.steps = list(steps)
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def refusal(code: str, status: int) -> httpx.Response:
    return p.answer({"code": code, "message": "…"}, status)


def test_jsapi_prepay_sends_the_documented_body_signed() -> None:
    script = Script(p.answer({"prepay_id": "wx12100456abcdef"}))
    gateway = p.client(script)
    body = gateway.build_jsapi(ORDER)
    made = gateway.prepay_jsapi(body)
    request = script.seen[0]
    assert made.prepay_id == "wx12100456abcdef"
    assert made.expires_at == datetime(2026, 5, 12, 4, 0, tzinfo=UTC)
    assert request.url == p.BASE + "/v3/pay/transactions/jsapi"
    assert request.content == body
    assert request.headers["Wechatpay-Serial"] == p.KEY_ID
    assert request.headers["User-Agent"].startswith("yantuan")
    assert json.loads(body) == {
        "appid": "wxmini0000000001",
        "mchid": p.MCHID,
        "description": "五月团 苹果5斤 等3件",
        "out_trade_no": "P20260512000001A1",
        "time_expire": "2026-05-12T10:34:56+08:00",
        "notify_url": "https://shop.example.com/notify/wechatpay/transactions",
        "amount": {"total": 3990, "currency": "CNY"},
        "payer": {"openid": "oAAA"},
        "scene_info": {"payer_client_ip": "203.0.113.7"},
    }


def test_h5_and_native() -> None:
    script = Script(
        p.answer({"h5_url": "https://wx.example/h5?a=1"}), p.answer({"code_url": "weixin://x?pr=1"})
    )
    gateway = p.client(script)
    assert gateway.prepay_h5(gateway.build_h5(ORDER)).h5_url == "https://wx.example/h5?a=1"
    assert gateway.prepay_native(gateway.build_native(ORDER)).code_url == "weixin://x?pr=1"
    assert json.loads(script.seen[0].content)["scene_info"]["h5_info"] == {"type": "Wap"}
    assert [r.url.path for r in script.seen] == ["/v3/pay/transactions/h5", "/v3/pay/transactions/native"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"total_fen": 0}, "amount.total"),
        ({"out_trade_no": "short"}, "out_trade_no"),
        ({"out_trade_no": "中文中文中文"}, "out_trade_no"),
        ({"openid": ""}, "openid"),
        ({"notify_url": "https://a.example/x?y=1"}, "notify_url"),
        ({"notify_url": "/relative"}, "notify_url"),
        ({"attach": "x" * 129}, "attach"),
    ],
)
def test_bodies_that_break_a_rule_are_never_sent(change: dict[str, Any], field: str) -> None:
    values = {name: getattr(ORDER, name) for name in ORDER.__dataclass_fields__}
    with pytest.raises(GatewayInvalid) as caught:
        p.client(Script()).build_jsapi(PrepayOrder(**(values | change)))
    assert caught.value.field == field


def test_descriptions_fit() -> None:
    assert fit_description("苹果🍎\n5斤\x00") == "苹果 5斤"
    assert fit_description("🍎") == "商品"
    long = fit_description("果" * 100)
    assert long == "果" * 42 and len(long.encode()) <= 127


def test_pay_params_are_signed_for_the_phone() -> None:
    params = p.client(Script()).jsapi_pay_params("wx12", appid="wxmini0000000001")
    text = f"wxmini0000000001\n{params['timeStamp']}\n{params['nonceStr']}\nprepay_id=wx12\n"
    assert params["package"] == "prepay_id=wx12" and params["signType"] == "RSA"
    assert params["timeStamp"] == str(int(p.NOW.timestamp())) and len(params["nonceStr"]) == 32
    assert params["paySign"] == p.sign(p.rsa_key("merchant"), text.encode())


def test_query_paid_unpaid_and_unheard_of() -> None:
    script = Script(p.answer(p.PAID), p.answer(p.UNPAID), refusal("ORDER_NOT_EXIST", 404))
    gateway = p.client(script)
    paid = gateway.query_by_out_trade_no("P20260512000001A1")
    assert paid is not None and paid.paid and paid.total_fen == 3990 and paid.payer_openid == "oAAA"
    assert paid.success_time == datetime(2026, 5, 12, 2, 5, 7, tzinfo=UTC)
    unpaid = gateway.query_by_out_trade_no("P20260512000001A1")
    assert (
        unpaid is not None and not unpaid.paid and unpaid.transaction_id == "" and unpaid.success_time is None
    )
    assert gateway.query_by_out_trade_no("P20260512000001A1") is None
    target = "/v3/pay/transactions/out-trade-no/P20260512000001A1?mchid=1900000109"
    assert script.seen[0].url.raw_path.decode() == target


def test_query_by_transaction_id() -> None:
    script = Script(p.answer(p.PAID))
    found = p.client(script).query_by_transaction_id("4200002026051212345678901234")
    assert found is not None and found.out_trade_no == "P20260512000001A1"


def test_an_unknown_state_is_kept_and_not_paid() -> None:
    found = p.client(Script(p.answer(p.UNPAID | {"trade_state": "SOMETHING"}))).query_by_out_trade_no(
        "P20260512000001A1"
    )
    assert found is not None and found.state is TradeState.UNKNOWN and found.state_text == "SOMETHING"
    assert not found.paid


@pytest.mark.parametrize(
    "wrong", [{"out_trade_no": "P20260512000001A2"}, {"mchid": "1900000110"}, {"mchid": ""}]
)
def test_an_answer_about_another_order_is_not_believed(wrong: dict[str, str]) -> None:
    with pytest.raises(GatewayUnverified):
        p.client(Script(p.answer(p.PAID | wrong))).query_by_out_trade_no("P20260512000001A1")


@pytest.mark.parametrize("total", [39.9, "3990", True, -1, None])
def test_amounts_are_integers_or_the_answer_is_garbage(total: object) -> None:
    wrong = p.PAID | {"amount": {"total": total, "currency": "CNY"}}
    with pytest.raises(GatewayUnavailable):
        p.client(Script(p.answer(wrong))).query_by_out_trade_no("P20260512000001A1")


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (p.answer(None, 204), CloseOutcome.CLOSED),
        (refusal("ORDERPAID", 400), CloseOutcome.PAID),
        (refusal("ORDER_PAID", 400), CloseOutcome.PAID),
        (refusal("ORDER_CLOSED", 400), CloseOutcome.CLOSED),
        (refusal("ORDER_NOT_EXIST", 404), CloseOutcome.NOT_FOUND),
    ],
)
def test_close(response: httpx.Response, outcome: CloseOutcome) -> None:
    script = Script(response)
    assert p.client(script).close("P20260512000001A1") is outcome
    assert script.seen[0].content == b'{"mchid":"1900000109"}'


def test_refund_and_its_query() -> None:
    script = Script(
        p.answer(p.REFUND), p.answer(p.REFUND | {"status": "SUCCESS"}), refusal("RESOURCE_NOT_EXISTS", 404)
    )
    gateway = p.client(script)
    order = RefundOrder(
        out_refund_no="R20260513000001",
        refund_fen=1330,
        total_fen=3990,
        transaction_id="4200002026051212345678901234",
        reason="缺货",
        notify_url="https://shop.example.com/notify/wechatpay/refunds",
    )
    body = gateway.build_refund(order)
    assert json.loads(body) == {
        "transaction_id": "4200002026051212345678901234",
        "out_refund_no": "R20260513000001",
        "reason": "缺货",
        "notify_url": "https://shop.example.com/notify/wechatpay/refunds",
        "amount": {"refund": 1330, "total": 3990, "currency": "CNY"},
    }
    made = gateway.refund(body)
    assert made.state is RefundState.PROCESSING and made.refund_fen == 1330
    done = gateway.query_refund("R20260513000001")
    assert done is not None and done.state is RefundState.SUCCESS
    assert gateway.query_refund("R20260513000001") is None


@pytest.mark.parametrize(
    "order",
    [
        RefundOrder("R1", 0, 100, transaction_id="42"),
        RefundOrder("R1", 101, 100, transaction_id="42"),
        RefundOrder("R1", 1, 100),
        RefundOrder("R1", 1, 100, transaction_id="42", out_trade_no="P1"),
        RefundOrder("R 1", 1, 100, transaction_id="42"),
    ],
)
def test_impossible_refunds_are_never_sent(order: RefundOrder) -> None:
    with pytest.raises(GatewayInvalid):
        p.client(Script()).build_refund(order)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("down"),
        httpx.Response(502, content=b"<html>bad gateway</html>"),
        refusal("SYSTEM_ERROR", 500),
        refusal("FREQUENCY_LIMITED", 429),
        httpx.Response(200, json={"prepay_id": "forged"}),
    ],
)
def test_passing_trouble_is_repeated_with_identical_bytes_and_a_fresh_signature(trouble: Any) -> None:
    script = Script(trouble, p.answer({"prepay_id": "wx12"}))
    gateway = p.client(script)
    assert gateway.prepay_jsapi(gateway.build_jsapi(ORDER)).prepay_id == "wx12"
    first, second = script.seen
    assert first.content == second.content
    assert first.headers["Authorization"] != second.headers["Authorization"]


def test_lasting_trouble_is_named() -> None:
    gateway = p.client(Script(*[httpx.ReadTimeout("slow")] * 3))
    with pytest.raises(GatewayUnavailable) as slow:
        gateway.prepay_jsapi(gateway.build_jsapi(ORDER))
    assert slow.value.sent and slow.value.result_unknown and slow.value.status == 503
    with pytest.raises(GatewayUnavailable) as down:
        p.client(Script(*[httpx.ConnectError("down")] * 3)).close("P20260512000001A1")
    assert not down.value.sent
    with pytest.raises(GatewayThrottled):
        p.client(Script(*[refusal("FREQUENCY_LIMITED", 429)] * 3)).close("P20260512000001A1")


@pytest.mark.parametrize(
    ("code", "status"), [("NOT_ENOUGH", 403), ("INVALID_REQUEST", 400), ("NO_AUTH", 403), ("SIGN_ERROR", 401)]
)
def test_refusals_are_not_repeated(code: str, status: int) -> None:
    script = Script(refusal(code, status))
    gateway = p.client(script)
    with pytest.raises(GatewayRefused) as caught:
        gateway.refund(gateway.build_refund(RefundOrder("R1", 1, 100, transaction_id="42")))
    assert (caught.value.provider_code, caught.value.http_status) == (code, status)
    assert caught.value.verified and not caught.value.result_unknown
    assert caught.value.provider_request_id == "08F780-268435456"
    assert len(script.seen) == 1


def test_an_unsigned_refusal_is_marked_and_a_badly_signed_one_ignored() -> None:
    with pytest.raises(GatewayRefused) as caught:
        p.client(Script(httpx.Response(403, json={"code": "NO_AUTH", "message": "x"}))).close(
            "P20260512000001A1"
        )
    assert caught.value.verified is False
    forged = [p.answer({"code": "ORDERPAID", "message": ""}, 400, key=p.rsa_key("thief")) for _ in range(3)]
    with pytest.raises(GatewayUnverified):
        p.client(Script(*forged)).close("P20260512000001A1")


@pytest.mark.parametrize("change", ["unsigned", "thief", "old", "probe", "redirect", "garbage"])
def test_a_2xx_that_can_not_be_believed_is_an_unknown_result(change: str) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        good = {"prepay_id": "wx12"}
        if change == "unsigned":
            return httpx.Response(200, json=good)
        if change == "thief":
            return p.answer(good, key=p.rsa_key("thief"))
        if change == "old":
            return p.answer(good, at=datetime(2026, 5, 12, 1, 0, tzinfo=UTC))
        if change == "redirect":
            return httpx.Response(302, headers={"Location": "https://evil.example/"})
        if change == "garbage":
            return httpx.Response(200, headers=p.signature_headers(b"<xml/>"), content=b"<xml/>")
        response = p.answer(good)
        response.headers["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/abc"
        return response

    gateway = p.client(respond)
    with pytest.raises((GatewayUnverified, GatewayUnavailable)) as caught:
        gateway.prepay_jsapi(gateway.build_jsapi(ORDER))
    assert caught.value.result_unknown


def test_the_second_host_is_used_after_two_lost_connections() -> None:
    script = Script(
        httpx.ConnectError("x"), httpx.ConnectError("x"), p.answer(None, 204), p.answer(None, 204)
    )
    gateway = p.client(script, fallback_base_url="https://api2.mch.example.com")
    gateway.close("P20260512000001A1")
    gateway.close("P20260512000001A1")
    hosts = [request.url.host for request in script.seen]
    assert hosts == ["api.mch.example.com"] * 2 + ["api2.mch.example.com"] * 2


BILL = (
    "\ufeff交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,"
    "费率,订单金额,申请退款金额,费率备注\r\n"
    "`2026-05-12 08:35:41,`wxAPP,`1900000109,`0,`,`4200001,`P000001,`openid,`JSAPI,`SUCCESS,`PSBC_DEBIT,"
    "`CNY,`6.00,`0.00,`0,`0,`0.00,`0.00,`,`,`苹果,5斤,`attach,`0.04000,`0.60%,`6.00,`0.00,`\r\n"
    "`2026-05-12 09:35:41,`wxAPP,`1900000109,`0,`,`4200001,`P000001,`openid,`JSAPI,`REFUND,`PSBC_DEBIT,"
    "`CNY,`0.00,`0.00,`50300001,`R000001,`0.01,`0.00,`ORIGINAL,`PROCESSING,`苹果,`attach,`0.00000,`0.60%,`0.00,`0.01,`\r\n"
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n"
    "`2,`6.00,`0.01,`0.00,`0.04000,`6.00,`0.01\r\n"
).encode()


def bill_answer(
    content: bytes, url: str = p.BASE + "/v3/billdownload/file?token=6XKtVx%2Fa"
) -> httpx.Response:
    return p.answer(
        {"hash_type": "SHA1", "hash_value": hashlib.sha1(content).hexdigest(), "download_url": url}
    )


def test_trade_bill() -> None:
    script = Script(bill_answer(BILL), httpx.Response(200, content=gzip.compress(BILL)))
    bill = p.client(script).trade_bill(date(2026, 5, 12))
    assert bill is not None
    paid, refunded = bill.rows
    assert (paid.out_trade_no, paid.order_fen, paid.state, paid.refund_id) == ("P000001", 600, "SUCCESS", "")
    assert paid.columns["商品名称"] == "苹果,5斤"
    assert paid.trade_time == datetime(2026, 5, 12, 0, 35, 41, tzinfo=UTC)
    assert (refunded.out_refund_no, refunded.refund_fen, refunded.refund_state) == (
        "R000001",
        1,
        "PROCESSING",
    )
    assert bill.summary["订单总金额"] == "6.00"
    first, second = (request.url.raw_path.decode() for request in script.seen)
    assert first == "/v3/bill/tradebill?bill_date=2026-05-12&bill_type=ALL&tar_type=GZIP"
    assert second == "/v3/billdownload/file?token=6XKtVx%2Fa"
    assert script.seen[1].headers["Authorization"].startswith("WECHATPAY2")


def test_no_trades_no_bill() -> None:
    assert p.client(Script(refusal("NO_STATEMENT_EXIST", 400))).trade_bill(date(2026, 5, 12)) is None


def test_a_bill_with_a_wrong_hash_is_refused() -> None:
    steps = [bill_answer(BILL), httpx.Response(200, content=BILL.replace(b"6.00", b"9.00"))] * 3
    with pytest.raises(GatewayUnverified, match="hash"):
        p.client(Script(*steps)).trade_bill(date(2026, 5, 12))


def test_the_bill_link_never_leads_to_a_foreign_host() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "api.mch.example.com"
        return bill_answer(BILL, p.BASE + ".evil.example/v3/billdownload/file?token=1")

    with pytest.raises(GatewayUnverified, match="foreign"):
        p.client(respond).trade_bill(date(2026, 5, 12))


def test_a_bill_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yantuan.gateways.wechatpay.bills.BILL_BYTES", 1000)
    bomb = b"`" * 100_000
    steps = [bill_answer(bomb), httpx.Response(200, content=gzip.compress(bomb))] * 3
    with pytest.raises(GatewayUnavailable, match="too long"):
        p.client(Script(*steps)).trade_bill(date(2026, 5, 12))

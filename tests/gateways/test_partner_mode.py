"""Partner mode: the bodies and readings by the book, and the client against the simulator."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gateways import pay_platform as p
from gateways.sim_process import Simulator
from yantuan.gateways.errors import GatewayInvalid, GatewayRefused, GatewayUndecryptable, GatewayUnverified
from yantuan.gateways.wechatpay import (
    CloseOutcome,
    PrepayOrder,
    RefundNotice,
    RefundOrder,
    RefundState,
    SubMerchant,
    TradeState,
    TransactionNotice,
    WeChatPayClient,
)
from yantuan.kernel import clock

stack = pytest.mark.stack
SUB = "1900001001"
NUMBER = "P20260512000001A1"
ORDER = PrepayOrder(
    appid="wxsp000000000001",
    out_trade_no=NUMBER,
    description="五月团 苹果5斤",
    total_fen=3990,
    notify_url="https://shop.example.com/notify/wechatpay/transactions",
    openid="oSP",
    payer_client_ip="203.0.113.7",
)
PAID = {
    "sp_appid": "wxsp000000000001",
    "sp_mchid": p.MCHID,
    "sub_appid": "wxsub00000000001",
    "sub_mchid": SUB,
    **{k: v for k, v in p.PAID.items() if k not in ("appid", "mchid")},
    "payer": {"sp_openid": "oSP", "sub_openid": "oSUB"},
}


def replies(*steps: httpx.Response) -> tuple[list[httpx.Request], Any]:
    waiting, seen = list(steps), []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return waiting.pop(0)

    return seen, handle


def test_the_prepay_body_names_both_and_the_path_is_the_partners() -> None:
    seen, handle = replies(p.answer({"prepay_id": "wx1"}))
    pay = p.client(handle, sub_mchid=SUB)
    pay.prepay_jsapi(pay.build_jsapi(ORDER))
    assert seen[0].url == p.BASE + "/v3/pay/partner/transactions/jsapi"
    assert json.loads(seen[0].content) == {
        "sp_appid": "wxsp000000000001",
        "sp_mchid": p.MCHID,
        "sub_mchid": SUB,
        "description": "五月团 苹果5斤",
        "out_trade_no": NUMBER,
        "notify_url": "https://shop.example.com/notify/wechatpay/transactions",
        "amount": {"total": 3990, "currency": "CNY"},
        "payer": {"sp_openid": "oSP"},
        "scene_info": {"payer_client_ip": "203.0.113.7"},
    }
    assert f'mchid="{p.MCHID}"' in seen[0].headers["Authorization"]


def test_an_openid_of_the_sub_merchants_app_is_named_so_and_signed_for_it() -> None:
    pay = p.client(replies()[1], sub_mchid=SUB, sub_appid="wxsub00000000001", sp_appid="wxsp000000000001")
    inside = PrepayOrder(
        **{n: getattr(ORDER, n) for n in ORDER.__dataclass_fields__} | {"appid": "wxsub00000000001"}
    )
    body = json.loads(pay.build_jsapi(inside))
    assert (body["sp_appid"], body["sub_appid"], body["payer"]) == (
        "wxsp000000000001", "wxsub00000000001", {"sub_openid": "oSP"},
    )  # fmt: skip
    outside = json.loads(pay.build_jsapi(ORDER))
    assert (outside["sub_appid"], outside["payer"]) == ("wxsub00000000001", {"sp_openid": "oSP"})
    params = pay.jsapi_pay_params("wx1", appid="wxsub00000000001")
    text = f"wxsub00000000001\n{params['timeStamp']}\n{params['nonceStr']}\nprepay_id=wx1\n"
    assert params["paySign"] == p.sign(p.rsa_key("merchant"), text.encode())


def test_the_flag_to_share_is_said_at_prepay_only_when_wanted() -> None:
    pay = p.client(replies()[1], sub_mchid=SUB)
    wanted = PrepayOrder(
        **{n: getattr(ORDER, n) for n in ORDER.__dataclass_fields__} | {"profit_sharing": True}
    )
    assert json.loads(pay.build_native(wanted))["settle_info"] == {"profit_sharing": True}
    assert "settle_info" not in json.loads(pay.build_native(ORDER))


def test_queries_closing_and_refunds_name_both() -> None:
    seen, handle = replies(
        p.answer(PAID), p.answer(PAID), p.answer(None, 204), p.answer(p.REFUND), p.answer(p.REFUND)
    )
    pay = p.client(handle, sub_mchid=SUB)
    found = pay.query_by_out_trade_no(NUMBER)
    assert found is not None and found.paid
    assert (found.mchid, found.sub_mchid, found.appid, found.sub_appid) == (
        p.MCHID, SUB, "wxsp000000000001", "wxsub00000000001",
    )  # fmt: skip
    assert (found.payer_openid, found.payer_sub_openid) == ("oSP", "oSUB")
    assert found.appids == {"wxsp000000000001", "wxsub00000000001"}
    assert pay.query_by_transaction_id(found.transaction_id) == found
    assert pay.close(NUMBER) is CloseOutcome.CLOSED
    pay.refund(pay.build_refund(RefundOrder("R20260513000001", 1330, 3990, found.transaction_id)))
    pay.query_refund("R20260513000001")
    base, parties = "/v3/pay/partner/transactions", f"sp_mchid={p.MCHID}&sub_mchid={SUB}"
    assert [request.url.raw_path.decode() for request in seen] == [
        f"{base}/out-trade-no/{NUMBER}?{parties}",
        f"{base}/id/{found.transaction_id}?{parties}",
        f"{base}/out-trade-no/{NUMBER}/close",
        "/v3/refund/domestic/refunds",
        f"/v3/refund/domestic/refunds/R20260513000001?sub_mchid={SUB}",
    ]
    assert json.loads(seen[2].content) == {"sp_mchid": p.MCHID, "sub_mchid": SUB}
    assert json.loads(seen[3].content)["sub_mchid"] == SUB


@pytest.mark.parametrize("change", [{"sub_mchid": "1900001002"}, {"sp_mchid": "1900009999"}])
def test_an_answer_about_somebody_else_is_not_believed(change: dict[str, str]) -> None:
    seen, handle = replies(p.answer(PAID | change))
    with pytest.raises(GatewayUnverified):
        p.client(handle, sub_mchid=SUB).query_by_out_trade_no(NUMBER)
    assert len(seen) == 1
    with pytest.raises(GatewayUnverified):
        p.client(replies(p.answer(PAID))[1]).query_by_out_trade_no(NUMBER)


def test_notices_read_the_same_with_the_sub_merchant_named() -> None:
    pay = p.client(replies()[1], sub_mchid=SUB)
    body = p.notice_body("TRANSACTION.SUCCESS", "transaction", PAID)
    paid = pay.parse_notice(p.signature_headers(body), body)
    assert isinstance(paid, TransactionNotice)
    assert (paid.transaction.mchid, paid.transaction.sub_mchid) == (p.MCHID, SUB)
    told = {k: v for k, v in p.REFUND.items() if k != "status"} | {
        "sp_mchid": p.MCHID, "sub_mchid": SUB, "refund_status": "SUCCESS",
    }  # fmt: skip
    body = p.notice_body("REFUND.SUCCESS", "refund", told)
    back = pay.parse_notice(p.signature_headers(body), body)
    assert isinstance(back, RefundNotice)
    assert (back.refund.mchid, back.refund.sub_mchid) == (p.MCHID, SUB)


@pytest.mark.parametrize("change", [{"sub_mchid": p.MCHID}, {"sub_appid": "wxsub00000000001"}])
def test_settings_that_make_no_sense_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        p.settings(**change)
    with pytest.raises(ValueError):
        SubMerchant("1", sub_appid="wx1")


def order(sim: Simulator, number: str = NUMBER, **changes: Any) -> PrepayOrder:
    values: dict[str, Any] = {
        "appid": sim.credentials.mini_appid,
        "out_trade_no": number,
        "description": "五月团 苹果5斤",
        "total_fen": 3990,
        "notify_url": "http://127.0.0.1:1/notify/transactions",
        "time_expire": clock.now() + timedelta(minutes=15),
        "openid": sim.post("/js_codes", user="小雁")["openid"],
        "payer_client_ip": "127.0.0.1",
    }
    return PrepayOrder(**(values | changes))


@stack
def test_pay_refund_and_close_for_a_sub_merchant(
    sim: Simulator, partner: WeChatPayClient, sub_mchid: str
) -> None:
    first = partner.prepay_jsapi(partner.build_jsapi(order(sim)))
    page = sim.control.get(
        "/cashier/jsapi",
        params=dict(partner.jsapi_pay_params(first.prepay_id, appid=sim.credentials.mini_appid)),
    )
    assert page.status_code == 200 and "杭州阿禾果业有限公司" in page.text
    assert partner.prepay_h5(partner.build_h5(order(sim, "P000000H5"))).h5_url.startswith(sim.base)
    assert partner.prepay_native(partner.build_native(order(sim, "P000NATIVE"))).code_url
    unpaid = partner.query_by_out_trade_no(NUMBER)
    assert unpaid is not None and unpaid.state is TradeState.NOTPAY and unpaid.sub_mchid == sub_mchid
    sim.post("/pay", out_trade_no=NUMBER)
    assert partner.close(NUMBER) is CloseOutcome.PAID
    assert partner.close("P000000H5") is CloseOutcome.CLOSED
    assert partner.close("P00000NOBODY") is CloseOutcome.NOT_FOUND
    notice = partner.parse_notice(*sim.notice(NUMBER))
    assert isinstance(notice, TransactionNotice)
    paid = partner.query_by_transaction_id(notice.transaction.transaction_id)
    assert paid is not None and paid.paid and paid.sub_mchid == sub_mchid
    body = partner.build_refund(
        RefundOrder("R1", 1330, 3990, paid.transaction_id, notify_url="http://127.0.0.1:1/refunds")
    )
    assert partner.refund(body).refund_id == partner.refund(body).refund_id
    done = partner.query_refund("R1")
    assert done is not None and done.state is RefundState.SUCCESS
    assert partner.query_refund("R2") is None
    back = partner.parse_notice(*sim.notice(NUMBER))
    assert isinstance(back, RefundNotice) and back.refund.sub_mchid == sub_mchid
    assert sim.get("/book")["accounts"][f"merchant:{sub_mchid}"] == 2660


@stack
def test_one_partner_client_serves_many_sub_merchants(sim: Simulator, sub_mchid: str) -> None:
    own = sim.partner_client()
    other = str(sim.post("/sub_merchants", name="别家")["sub_mchid"])
    first, second = own.for_sub_merchant(SubMerchant(sub_mchid)), own.for_sub_merchant(SubMerchant(other))
    first.prepay_jsapi(first.build_jsapi(order(sim)))
    second.prepay_jsapi(second.build_jsapi(order(sim, "P0000SECOND")))
    for number in (NUMBER, "P0000SECOND"):
        sim.post("/pay", out_trade_no=number)
    with pytest.raises(GatewayRefused):
        second.query_by_out_trade_no(NUMBER)
    today = clock.now().astimezone(clock.CHINA).date()
    bills = [client.trade_bill(today) for client in (own, first, second)]
    assert [sorted(row.sub_mchid for row in bill.rows) if bill else None for bill in bills] == [
        sorted((sub_mchid, other)), [sub_mchid], [other],
    ]  # fmt: skip
    assert sim.pay_client().trade_bill(today) is None
    own.shutdown()


@stack
@pytest.mark.parametrize(
    ("grant", "code"), [({"active": False}, "NO_AUTH"), ({"refund_allowed": False}, "NO_AUTH")]
)
def test_a_grant_taken_back_is_a_refusal(
    sim: Simulator, partner: WeChatPayClient, sub_mchid: str, grant: dict[str, bool], code: str
) -> None:
    partner.prepay_jsapi(partner.build_jsapi(order(sim)))
    sim.post("/pay", out_trade_no=NUMBER)
    sim.post(f"/sub_merchants/{sub_mchid}", **grant)
    with pytest.raises(GatewayRefused) as caught:
        partner.refund(partner.build_refund(RefundOrder("R1", 1, 3990, out_trade_no=NUMBER)))
    assert caught.value.provider_code == code
    assert sim.get("/book")["totals"]["kept"] == 3990


@stack
def test_an_unknown_sub_merchant_names_the_trouble(sim: Simulator) -> None:
    pay = sim.partner_client("1999999999")
    with pytest.raises(GatewayRefused) as caught:
        pay.prepay_jsapi(pay.build_jsapi(order(sim)))
    assert caught.value.provider_code == "MCH_NOT_EXISTS"
    strange = sim.partner_client("1999999998", public_keys={}, download_certificates=True)
    with pytest.raises(GatewayInvalid):
        strange.build_jsapi(order(sim, openid=""))
    pay.shutdown()
    strange.shutdown()


@stack
def test_another_merchants_notice_does_not_open(
    sim: Simulator, pay: WeChatPayClient, partner: WeChatPayClient
) -> None:
    partner.prepay_jsapi(partner.build_jsapi(order(sim)))
    sim.post("/pay", out_trade_no=NUMBER)
    with pytest.raises(GatewayUndecryptable):
        pay.parse_notice(*sim.notice(NUMBER))
    foreign = partner.parse_notice(*sim.notice(NUMBER, "notice_foreign_sub_mchid"))
    assert isinstance(foreign, TransactionNotice)
    assert foreign.transaction.sub_mchid != partner.sub_mchid and foreign.transaction.mchid == partner.mchid

"""The real payment client against the real simulator over HTTP, in a process of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateways.sim_process import Simulator
from yantuan.gateways.errors import (
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUndecryptable,
    GatewayUnverified,
)
from yantuan.gateways.wechatpay import (
    CloseOutcome,
    NoticeRefused,
    PrepayOrder,
    RefundNotice,
    RefundOrder,
    RefundState,
    TradeState,
    TransactionNotice,
    WeChatPayClient,
)
from yantuan.kernel import clock

pytestmark = pytest.mark.stack


def order(sim: Simulator, number: str = "P20260512000001A1", total: int = 3990) -> PrepayOrder:
    mini = sim.credentials.mini_appid
    openid = sim.post("/js_codes", user="小雁")["openid"]
    return PrepayOrder(
        appid=mini,
        out_trade_no=number,
        description="五月团 苹果5斤🍎",
        total_fen=total,
        notify_url="http://127.0.0.1:1/notify/transactions",
        time_expire=clock.now() + timedelta(minutes=15),
        attach="order:1",
        openid=openid,
        payer_client_ip="127.0.0.1",
    )


def paid_order(sim: Simulator, pay: WeChatPayClient, number: str = "P20260512000001A1") -> str:
    pay.prepay_jsapi(pay.build_jsapi(order(sim, number)))
    sim.post("/pay", out_trade_no=number)
    found = pay.query_by_out_trade_no(number)
    assert found is not None and found.state is TradeState.SUCCESS
    return found.transaction_id


def test_pay_from_prepay_to_notice(sim: Simulator, pay: WeChatPayClient) -> None:
    body = pay.build_jsapi(order(sim))
    first, again = pay.prepay_jsapi(body), pay.prepay_jsapi(body)
    assert first.prepay_id.startswith("wx") and again.prepay_id.startswith("wx")
    params = pay.jsapi_pay_params(first.prepay_id, appid=sim.credentials.mini_appid)
    page = sim.control.get("/cashier/jsapi", params=dict(params))
    assert page.status_code == 200 and "39.90" in page.text
    unpaid = pay.query_by_out_trade_no("P20260512000001A1")
    assert unpaid is not None and unpaid.state is TradeState.NOTPAY and unpaid.total_fen == 3990
    sim.post("/pay", out_trade_no="P20260512000001A1")
    paid = pay.query_by_out_trade_no("P20260512000001A1")
    assert paid is not None and paid.paid and paid.currency == "CNY"
    assert pay.query_by_transaction_id(paid.transaction_id) == paid
    notice = pay.parse_notice(*sim.notice("P20260512000001A1"))
    assert isinstance(notice, TransactionNotice)
    assert notice.transaction.transaction_id == paid.transaction_id
    assert notice.transaction.total_fen == 3990 and notice.transaction.attach == "order:1"


def test_h5_and_native(sim: Simulator, pay: WeChatPayClient) -> None:
    h5 = pay.prepay_h5(pay.build_h5(order(sim, "P000000H5")))
    assert h5.h5_url.startswith(sim.base)
    native = pay.prepay_native(pay.build_native(order(sim, "P0000NATIVE")))
    assert native.code_url.startswith("weixin://wxpay/bizpayurl?pr=")


def test_other_parameters_and_paid_numbers_are_refused(sim: Simulator, pay: WeChatPayClient) -> None:
    pay.prepay_jsapi(pay.build_jsapi(order(sim)))
    with pytest.raises(GatewayRefused) as differs:
        pay.prepay_jsapi(pay.build_jsapi(order(sim, total=3991)))
    assert differs.value.provider_code == "INVALID_REQUEST" and differs.value.verified
    assert pay.query_by_out_trade_no("P00000NOBODY") is None


def test_close_in_every_state(sim: Simulator, pay: WeChatPayClient) -> None:
    pay.prepay_jsapi(pay.build_jsapi(order(sim)))
    assert pay.close("P20260512000001A1") is CloseOutcome.CLOSED
    assert pay.close("P20260512000001A1") is CloseOutcome.CLOSED
    paid_order(sim, pay, "P000000PAID")
    assert pay.close("P000000PAID") is CloseOutcome.PAID
    assert pay.close("P00000NOBODY") is CloseOutcome.NOT_FOUND


def test_refund_whole_story(sim: Simulator, pay: WeChatPayClient) -> None:
    transaction_id = paid_order(sim, pay)
    body = pay.build_refund(
        RefundOrder("R1", 1330, 3990, transaction_id, reason="缺货", notify_url="http://127.0.0.1:1/refunds")
    )
    made = pay.refund(body)
    assert made.state in (RefundState.PROCESSING, RefundState.SUCCESS) and made.refund_fen == 1330
    assert pay.refund(body).refund_id == made.refund_id
    done = pay.query_refund("R1")
    assert done is not None and done.state is RefundState.SUCCESS
    assert pay.query_refund("R2") is None
    notice = pay.parse_notice(*sim.notice("P20260512000001A1"))
    assert isinstance(notice, RefundNotice)
    assert notice.refund.out_refund_no == "R1" and notice.refund.state is RefundState.SUCCESS
    with pytest.raises(GatewayRefused):
        pay.refund(pay.build_refund(RefundOrder("R2", 2661, 3990, transaction_id)))
    after = pay.query_by_out_trade_no("P20260512000001A1")
    assert after is not None and after.state is TradeState.REFUND and after.paid


def test_refund_refused_for_want_of_money_then_same_number(sim: Simulator, pay: WeChatPayClient) -> None:
    body = pay.build_refund(RefundOrder("R1", 3990, 3990, paid_order(sim, pay)))
    sim.post("/faults", kind="refund_not_enough")
    with pytest.raises(GatewayRefused) as caught:
        pay.refund(body)
    assert caught.value.provider_code == "NOT_ENOUGH"
    assert pay.refund(body).out_refund_no == "R1"


@pytest.mark.parametrize(
    "fault",
    [
        "answer_system_error",
        "answer_system_error_before",
        "answer_cut",
        "answer_garbage",
        "answer_unsigned",
        "answer_bad_signature",
        "answer_signtest",
        "answer_wrong_serial",
        "rate_limited",
    ],
)
def test_one_bad_answer_is_survived_and_money_moves_once(
    sim: Simulator, pay: WeChatPayClient, fault: str
) -> None:
    body = pay.build_refund(RefundOrder("R1", 1000, 3990, paid_order(sim, pay)))
    sim.post("/faults", kind=fault, times=1)
    assert pay.refund(body).refund_fen == 1000
    assert pay.query_refund("R1") is not None
    book = sim.get("/book?out_trade_no=P20260512000001A1")["orders"]["P20260512000001A1"]
    assert (book["paid"], book["refunded"], book["refunding"]) == (3990, 1000, 0)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("answer_garbage", GatewayUnavailable | GatewayUnverified),
        ("answer_unsigned", GatewayUnverified),
        ("answer_signtest", GatewayUnverified),
        ("answer_system_error_before", GatewayUnavailable),
        ("rate_limited", GatewayThrottled),
    ],
)
def test_lasting_trouble_has_a_type(sim: Simulator, pay: WeChatPayClient, fault: str, kind: Any) -> None:
    sim.post("/faults", kind=fault, times=0)
    with pytest.raises((GatewayUnavailable, GatewayUnverified, GatewayThrottled)) as caught:
        pay.prepay_jsapi(pay.build_jsapi(order(sim)))
    assert isinstance(caught.value, kind)


@pytest.mark.parametrize(
    "flaw",
    [
        "notice_bad_signature",
        "notice_unsigned",
        "notice_signtest",
        "notice_wrong_serial",
        "notice_old_timestamp",
    ],
)
def test_forged_notices_are_refused(sim: Simulator, pay: WeChatPayClient, flaw: str) -> None:
    paid_order(sim, pay)
    with pytest.raises(NoticeRefused) as caught:
        pay.parse_notice(*sim.notice("P20260512000001A1", flaw))
    assert caught.value.probe is (flaw == "notice_signtest")
    assert isinstance(pay.parse_notice(*sim.notice("P20260512000001A1")), TransactionNotice)


def test_wrong_facts_are_told_as_they_are(sim: Simulator, pay: WeChatPayClient) -> None:
    paid_order(sim, pay)
    wrong = pay.parse_notice(*sim.notice("P20260512000001A1", "notice_wrong_amount", "notice_foreign_mchid"))
    assert isinstance(wrong, TransactionNotice)
    assert wrong.transaction.total_fen != 3990 and wrong.transaction.mchid != pay.mchid
    with pytest.raises(GatewayUndecryptable):
        pay.parse_notice(*sim.notice("P20260512000001A1", "notice_bad_ciphertext"))


def test_todays_bill(sim: Simulator, pay: WeChatPayClient) -> None:
    today = clock.now().astimezone(clock.CHINA).date()
    assert pay.trade_bill(today) is None
    transaction_id = paid_order(sim, pay)
    pay.refund(pay.build_refund(RefundOrder("R1", 1330, 3990, transaction_id)))
    bill = pay.trade_bill(today)
    assert bill is not None
    assert sorted((row.state, row.order_fen, row.out_refund_no, row.refund_fen) for row in bill.rows) == [
        ("REFUND", 0, "R1", 1330),
        ("SUCCESS", 3990, "", 0),
    ]
    sim.post("/faults", kind="bill_wrong_hash", times=0)
    with pytest.raises(GatewayUnverified):
        pay.trade_bill(today)


def test_certificate_mode_and_rotation(sim: Simulator) -> None:
    sim.post("/config", sign_mode="certificate")
    pay = sim.pay_client(public_keys={})
    paid_order(sim, pay)
    sim.post("/rotate", mode="certificate")
    assert pay.query_by_out_trade_no("P20260512000001A1") is not None
    assert isinstance(pay.parse_notice(*sim.notice("P20260512000001A1")), TransactionNotice)
    pay.shutdown()


def test_public_key_rotation_with_both_keys_configured(sim: Simulator, pay: WeChatPayClient) -> None:
    paid_order(sim, pay)
    env = sim.credentials.product_env(sim.base, sim.base)
    old = {
        env["YANTUAN_WECHATPAY_PUBLIC_KEY_ID"]: Path(env["YANTUAN_WECHATPAY_PUBLIC_KEY_PATH"]).read_bytes()
    }
    told = sim.post("/rotate", mode="public_key")
    both = sim.pay_client(public_keys={told["key_id"]: Path(told["public_path"]).read_bytes()} | old)
    assert both.query_by_out_trade_no("P20260512000001A1") is not None
    assert isinstance(both.parse_notice(*sim.notice("P20260512000001A1")), TransactionNotice)
    both.shutdown()

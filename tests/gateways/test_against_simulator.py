"""The real clients against the real simulator over HTTP, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from yantuan.gateways.email import EmailSettings, SmtpClient
from yantuan.gateways.errors import (
    GatewayRefused,
    GatewayThrottled,
    GatewayUnavailable,
    GatewayUndecryptable,
    GatewayUnverified,
)
from yantuan.gateways.sms import AliyunSmsClient, SmsNumberRejected, SmsSettings
from yantuan.gateways.wechat_api import ConsentMissing, WeChatCodeRejected
from yantuan.gateways.wechat_mini import MiniClient, MiniSettings
from yantuan.gateways.wechat_oa import OfficialClient, OfficialSettings
from yantuan.gateways.wechat_tokens import MemoryTokenStore
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
    WeChatPaySettings,
)
from yantuan.gateways.wecom import RobotClient, RobotGone, WeComSettings
from yantuan.kernel import clock
from yantuan.simulator.credentials import Credentials, ensure_credentials

pytestmark = pytest.mark.stack


@dataclass
class Simulator:
    base: str
    credentials: Credentials
    smtp_port: int
    control: httpx.Client

    def post(self, path: str, **body: Any) -> Any:
        answer = self.control.post(f"/_sim{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        return self.control.get(f"/_sim{path}").json()

    def pay_client(self, **changes: Any) -> WeChatPayClient:
        env = self.credentials.product_env(self.base, "http://127.0.0.1:1")
        values: dict[str, Any] = {
            "base_url": self.base,
            "mchid": self.credentials.mchid,
            "merchant_serial": env["YANTUAN_WECHATPAY_MERCHANT_SERIAL"],
            "merchant_key_pem": Path(env["YANTUAN_WECHATPAY_MERCHANT_KEY_PATH"]).read_bytes(),
            "apiv3_keys": (self.credentials.apiv3_key.encode(),),
            "public_keys": {
                env["YANTUAN_WECHATPAY_PUBLIC_KEY_ID"]: Path(
                    env["YANTUAN_WECHATPAY_PUBLIC_KEY_PATH"]
                ).read_bytes()
            },
            "key_refresh_interval": timedelta(0),
        }
        return WeChatPayClient(WeChatPaySettings(**(values | changes)))

    def notice(self, number: str, *flaws: str) -> tuple[dict[str, str], bytes]:
        """The newest notice of an order, signed now, with the flaws named."""
        newest = self.get(f"/notices?out_trade_no={number}")["notices"][0]
        rendered = self.post(f"/notices/{newest['id']}/render", flaws=list(flaws))
        body = rendered["body"]
        return rendered["headers"], body.encode() if isinstance(body, str) else bytes(body)


def two_free_ports() -> int:
    """A port whose successor is free too (mail is taken there)."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("simulator")
    credentials = ensure_credentials(folder)
    port = two_free_ports()
    base = f"http://127.0.0.1:{port}"
    source = str(Path(__file__).parents[2] / "src")
    running = subprocess.Popen(
        [sys.executable, "-m", "yantuan.simulator", str(folder), "127.0.0.1", str(port)],
        env=os.environ | {"PYTHONPATH": source},
    )
    try:
        with httpx.Client(base_url=base, trust_env=False) as control:
            wait_until_up(control, running)
            yield Simulator(base, credentials, port + 1, control)
    finally:
        running.terminate()
        running.wait(20)


def wait_until_up(control: httpx.Client, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and running.poll() is None:
        try:
            if control.get("/_sim/config").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the simulator did not start")


@pytest.fixture
def sim(process: Simulator) -> Simulator:
    process.control.delete("/_sim/faults")
    process.post("/reset")
    process.post("/config", notice_mode="hold", refund_seconds=0, bills_at_once=True)
    return process


@pytest.fixture
def pay(sim: Simulator) -> Iterator[WeChatPayClient]:
    client = sim.pay_client()
    yield client
    client.shutdown()


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


def test_mini_program(sim: Simulator) -> None:
    c = sim.credentials
    mini = MiniClient(MiniSettings(sim.base, c.mini_appid, c.mini_secret), MemoryTokenStore())
    minted = sim.post("/js_codes", user="小雁")
    session = mini.code2session(minted["code"])
    assert session.openid == minted["openid"]
    with pytest.raises(WeChatCodeRejected):
        mini.code2session(minted["code"])
    phone = sim.post("/js_codes", user="小雁", kind="phone", phone="13800138000")
    assert mini.get_phone_number(phone["code"]).pure == "13800138000"
    template = c.template_new_order
    with pytest.raises(ConsentMissing):
        mini.send_subscribe_message(session.openid, template, {"thing1": "x"})
    sim.post("/consents", openid=session.openid, count=2)
    sim.post("/faults", kind="wechat_token_expired")
    mini.send_subscribe_message(session.openid, template, {"thing1": "五月水果团" * 9, "amount2": "¥39.90"})
    assert "五月水果团" in str(sim.get("/inbox"))
    assert mini.get_wxacode_unlimit("s=abc").startswith(b"\x89PNG")
    sim.post("/faults", kind="wechat_quota", times=0)
    with pytest.raises(GatewayThrottled):
        mini.get_wxacode_unlimit("s=abc")


def test_official_account(sim: Simulator) -> None:
    c = sim.credentials
    settings = OfficialSettings(sim.base, sim.base, c.oa_appid, c.oa_secret)
    official = OfficialClient(settings, MemoryTokenStore())
    page = sim.control.get(official.authorize_url("http://127.0.0.1:1/wx", "abc").split("#")[0])
    assert page.status_code == 200
    minted = sim.post("/js_codes", user="小雁", kind="oauth")
    person = official.exchange_code(minted["code"])
    assert person.openid == minted["openid"] and not person.snapshot
    assert official.userinfo(person.access_token, person.openid).nickname
    assert len(official.js_signature("http://127.0.0.1:1/g/1#x").signature) == 40


def test_sms_robot_and_mail(sim: Simulator) -> None:
    c = sim.credentials
    sms = AliyunSmsClient(
        SmsSettings(f"{sim.base}/sms", c.sms_access_key_id, c.sms_access_key_secret, c.sms_sign_name)
    )
    assert sms.send("13800138000", c.sms_template_code, {"code": "246810"}).biz_id
    with pytest.raises(SmsNumberRejected):
        sms.send("12345", c.sms_template_code, {"code": "246810"})
    sim.post("/faults", kind="sms_limited")
    with pytest.raises(GatewayThrottled):
        sms.send("13800138000", c.sms_template_code, {"code": "246810"})
    robot = RobotClient(WeComSettings(sim.base))
    robot.send_markdown(c.wecom_robot_key, "**新订单** #0001" + "果" * 3000)
    with pytest.raises(RobotGone):
        robot.send_text("00000000-0000-0000-0000-000000000000", "x")
    mail = SmtpClient(
        EmailSettings("127.0.0.1", sim.smtp_port, "雁团 <notice@yantuan.example>", security="plain")
    )
    mail.send("a@example.com", "新订单 #0001", "内容")
    told = str(sim.get("/inbox"))
    assert "246810" in told and "新订单" in told and "a@example.com" in told

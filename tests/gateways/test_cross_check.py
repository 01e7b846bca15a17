"""An independent library (wechatpayv3) and ours against the same simulator: each takes what the other makes.

The library's known defects are kept away from, or pinned where they show that the simulator is strict.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wechatpayv3 import SignType, WeChatPay, WeChatPayType
from wechatpayv3.core import Core
from wechatpayv3.utils import rsa_verify

from gateways import pay_platform as p
from gateways.sim_process import Simulator
from yantuan.gateways.wechatpay import (
    PrepayOrder,
    Receiver,
    ReceiverType,
    Relation,
    ShareOrder,
    SharePart,
    SharingClient,
    TransactionNotice,
    WeChatPayClient,
)
from yantuan.gateways.wechatpay.applyment_models import ApplymentState
from yantuan.gateways.wechatpay.applyments import OnboardingClient
from yantuan.gateways.wechatpay.signing import MerchantSigner

stack = pytest.mark.stack
NOTIFY_URL = "https://shop.test/notify"
NUMBER = "P20260512CROSS1"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def theirs(sim: Simulator, sub_mchid: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[WeChatPay]:
    """The library as the demo's partner, with its host replaced; nothing else of it is touched."""
    sim.post("/config", share_seconds=0, share_wait_seconds=0)
    own = sim.post("/merchants", provider=True)
    env = sim.credentials.product_env(sim.base, "http://127.0.0.1:1")
    original = Core.__init__

    def with_host(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self._gate_way = sim.base

    monkeypatch.setattr(Core, "__init__", with_host)
    yield WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=own["mchid"],
        private_key=Path(own["key_path"]).read_text(),
        cert_serial_no=own["serial"],
        apiv3_key=own["apiv3_key"],
        appid=sim.credentials.mini_appid,
        notify_url=NOTIFY_URL,
        partner_mode=True,
        public_key=Path(env["YANTUAN_WECHATPAY_PUBLIC_KEY_PATH"]).read_text(),
        public_key_id=env["YANTUAN_WECHATPAY_PUBLIC_KEY_ID"],
    )


def openid(sim: Simulator) -> str:
    return str(sim.post("/js_codes", user="小雁")["openid"])


def order(sim: Simulator) -> PrepayOrder:
    return PrepayOrder(
        appid=sim.credentials.mini_appid,
        out_trade_no=NUMBER,
        description="五月团 苹果5斤",
        total_fen=3990,
        notify_url=NOTIFY_URL,
        openid=openid(sim),
        profit_sharing=True,
    )


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/v3/pay/partner/transactions/out-trade-no/P1?sp_mchid=1&sub_mchid=2", b""),
        ("POST", "/v3/refund/domestic/refunds", '{"reason":"缺货，补发"}'.encode()),
        ("POST", "/v3/merchant/media/upload", b'{"filename":"a.png","sha256":"00"}'),
    ],
)
def test_their_verifier_takes_our_authorization(method: str, target: str, body: bytes) -> None:
    key = p.rsa_key("merchant")
    header = MerchantSigner(p.MCHID, p.MERCHANT_SERIAL, key).authorization(
        method, target, body, timestamp=1778553296, nonce="593BEC0C930BF1AFEB40B4A08C8FB242"
    )
    scheme, _, rest = header.partition(" ")
    told = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert set(told) == {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
    # Its verifier joins three texts by newlines; the first three lines of a request are its first.
    first = f"{method}\n{target}\n{told['timestamp']}"
    assert rsa_verify(first, told["nonce_str"], body.decode(), told["signature"], key.public_key())
    assert not rsa_verify(first, told["nonce_str"], body.decode() + " ", told["signature"], key.public_key())


@stack
def test_they_announce_and_we_ask_close_and_refund(
    sim: Simulator, theirs: WeChatPay, partner: WeChatPayClient, sub_mchid: str
) -> None:
    status, text = theirs.pay(
        description="苹果5斤", out_trade_no=NUMBER, amount={"total": 3990}, payer={"sp_openid": openid(sim)},
        sub_mchid=sub_mchid,
    )  # fmt: skip
    assert status == 200, text
    package = "prepay_id=" + json.loads(text)["prepay_id"]
    appid = sim.credentials.mini_appid
    sign = theirs.sign([appid, "1554208460", "nonce", package], SignType.RSA_SHA256)
    query = {"appId": appid, "timeStamp": "1554208460", "nonceStr": "nonce", "package": package,
             "signType": "RSA", "paySign": sign}  # fmt: skip
    assert "苹果5斤" in sim.control.get("/cashier/jsapi", params=query).text
    sim.post("/pay", out_trade_no=NUMBER)
    found = partner.query_by_out_trade_no(NUMBER)
    assert found is not None and found.paid and found.total_fen == 3990
    status, text = theirs.refund(
        out_trade_no=NUMBER, out_refund_no="R1", amount={"refund": 40, "total": 3990, "currency": "CNY"},
        reason="缺货", notify_url=NOTIFY_URL, sub_mchid=sub_mchid,
    )  # fmt: skip
    assert status == 200, text
    refund = partner.query_refund("R1")
    assert refund is not None and refund.refund_fen == 40


@stack
def test_we_announce_and_they_open_the_notice_and_ask(
    sim: Simulator, theirs: WeChatPay, partner: WeChatPayClient, sub_mchid: str
) -> None:
    partner.prepay_jsapi(partner.build_jsapi(order(sim)))
    sim.post("/pay", out_trade_no=NUMBER)
    headers, body = sim.notice(NUMBER)
    opened = theirs.callback(headers, body)["resource"]
    ours = partner.parse_notice(headers, body)
    assert isinstance(ours, TransactionNotice)
    assert dict(ours.transaction.raw) == opened and opened["sub_mchid"] == sub_mchid
    assert theirs.callback(*sim.notice(NUMBER, "notice_bad_signature")) is None
    status, text = theirs.query(out_trade_no=NUMBER, sub_mchid=sub_mchid)
    assert (status, json.loads(text)) == (200, opened)
    assert theirs.close(out_trade_no=NUMBER, sub_mchid=sub_mchid)[0] == 400


@stack
def test_sharing_is_the_same_from_both_sides(
    sim: Simulator, theirs: WeChatPay, partner: WeChatPayClient, sub_mchid: str
) -> None:
    partner.prepay_jsapi(partner.build_jsapi(order(sim)))
    sim.post("/pay", out_trade_no=NUMBER)
    found = partner.query_by_out_trade_no(NUMBER)
    assert found is not None
    name = sim.get(f"/merchants/{partner.mchid}")["name"]
    status, text = theirs.profitsharing_add_receiver(
        "MERCHANT_ID", partner.mchid, "SERVICE_PROVIDER", name=name, sub_mchid=sub_mchid
    )
    assert status == 200, text
    sharing = SharingClient(partner, appid=sim.credentials.mini_appid)
    sharing.add_receiver(Receiver(ReceiverType.MERCHANT, partner.mchid, Relation.SERVICE_PROVIDER, name))
    part = SharePart(ReceiverType.MERCHANT, partner.mchid, 500, "服务费", name=name)
    made = sharing.share(ShareOrder("S1", found.transaction_id, (part,), unfreeze_rest=False))
    # Their request under our number, with the name sealed by them: the platform sees the same share.
    receivers = [
        {
            "type": "MERCHANT_ID",
            "account": partner.mchid,
            "amount": 500,
            "description": "服务费",
            "name": name,
        }
    ]
    status, text = theirs.profitsharing_order(
        found.transaction_id, "S1", receivers, unfreeze_unsplit=False, sub_mchid=sub_mchid
    )
    assert (status, json.loads(text)["order_id"]) == (200, made.order_id), text
    status, text = theirs.profitsharing_return(
        "B1", partner.mchid, 200, "退款", out_order_no="S1", sub_mchid=sub_mchid
    )
    assert status == 200, text
    back = sharing.query_return("B1", "S1")
    assert back is not None and back.amount_fen == 200
    assert theirs.profitsharing_unfreeze(found.transaction_id, "S2", "解冻", sub_mchid=sub_mchid)[0] == 200
    assert json.loads(theirs.profitsharing_config_query(sub_mchid)[1])["max_ratio"] == sharing.max_ratio()
    accounts = sim.get("/book")["accounts"]
    assert (accounts[f"merchant:{partner.mchid}"], accounts[f"merchant:{sub_mchid}"]) == (300, 3690)


@stack
def test_their_application_is_read_by_us(sim: Simulator, theirs: WeChatPay) -> None:
    pay = sim.partner_client()
    onboarding = OnboardingClient(pay)
    media = onboarding.upload_picture("licence.png", PICTURE)
    status, text = theirs.applyment_submit(
        business_code="CROSS_1",
        contact_info={"contact_type": "LEGAL", "contact_name": "陈小禾", "mobile_phone": "13800138000",
                      "contact_email": "he@example.com"},
        subject_info={
            "subject_type": "SUBJECT_TYPE_INDIVIDUAL",
            "business_license_info": {"license_copy": media, "license_number": "91330100MA2XXXXX0A",
                                      "merchant_name": "杭州市西湖区阿禾水果店", "legal_person": "陈小禾"},
            "identity_info": {
                "id_doc_type": "IDENTIFICATION_TYPE_IDCARD", "owner": True,
                "id_card_info": {"id_card_copy": media, "id_card_national": media, "id_card_name": "陈小禾",
                                 "id_card_number": "110101199003070000", "card_period_begin": "2020-01-01",
                                 "card_period_end": "长期"},
            },
        },
        business_info={"merchant_shortname": "阿禾水果", "service_phone": "0571-88888888",
                       "sales_info": {"sales_scenes_type": ["SALES_SCENES_MINI_PROGRAM"]}},
        settlement_info={"settlement_id": "719", "qualification_type": "零售批发/生活娱乐/其他"},
        bank_account_info={"bank_account_type": "BANK_ACCOUNT_TYPE_PERSONAL", "account_name": "陈小禾",
                           "account_bank": "工商银行", "account_number": "6222020200000000000"},
    )  # fmt: skip
    assert status == 200, text
    found = onboarding.query_by_code("CROSS_1")
    assert found is not None and found.state is ApplymentState.AUDITING
    seen = sim.get("/applyments")["applyments"][0]["request"]
    assert seen["contact_info"]["contact_name"] == seen["bank_account_info"]["account_name"] == "陈小禾"
    pay.shutdown()


@stack
def test_their_upload_without_a_boundary_is_refused(
    sim: Simulator, theirs: WeChatPay, tmp_path: Path
) -> None:
    """A defect of 2.0.4; it shows that the simulator reads the form as it was sent."""
    picture = tmp_path / "licence.png"
    picture.write_bytes(PICTURE)
    status, text = theirs.image_upload(str(picture))
    assert (status, json.loads(text)["code"]) == (400, "PARAM_ERROR")

"""SMS by Alibaba Cloud's protocol and the WeCom robot."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from sim_merchant import Merchant

PHONE = "13800000001"


def sms(
    merchant: Merchant, *, path: str = "/sms/", signed_path: str = "/", as_form: bool = False, **changes: str
) -> httpx.Response:
    made = merchant.credentials
    key_id, secret = (
        changes.pop("key_id", made.sms_access_key_id),
        changes.pop("secret", made.sms_access_key_secret),
    )
    nonce = changes.pop("nonce", secrets.token_hex(16))
    moment = datetime.now(UTC) + timedelta(seconds=float(changes.pop("shift", "0")))
    values = {
        "PhoneNumbers": PHONE,
        "SignName": made.sms_sign_name,
        "TemplateCode": made.sms_template_code,
        "TemplateParam": json.dumps({"code": "482913"}),
    } | changes
    text = "&".join(f"{quote(k, safe='-_.~')}={quote(values[k], safe='-_.~')}" for k in sorted(values))
    body, query = (text, "") if as_form else ("", text)
    headers = {
        "host": "127.0.0.1:8001",
        "x-acs-action": "SendSms",
        "x-acs-version": "2017-05-25",
        "x-acs-date": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-content-sha256": hashlib.sha256(body.encode()).hexdigest(),
    }
    if as_form:
        headers["content-type"] = "application/x-www-form-urlencoded"
    names = sorted(headers)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = "\n".join(
        ("POST", signed_path, query, lines, ";".join(names), headers["x-acs-content-sha256"])
    )
    message = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={';'.join(names)},Signature={signature}"
    )
    return merchant.client.post(f"{path}?{query}" if query else path, content=body.encode(), headers=headers)


@pytest.mark.parametrize("as_form", [False, True])
@pytest.mark.parametrize("signed_path", ["/", "/sms/"])
def test_the_code_arrives_in_the_inbox(merchant: Merchant, as_form: bool, signed_path: str) -> None:
    answer = sms(merchant, as_form=as_form, signed_path=signed_path)
    assert (answer.status_code, answer.json()["Code"]) == (200, "OK")
    assert answer.json()["BizId"]
    [message] = merchant.look(f"/inbox?phone={PHONE}")["messages"]
    assert (message["channel"], message["recipient"], message["code"]) == ("sms", PHONE, "482913")
    assert message["body"].startswith("【雁团】您的验证码是 482913")
    assert merchant.look("/inbox?phone=13900000000")["messages"] == []
    assert "482913" in merchant.client.get(f"/inbox?phone={PHONE}").text


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"secret": "wrong"}, 400, "SignatureDoesNotMatch"),
        ({"signed_path": "/elsewhere"}, 400, "SignatureDoesNotMatch"),
        ({"key_id": "LTAIunknown"}, 404, "InvalidAccessKeyId.NotFound"),
        ({"shift": "-1000"}, 400, "InvalidTimeStamp.Expired"),
        ({"PhoneNumbers": ""}, 400, "MissingPhoneNumbers"),
        ({"PhoneNumbers": "12345"}, 200, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"SignName": "别家"}, 200, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"TemplateCode": "SMS_1"}, 200, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"TemplateParam": "{"}, 200, "isv.INVALID_JSON_PARAM"),
        ({"TemplateParam": "{}"}, 200, "isv.TEMPLATE_MISSING_PARAMETERS"),
    ],
)
def test_sms_errors_send_nothing(merchant: Merchant, changes: dict, status: int, code: str) -> None:
    answer = sms(merchant, **changes)
    assert (answer.status_code, answer.json()["Code"]) == (status, code)
    assert merchant.look("/inbox")["messages"] == []


def test_a_nonce_works_once(merchant: Merchant) -> None:
    assert sms(merchant, nonce="n1").json()["Code"] == "OK"
    assert sms(merchant, nonce="n1").json()["Code"] == "SignatureNonceUsed"


def test_sms_limits_per_phone(merchant: Merchant) -> None:
    merchant.sim("/config", sms_per_minute=1, sms_per_hour=2)
    assert sms(merchant).json()["Code"] == "OK"
    assert sms(merchant).json()["Code"] == "isv.BUSINESS_LIMIT_CONTROL"
    assert sms(merchant, PhoneNumbers="13800000002").json()["Code"] == "OK"
    merchant.sim("/clock", offset_seconds=61)
    assert sms(merchant, shift="61").json()["Code"] == "OK"
    merchant.sim("/clock", offset_seconds=122)
    assert sms(merchant, shift="122").json()["Code"] == "isv.BUSINESS_LIMIT_CONTROL"


def test_sms_faults(merchant: Merchant) -> None:
    merchant.sim("/faults", kind="sms_limited")
    assert sms(merchant).json()["Code"] == "isv.BUSINESS_LIMIT_CONTROL"
    merchant.sim("/faults", kind="sms_down")
    assert sms(merchant).status_code == 503
    assert sms(merchant).json()["Code"] == "OK"


def robot(merchant: Merchant, body: object, key: str | None = None) -> int:
    target = f"/cgi-bin/webhook/send?key={key or merchant.credentials.wecom_robot_key}"
    return json.loads(merchant.client.post(target, json=body).content)["errcode"]


def text(content: str) -> dict:
    return {"msgtype": "text", "text": {"content": content}}


def test_robot_messages_reach_the_inbox(merchant: Merchant) -> None:
    assert (
        robot(merchant, {"msgtype": "markdown", "markdown": {"content": "**五月水果团**\n新订单 #0001"}}) == 0
    )
    [message] = merchant.look("/inbox?channel=wecom")["messages"]
    assert message["body"] == "**五月水果团**\n新订单 #0001"
    assert merchant.credentials.wecom_robot_key not in json.dumps(message)


def test_robot_errors(merchant: Merchant) -> None:
    assert robot(merchant, text("好"), key="nonsense") == 93000
    assert robot(merchant, {"msgtype": "poem", "poem": {}}) == 40008
    assert robot(merchant, {"msgtype": "text"}) == 40058
    assert robot(merchant, []) == 40058
    assert robot(merchant, text("")) == 44004
    assert robot(merchant, text("好" * 683)) == 45002
    assert robot(merchant, text("好" * 682)) == 0
    assert robot(merchant, {"msgtype": "markdown", "markdown": {"content": "a" * 4097}}) == 45002
    assert len(merchant.look("/inbox")["messages"]) == 1


def test_robot_pictures_news_and_cards(merchant: Merchant) -> None:
    raw = b"\x89PNG picture"
    picture = {"base64": base64.b64encode(raw).decode(), "md5": hashlib.md5(raw).hexdigest()}
    assert robot(merchant, {"msgtype": "image", "image": picture}) == 0
    assert robot(merchant, {"msgtype": "image", "image": {**picture, "md5": "0" * 32}}) == 40058
    assert robot(merchant, {"msgtype": "news", "news": {"articles": []}}) == 40058
    assert (
        robot(merchant, {"msgtype": "news", "news": {"articles": [{"title": "团购", "url": "https://a"}]}})
        == 0
    )
    card = {"card_type": "text_notice", "main_title": {"title": "新订单", "desc": "¥39.90"}}
    assert robot(merchant, {"msgtype": "template_card", "template_card": card}) == 0


def test_robot_rate(merchant: Merchant) -> None:
    assert [robot(merchant, text(str(index))) for index in range(21)] == [0] * 20 + [45009]
    merchant.sim("/clock", offset_seconds=61)
    assert robot(merchant, text("后来")) == 0
    merchant.sim("/faults", kind="wecom_limited")
    assert robot(merchant, text("再来")) == 45009

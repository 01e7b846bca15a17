"""The platform's published vectors, both formats, and texts in bad faith."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from yantuan.gateways.errors import GatewayUndecryptable
from yantuan.gateways.wechat_push import (
    PushRefused,
    PushSettings,
    PushUnreadable,
    check_url,
    decrypt,
    encrypt,
    listed,
    open_push,
    parse,
    signature,
)

APPID = "wxba5fad812f8e6fb9"
SECURE = PushSettings("AAAAA", "secure", (APPID,), "A" * 43)
PLAIN = PushSettings("AAAAA", "plain", (APPID,))
ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsX"
    "UnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8Eaj"
    "AsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
MESSAGE = (
    '{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,'
    '"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}'
)
AT = datetime.fromtimestamp(1714112445, UTC)
QUERY = {
    "timestamp": "1714112445",
    "nonce": "415670741",
    "encrypt_type": "aes",
    "msg_signature": "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3",
}


def body(sealed: str = ENCRYPT) -> bytes:
    return json.dumps({"ToUserName": "gh_97417a04a28d", "Encrypt": sealed}).encode()


@pytest.mark.parametrize(
    ("stamp", "nonce", "wanted"),
    [
        ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ],
)
def test_published_check_of_the_address(stamp: str, nonce: str, wanted: str) -> None:
    assert signature("AAAAA", stamp, nonce) == wanted
    at = datetime.fromtimestamp(int(stamp), UTC)
    query = {"signature": wanted, "timestamp": stamp, "nonce": nonce, "echostr": "4375120948345356249"}
    assert check_url(PLAIN, query, at) == "4375120948345356249"
    for changed in (
        {"signature": wanted[:-1] + "0"},
        {"nonce": "1"},
        {"timestamp": str(int(stamp) + 1)},
        {"signature": "é"},
    ):
        with pytest.raises(PushRefused):
            check_url(PLAIN, query | changed, at)
    with pytest.raises(PushRefused):
        check_url(PLAIN, query, at + timedelta(minutes=6))


def test_published_encrypted_message() -> None:
    assert decrypt(SECURE, ENCRYPT) == MESSAGE.encode()
    opened = open_push(SECURE, QUERY, body(), AT)
    assert opened.text == MESSAGE and opened.fields["debug_str"] == "hello world"
    assert encrypt(SECURE, MESSAGE.encode(), appid=APPID, salt=b"a8eedb185eb2fecf") == ENCRYPT
    xml = f"<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[{ENCRYPT}]]></Encrypt></xml>"
    assert open_push(SECURE, QUERY, xml.encode(), AT).text == MESSAGE


def test_published_reply() -> None:
    sealed = encrypt(SECURE, b'{"demo_resp":"good luck"}', appid=APPID, salt=b"707722b803182950")
    assert (
        sealed == "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    )
    assert signature("AAAAA", "1713424427", "415670741", sealed) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


def test_what_is_refused() -> None:
    plain_signature = signature("AAAAA", "1714112445", "415670741")
    cases = [
        (SECURE, QUERY | {"msg_signature": "0" * 40}, body()),
        (SECURE, QUERY | {"nonce": "415670742"}, body()),
        (
            SECURE,
            {k: v for k, v in QUERY.items() if k != "msg_signature"} | {"signature": plain_signature},
            body(),
        ),
        (SECURE, QUERY, body(ENCRYPT[:-4] + "AAA=")),
        (SECURE, {k: v for k, v in QUERY.items() if k != "encrypt_type"}, body()),
        (SECURE, QUERY, MESSAGE.encode()),
        (PushSettings("AAAAA", "secure", ("wxother",), "A" * 43), QUERY, body()),
        (PushSettings("", "secure", (APPID,), "A" * 43), QUERY, body()),
        (PLAIN, QUERY | {"signature": plain_signature}, body()),
        (PLAIN, QUERY, MESSAGE.encode()),
        (PLAIN, {}, MESSAGE.encode()),
    ]
    for settings, query, raw in cases:
        with pytest.raises(PushRefused) as refused:
            open_push(settings, query, raw, AT)
        assert refused.value.status == 403
    with pytest.raises(PushRefused):
        open_push(SECURE, QUERY, body(), AT + timedelta(seconds=301))
    assert open_push(SECURE, QUERY, body(), AT + timedelta(seconds=299)).text == MESSAGE


def test_another_key_is_our_trouble_and_not_theirs() -> None:
    other = PushSettings("AAAAA", "secure", (APPID,), "B" * 43)
    with pytest.raises(GatewayUndecryptable):
        open_push(other, QUERY, body(), AT)
    with pytest.raises(GatewayUndecryptable):
        open_push(PushSettings("AAAAA", "secure", (APPID,), "short"), QUERY, body(), AT)


def test_compat_reads_the_encrypted_part() -> None:
    compat = PushSettings("AAAAA", "compat", (APPID,), "A" * 43)
    both = json.dumps({**json.loads(MESSAGE), "Event": "forged", "Encrypt": ENCRYPT}).encode()
    assert open_push(compat, QUERY, both, AT).fields["Event"] == "debug_demo"


def test_plain_xml_and_json_say_the_same() -> None:
    xml = (
        "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><CreateTime>1778800000</CreateTime>"
        "<SubscribeMsgPopupEvent><List><TemplateId><![CDATA[A<b>&]]></TemplateId></List>"
        "<List><TemplateId>B</TemplateId></List></SubscribeMsgPopupEvent><Empty/></xml>"
    )
    assert parse(xml) == {
        "ToUserName": "gh_1",
        "CreateTime": "1778800000",
        "SubscribeMsgPopupEvent": {"List": [{"TemplateId": "A<b>&"}, {"TemplateId": "B"}]},
        "Empty": "",
    }
    assert listed({"a": 1}) == [{"a": 1}] and listed([{"a": 1}, 5]) == [{"a": 1}] and listed(None) == []


BOMB = '<!DOCTYPE xml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Event>&b;</Event></xml>'
REMOTE = '<!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB, REMOTE, "", "[]", "1", "nonsense", "<xml>", "<a>1</a>", "<xml>text</xml>", "[" * 100_000, "<xml>&b;</xml>",
        "<a>" * 20 + "</a>" * 20, "<xml>" + "<i>1</i>" * 3000 + "</xml>", '<?xml version="1.0" encoding="x"?><xml/>',
    ],
)  # fmt: skip
def test_texts_in_bad_faith(text: str) -> None:
    with pytest.raises(PushUnreadable) as refused:
        parse(text)
    assert refused.value.status == 400


def test_bytes_in_bad_faith() -> None:
    query = {"timestamp": "1714112445", "nonce": "n", "signature": signature("AAAAA", "1714112445", "n")}
    with pytest.raises(PushUnreadable):
        open_push(PLAIN, query, b"\xff\xfe", AT)
    for sealed in ("", "A", "!!!!", "AAAA", "é"):
        mac = signature("AAAAA", "1714112445", "n", sealed)
        with pytest.raises(PushUnreadable):
            open_push(SECURE, query | {"msg_signature": mac, "encrypt_type": "aes"}, body(sealed), AT)

"""What the platform demands of a request, and what it puts on an answer."""

import base64
import json
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sim_merchant import Merchant


def target(merchant: Merchant) -> str:
    return f"/v3/pay/transactions/out-trade-no/NOSUCH01?mchid={merchant.credentials.mchid}"


@pytest.mark.parametrize(
    "changes",
    [
        {"mchid": "1900000999"},
        {"serial_no": "A" * 40},
        {"signature": "c2lnbmF0dXJl"},
        {"signature": "WECHATPAY/SIGNTEST/" + "A" * 300},
        {"timestamp": "soon"},
    ],
)
def test_a_wrong_field_is_a_sign_error(merchant: Merchant, changes: dict[str, str]) -> None:
    answer = merchant.call("GET", target(merchant), **changes)
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
    assert merchant.verified(answer.headers, answer.content)
    information = answer.json()["detail"]["sign_information"]
    assert information["method"] == "GET"
    assert information["url"] == target(merchant)


@pytest.mark.parametrize("shift", [-301, 310])
def test_clocks_may_differ_by_five_minutes_at_most(merchant: Merchant, shift: int) -> None:
    refused = merchant.call("GET", target(merchant), timestamp=str(int(time.time()) + shift))
    assert (refused.status_code, refused.json()["code"]) == (401, "SIGN_ERROR")
    close = merchant.call("GET", target(merchant), timestamp=str(int(time.time()) + shift * 9 // 10))
    assert close.json()["code"] == "ORDER_NOT_EXIST"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer abc",
        "WECHATPAY2-SHA256-RSA2048",
        'WECHATPAY2-SHA256-RSA2048 mchid="1900000109",nonce_str="a",timestamp="1"',
        'WECHATPAY2-SHA256-RSA2048 mchid="1",mchid="1",nonce_str="a",signature="b",timestamp="1",serial_no="2"',
        'WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="",signature="b",timestamp="1",serial_no="2"',
        'WECHATPAY2-SHA256-RSA2048 mchid = "1",nonce_str="a",signature="b",timestamp="1",serial_no="2"',
    ],
)
def test_a_malformed_authorization_is_a_sign_error(merchant: Merchant, header: str) -> None:
    answer = merchant.call("GET", target(merchant), headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")


def test_the_query_and_the_body_are_signed(merchant: Merchant) -> None:
    good = merchant.authorization("GET", target(merchant))
    other = merchant.call("GET", target(merchant) + "&x=1", headers={"Authorization": good})
    assert other.json()["code"] == "SIGN_ERROR"
    body = json.dumps(merchant.order())
    signed = merchant.authorization("POST", "/v3/pay/transactions/jsapi", body)
    changed = merchant.call(
        "POST", "/v3/pay/transactions/jsapi", body.replace("3990", "1"), headers={"Authorization": signed}
    )
    assert changed.json()["code"] == "SIGN_ERROR"
    assert merchant.look("/book")["orders"] == {}


def test_the_path_is_signed_as_sent(merchant: Merchant) -> None:
    sent = f"/v3/pay/transactions/out-trade-no/A%7CB%2A0001?mchid={merchant.credentials.mchid}"
    assert merchant.call("GET", sent).json()["code"] == "ORDER_NOT_EXIST"


def test_general_headers_are_needed(merchant: Merchant) -> None:
    assert merchant.call("GET", target(merchant), headers={"User-Agent": ""}).status_code == 403
    assert merchant.call("GET", target(merchant), headers={"Accept": "text/html"}).status_code == 403
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    wrong = merchant.call("POST", "/v3/pay/transactions/jsapi", merchant.order(), headers=form)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "PARAM_ERROR")
    serial = merchant.call("GET", target(merchant), headers={"Wechatpay-Serial": "PUB_KEY_ID_0"})
    assert (serial.status_code, serial.json()["code"]) == (400, "PARAM_ERROR")


def test_every_answer_is_signed_and_numbered(merchant: Merchant) -> None:
    answer = merchant.get(target(merchant))
    assert (answer.status_code, answer.json()) == (404, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"})
    assert merchant.verified(answer.headers, answer.content)
    assert answer.headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
    assert answer.headers["Request-ID"].endswith("-268512771")
    assert abs(int(answer.headers["Wechatpay-Timestamp"]) - time.time()) < 5
    nowhere = merchant.get("/v3/pay/transactions/nowhere/at/all")
    assert nowhere.status_code == 404
    assert merchant.verified(nowhere.headers, nowhere.content)


def test_modes_choose_the_key(merchant: Merchant) -> None:
    ring = merchant.world.keyring
    serial = lambda: merchant.get(target(merchant)).headers["Wechatpay-Serial"]  # noqa: E731
    assert serial() == ring.current("public_key").key_id
    merchant.sim("/config", sign_mode="certificate")
    assert serial() == ring.current("certificate").key_id
    merchant.sim("/config", sign_mode="both")
    assert {serial(), serial()} == {ring.current("certificate").key_id, ring.current("public_key").key_id}
    for kind in ("certificate", "public_key"):
        asked = {"Wechatpay-Serial": ring.current(kind).key_id}
        answer = merchant.call("GET", target(merchant), headers=asked)
        assert answer.headers["Wechatpay-Serial"] == asked["Wechatpay-Serial"]


@pytest.mark.parametrize("mode", ["public_key", "certificate"])
def test_after_a_rotation_the_new_key_signs_and_the_old_one_stays_known(
    merchant: Merchant, mode: str
) -> None:
    merchant.sim("/config", sign_mode=mode)
    before = merchant.get(target(merchant))
    new = merchant.sim("/rotate", mode=mode)["key_id"]
    old_asked = {"Wechatpay-Serial": before.headers["Wechatpay-Serial"]}
    after = merchant.call("GET", target(merchant), headers=old_asked)
    assert after.headers["Wechatpay-Serial"] == new != before.headers["Wechatpay-Serial"]
    assert merchant.verified(after.headers, after.content)
    assert merchant.verified(before.headers, before.content)


def test_certificates_decrypt_to_the_signing_certificates(merchant: Merchant) -> None:
    assert merchant.get("/v3/certificates").json()["code"] == "RESOURCE_NOT_EXISTS"
    merchant.sim("/config", sign_mode="certificate")
    merchant.sim("/rotate", mode="certificate")
    data = merchant.get("/v3/certificates").json()["data"]
    serials = []
    for entry in data:
        box = entry["encrypt_certificate"]
        assert (box["algorithm"], box["associated_data"]) == ("AEAD_AES_256_GCM", "certificate")
        pem = AESGCM(merchant.credentials.apiv3_key.encode()).decrypt(
            box["nonce"].encode(), base64.b64decode(box["ciphertext"]), b"certificate"
        )
        serials.append(f"{x509.load_pem_x509_certificate(pem).serial_number:040X}")
        assert entry["serial_no"] == serials[-1]
        assert entry["effective_time"].endswith("+08:00")
    assert serials == [key.key_id for key in merchant.world.keyring.all("certificate")]


@pytest.mark.parametrize(
    ("kind", "verified"),
    [("answer_bad_signature", False), ("answer_signtest", False), ("answer_wrong_serial", False)],
)
def test_answers_can_be_spoilt_once(merchant: Merchant, kind: str, verified: bool) -> None:
    merchant.sim("/faults", kind=kind)
    spoilt = merchant.get(target(merchant))
    assert merchant.verified(spoilt.headers, spoilt.content) is verified
    assert spoilt.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/") == (
        kind == "answer_signtest"
    )
    good = merchant.get(target(merchant))
    assert merchant.verified(good.headers, good.content)


def test_unsigned_garbage_slow_and_refused_answers(merchant: Merchant) -> None:
    merchant.sim("/faults", kind="answer_unsigned")
    assert "Wechatpay-Signature" not in merchant.get(target(merchant)).headers
    merchant.sim("/faults", kind="answer_garbage", operation="query")
    garbage = merchant.get(target(merchant))
    assert garbage.status_code == 200
    with pytest.raises(ValueError):
        garbage.json()
    merchant.sim("/faults", kind="rate_limited")
    assert merchant.get(target(merchant)).json()["code"] == "FREQUENCY_LIMITED"
    merchant.sim("/faults", kind="answer_slow", seconds=0.05)
    assert merchant.get(target(merchant)).status_code == 404
    assert merchant.look("/faults")["faults"][0]["used"] == 1

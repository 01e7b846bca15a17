"""The same signatures and ciphers as an independent implementation makes and takes."""

from __future__ import annotations

import json
import re

from wechatpayv3.utils import (
    aes_decrypt,
    build_authorization,
    rsa_decrypt,
    rsa_encrypt,
    rsa_sign,
    rsa_verify,
)

from gateways import pay_platform as p
from yantuan.gateways.wechatpay.crypto import aes_gcm_decrypt, oaep_decrypt, oaep_encrypt
from yantuan.gateways.wechatpay.signing import MerchantSigner, verify


class OneKey:
    def find(self, serial: str) -> object:
        return p.rsa_key("platform").public_key()


def test_our_authorization_is_the_one_it_would_make() -> None:
    key = p.rsa_key("merchant")
    body = {"mchid": p.MCHID, "description": "苹果"}
    theirs = build_authorization(
        "/v3/x?a=1", "POST", p.MCHID, p.MERCHANT_SERIAL, key, data=body, nonce_str="n0"
    )
    stamp = int(re.findall(r'timestamp="(\d+)"', theirs)[0])
    ours = MerchantSigner(p.MCHID, p.MERCHANT_SERIAL, key).authorization(
        "POST", "/v3/x?a=1", json.dumps(body).encode(), timestamp=stamp, nonce="n0"
    )
    fields = re.compile(r'(\w+)="([^"]*)"')
    assert dict(fields.findall(ours)) == dict(fields.findall(theirs))


def test_it_takes_our_platform_signatures_and_we_take_its() -> None:
    body, stamp, nonce = '{"a":"苹果"}', str(int(p.NOW.timestamp())), "n1"
    headers = p.signature_headers(body.encode())
    assert rsa_verify(
        headers["Wechatpay-Timestamp"],
        headers["Wechatpay-Nonce"],
        body,
        headers["Wechatpay-Signature"],
        p.rsa_key("platform").public_key(),
    )
    made = rsa_sign(p.rsa_key("platform"), f"{stamp}\n{nonce}\n{body}\n")
    signed = {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": made,
        "Wechatpay-Serial": p.KEY_ID,
    }
    verify(signed, body.encode(), OneKey(), now=int(stamp))  # type: ignore[arg-type]


def test_ciphers_agree() -> None:
    sealed = p.seal({"a": 1})
    parts = {"nonce": sealed["nonce"], "associated_data": "transaction", "ciphertext": sealed["ciphertext"]}
    ours = aes_gcm_decrypt(p.APIV3_KEY, **parts)
    assert aes_decrypt(apiv3_key=p.APIV3_KEY.decode(), **parts) == ours.decode()
    key = p.rsa_key("platform")
    assert oaep_decrypt(key, rsa_encrypt("张三", key.public_key())) == "张三"
    assert rsa_decrypt(oaep_encrypt(key.public_key(), "张三"), key) == "张三"

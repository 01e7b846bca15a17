"""A tiny stand-in for WeChat Pay's side: signs answers and seals notices as documented."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from yantuan.gateways.wechatpay import WeChatPayClient, WeChatPaySettings

NOW = datetime(2026, 5, 12, 2, 0, 0, tzinfo=UTC)
APIV3_KEY = b"0123456789abcdef0123456789abcdef"
MCHID = "1900000109"
MERCHANT_SERIAL = "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C"
KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"
BASE = "https://api.mch.example.com"

Handler = Callable[[httpx.Request], httpx.Response]


@lru_cache(maxsize=8)
def rsa_key(name: str) -> rsa.RSAPrivateKey:
    """One key per name, made once: key generation is slow."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def certificate(
    key: rsa.RSAPrivateKey, serial: int, *, start: datetime, days: int = 1825
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )


def certificate_pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)


def sign(key: rsa.RSAPrivateKey, message: bytes) -> str:
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def signature_headers(
    body: bytes,
    *,
    key: rsa.RSAPrivateKey | None = None,
    serial: str = KEY_ID,
    at: datetime = NOW,
) -> dict[str, str]:
    stamp, nonce = str(int(at.timestamp())), "c5ac7061fccab6bf3e254dcf98995b8c"
    message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": sign(key or rsa_key("platform"), message),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Request-ID": "08F780-268435456",
    }


def answer(value: Any, status: int = 200, **signing: Any) -> httpx.Response:
    body = b"" if value is None else json.dumps(value, ensure_ascii=False).encode()
    return httpx.Response(status, headers=signature_headers(body, **signing), content=body)


def seal(value: Any, *, key: bytes = APIV3_KEY, associated: str = "transaction") -> dict[str, str]:
    nonce = os.urandom(6).hex()
    plain = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    sealed = AESGCM(key).encrypt(nonce.encode(), plain, associated.encode())
    return {
        "algorithm": "AEAD_AES_256_GCM",
        "nonce": nonce,
        "associated_data": associated,
        "ciphertext": base64.b64encode(sealed).decode(),
    }


def notice_body(event: str, original: str, value: Any, **sealing: Any) -> bytes:
    return json.dumps(
        {
            "id": "EV-2018022511223320873",
            "create_time": "2026-05-12T10:00:00+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "支付成功",
            "resource": {"original_type": original, **seal(value, associated=original, **sealing)},
        },
        ensure_ascii=False,
    ).encode()


def settings(**changes: Any) -> WeChatPaySettings:
    values: dict[str, Any] = {
        "base_url": BASE,
        "mchid": MCHID,
        "merchant_serial": MERCHANT_SERIAL,
        "merchant_key_pem": private_pem(rsa_key("merchant")),
        "apiv3_keys": (APIV3_KEY,),
        "public_keys": {KEY_ID: public_pem(rsa_key("platform"))},
        "download_certificates": False,
    }
    return WeChatPaySettings(**(values | changes))


def client(handler: Handler, *, now: Callable[[], datetime] = lambda: NOW, **changes: Any) -> WeChatPayClient:
    made = WeChatPayClient(settings(**changes), transport=httpx.MockTransport(handler), now=now)
    # Pauses between repeats are real product behaviour, but no test should sleep through them.
    made._http._sleep = lambda seconds: None
    return made


PAID = {
    "appid": "wxmini0000000001",
    "mchid": MCHID,
    "out_trade_no": "P20260512000001A1",
    "transaction_id": "4200002026051212345678901234",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "attach": "order:123",
    "success_time": "2026-05-12T10:05:07+08:00",
    "payer": {"openid": "oAAA"},
    "amount": {"total": 3990, "payer_total": 3990, "currency": "CNY", "payer_currency": "CNY"},
    "a_new_field": [1.5],
}

UNPAID = {
    "appid": "wxmini0000000001",
    "mchid": MCHID,
    "out_trade_no": "P20260512000001A1",
    "trade_state": "NOTPAY",
    "trade_state_desc": "订单未支付",
    "attach": "",
    "amount": {"total": 3990, "currency": "CNY", "payer_currency": "CNY"},
    "payer": {},
    "promotion_detail": [],
}

REFUND = {
    "refund_id": "50300000002026051300000000001",
    "out_refund_no": "R20260513000001",
    "transaction_id": "4200002026051212345678901234",
    "out_trade_no": "P20260512000001A1",
    "channel": "ORIGINAL",
    "user_received_account": "支付用户零钱",
    "create_time": "2026-05-13T09:00:00+08:00",
    "status": "PROCESSING",
    "funds_account": "UNSETTLED",
    "amount": {"total": 3990, "refund": 1330, "payer_total": 3990, "payer_refund": 1330, "currency": "CNY"},
    "promotion_detail": [],
}

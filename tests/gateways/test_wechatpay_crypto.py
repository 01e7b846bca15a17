"""Signatures and ciphers: documented vectors, round trips, and every way a signature may be wrong."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateways import pay_platform as p
from yantuan.gateways.errors import GatewayUnverified
from yantuan.gateways.wechatpay.crypto import (
    CipherError,
    aes_gcm_decrypt,
    load_certificate,
    load_private_key,
    load_public_key,
    oaep_decrypt,
    oaep_encrypt,
    serial_of,
)
from yantuan.gateways.wechatpay.signing import MerchantSigner, verify

UNIX = int(p.NOW.timestamp())


class OneKey:
    def find(self, serial: str) -> RSAPublicKey | None:
        return p.rsa_key("platform").public_key() if serial == p.KEY_ID else None


@pytest.mark.parametrize(
    ("key", "nonce", "aad", "sealed", "plain"),
    [
        (p.APIV3_KEY, "abcdef012345", "transaction", "+tSDLJa2O/VrDjqj4KG3zeK9Cp3RjnI=", b'{"a":1}'),
        (p.APIV3_KEY, "abcdef012345", "", "+tSDLJa2O6NFqgTW9dAoFzJ+QQd2ISQ=", b'{"a":1}'),
        (
            b"testAPIv3Key0000",
            "wCq51qZv4Yfg",
            "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8",
            "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC",
            b"Hello World",
        ),
    ],
)
def test_documented_ciphertexts_open(key: bytes, nonce: str, aad: str, sealed: str, plain: bytes) -> None:
    assert aes_gcm_decrypt(key, nonce=nonce, ciphertext=sealed, associated_data=aad) == plain


@pytest.mark.parametrize(
    "change",
    [
        {"key": b"x" * 32},
        {"nonce": "abcdef012346"},
        {"nonce": ""},
        {"associated_data": "refund"},
        {"ciphertext": "not base64!"},
        {"ciphertext": ""},
    ],
)
def test_damaged_ciphertext_never_opens(change: dict[str, object]) -> None:
    good = {
        "key": p.APIV3_KEY,
        "nonce": "abcdef012345",
        "ciphertext": "+tSDLJa2O/VrDjqj4KG3zeK9Cp3RjnI=",
        "associated_data": "transaction",
    } | change
    key = good.pop("key")
    with pytest.raises(CipherError):
        aes_gcm_decrypt(key, **good)  # type: ignore[arg-type]


def test_personal_fields_round_trip() -> None:
    key = p.rsa_key("platform")
    assert oaep_decrypt(key, oaep_encrypt(key.public_key(), "张三")) == "张三"
    with pytest.raises(CipherError):
        oaep_decrypt(p.rsa_key("merchant"), oaep_encrypt(key.public_key(), "张三"))


def test_keys_load_only_when_usable() -> None:
    assert load_private_key(p.private_pem(p.rsa_key("merchant"))).key_size == 2048
    cert = p.certificate(p.rsa_key("platform"), 0xABC, start=p.NOW)
    assert load_public_key(p.certificate_pem(cert)).public_numbers() == (
        p.rsa_key("platform").public_key().public_numbers()
    )
    assert serial_of(load_certificate(p.certificate_pem(cert))) == "ABC".rjust(40, "0")
    with pytest.raises(ValueError, match="merchant key"):
        load_private_key(b"-----BEGIN NONSENSE-----")


def test_pay_sign_signs_the_documented_text() -> None:
    key = p.rsa_key("merchant")
    signer = MerchantSigner(p.MCHID, p.MERCHANT_SERIAL, key)
    made = signer.pay_sign(
        "wx2421b1c4370ec43b",
        "wx201410272009395522657a690389285100",
        timestamp=1554208460,
        nonce="593BEC0C930BF1AFEB40B4A08C8FB242",
    )
    text = (
        "wx2421b1c4370ec43b\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n"
        "prepay_id=wx201410272009395522657a690389285100\n"
    )
    assert made == p.sign(key, text.encode())


@hypothesis_settings(max_examples=40, deadline=None)
@given(body=st.text(max_size=200), target=st.from_regex(r"/v3/[a-z0-9/%?=&_-]{0,60}", fullmatch=True))
def test_request_signature_covers_every_part(body: str, target: str) -> None:
    key = p.rsa_key("merchant")
    header = MerchantSigner(p.MCHID, p.MERCHANT_SERIAL, key).authorization(
        "POST", target, body.encode(), timestamp=UNIX, nonce="n0"
    )
    scheme, rest = header.split(" ", 1)
    parts = dict(part.split("=", 1) for part in rest.split(","))
    parts = {name: value.strip('"') for name, value in parts.items()}
    assert scheme == "WECHATPAY2-SHA256-RSA2048"
    assert (parts["mchid"], parts["serial_no"], parts["timestamp"], parts["nonce_str"]) == (
        p.MCHID,
        p.MERCHANT_SERIAL,
        str(UNIX),
        "n0",
    )
    message = f"POST\n{target}\n{UNIX}\nn0\n{body}\n".encode()
    key.public_key().verify(
        base64.b64decode(parts["signature"]), message, padding.PKCS1v15(), hashes.SHA256()
    )


@hypothesis_settings(max_examples=40, deadline=None)
@given(body=st.binary(max_size=300), flip=st.integers(min_value=0, max_value=299))
def test_answer_signature_holds_for_exactly_these_bytes(body: bytes, flip: int) -> None:
    headers = p.signature_headers(body)
    verify(headers, body, OneKey(), now=UNIX)
    changed = bytearray(body or b"\x00")
    changed[flip % len(changed)] ^= 1
    with pytest.raises(GatewayUnverified):
        verify(headers, bytes(changed), OneKey(), now=UNIX)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_either_way_are_fine(seconds: int) -> None:
    verify(p.signature_headers(b"{}", at=p.NOW + timedelta(seconds=seconds)), b"{}", OneKey(), now=UNIX)


@pytest.mark.parametrize("seconds", [-301, 301, -360, 360])
def test_older_or_newer_is_refused(seconds: int) -> None:
    with pytest.raises(GatewayUnverified, match="five minutes"):
        verify(p.signature_headers(b"{}", at=p.NOW + timedelta(seconds=seconds)), b"{}", OneKey(), now=UNIX)


@pytest.mark.parametrize(
    "change",
    [
        {"Wechatpay-Signature": ""},
        {"Wechatpay-Serial": ""},
        {"Wechatpay-Timestamp": ""},
        {"Wechatpay-Nonce": ""},
        {"Wechatpay-Nonce": "another"},
        {"Wechatpay-Serial": "PUB_KEY_ID_9"},
        {"Wechatpay-Timestamp": "١٧٧٨٥٥١٢٠٠"},
        {"Wechatpay-Timestamp": "soon"},
        {"Wechatpay-Signature": "***"},
        {"Wechatpay-Signature": "AAAA"},
        {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
    ],
)
def test_wrong_headers_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(GatewayUnverified) as caught:
        verify(p.signature_headers(b"{}") | change, b"{}", OneKey(), now=UNIX)
    assert caught.value.probe is False


def test_probe_is_refused_and_named() -> None:
    headers = p.signature_headers(b"{}") | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + "A" * 300}
    with pytest.raises(GatewayUnverified) as caught:
        verify(headers, b"{}", OneKey(), now=UNIX)
    assert caught.value.probe is True


def test_header_names_have_no_case() -> None:
    lower = {name.lower(): value for name, value in p.signature_headers(b"{}").items()}
    verify(lower, b"{}", OneKey(), now=UNIX)

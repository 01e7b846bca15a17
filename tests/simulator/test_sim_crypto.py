"""The published vectors of WeChat Pay v3."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from yantuan.simulator import crypto

KEY = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("aad", "sealed"),
    [
        ("transaction", "+tSDLJa2O/VrDjqj4KG3zeK9Cp3RjnI="),
        ("", "+tSDLJa2O6NFqgTW9dAoFzJ+QQd2ISQ="),
    ],
)
def test_aes_gcm_vectors(aad: str, sealed: str) -> None:
    assert crypto.seal(KEY, "abcdef012345", aad, b'{"a":1}') == sealed


def test_hello_world_of_the_official_library() -> None:
    sealed = crypto.seal(
        "testAPIv3Key0000", "wCq51qZv4Yfg", "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8", b"Hello World"
    )
    assert sealed == "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC"


def test_a_signature_fits_only_its_text_and_key() -> None:
    key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    message = crypto.lines("GET", "/v3/certificates", "1554208460", "nonce", b"")
    assert message == b"GET\n/v3/certificates\n1554208460\nnonce\n\n"
    signature = crypto.sign(key, message)
    assert crypto.verify(key.public_key(), message, signature)
    assert not crypto.verify(key.public_key(), message + b"x", signature)
    assert not crypto.verify(other.public_key(), message, signature)
    assert not crypto.verify(key.public_key(), message, "WECHATPAY/SIGNTEST/" + signature)
    assert not crypto.verify(key.public_key(), message, "不是 base64")

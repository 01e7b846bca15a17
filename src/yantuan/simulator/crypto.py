"""The cryptography of WeChat Pay v3: RSA-SHA256 signatures and AES-256-GCM."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SCHEME = "WECHATPAY2-SHA256-RSA2048"


def sign(key: rsa.RSAPrivateKey, message: bytes) -> str:
    """Base64 of the PKCS#1 v1.5 signature over SHA-256."""
    return base64.b64encode(key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


def verify(key: rsa.RSAPublicKey, message: bytes, signature: str) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def lines(*parts: str | bytes) -> bytes:
    """Join with `\\n` after every part, as every signed text of v3 is built."""
    return b"".join((part if isinstance(part, bytes) else part.encode()) + b"\n" for part in parts)


def seal(apiv3_key: str, nonce: str, associated_data: str, plaintext: bytes) -> str:
    """Base64 of AES-256-GCM ciphertext followed by the 16-byte tag."""
    aad = associated_data.encode() or None
    return base64.b64encode(AESGCM(apiv3_key.encode()).encrypt(nonce.encode(), plaintext, aad)).decode()

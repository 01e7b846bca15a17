"""The cipher primitives of WeChat Pay APIv3 and the reading of PEM keys."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from yantuan.kernel.lean import Later

if TYPE_CHECKING:
    from cryptography import x509
else:
    # Shops whose platform key is a plain public key never read a certificate.
    x509 = Later("cryptography.x509")

MIN_KEY_BITS = 2048
_OAEP = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)


class CipherError(ValueError):
    """Wrong key, or damaged text; deliberately says no more."""


def aes_gcm_decrypt(key: bytes, *, nonce: str, ciphertext: str, associated_data: str) -> bytes:
    """Open base64(cipher ‖ tag) sealed under the 32-byte APIv3 key. Raises CipherError."""
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key).decrypt(nonce.encode(), sealed, associated_data.encode() or None)
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise CipherError("the text does not open with this key") from error


def oaep_encrypt(key: RSAPublicKey, text: str) -> str:
    """Seal a personal field for WeChat Pay (RSA-OAEP, SHA-1 as the platform demands); base64."""
    return base64.b64encode(key.encrypt(text.encode(), _OAEP)).decode()


def oaep_decrypt(key: RSAPrivateKey, sealed: str) -> str:
    """Open a personal field that WeChat Pay sealed for us. Raises CipherError."""
    try:
        return key.decrypt(base64.b64decode(sealed, validate=True), _OAEP).decode()
    except (binascii.Error, ValueError) as error:
        raise CipherError("the field does not open with this key") from error


def load_private_key(pem: bytes) -> RSAPrivateKey:
    """Read an unencrypted RSA key of at least 2048 bits. Raises ValueError without quoting the key."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise ValueError("the merchant key is not a plain PEM private key") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_KEY_BITS:
        raise ValueError("the merchant key must be RSA with at least 2048 bits")
    return key


def load_public_key(pem: bytes) -> RSAPublicKey:
    """Read a platform key given as `PUBLIC KEY` or as `CERTIFICATE`. Raises ValueError."""
    if b"BEGIN CERTIFICATE" in pem:
        return rsa_key_of(load_certificate(pem))
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise ValueError("the platform key must be RSA with at least 2048 bits")
    return key


def load_certificate(pem: bytes) -> x509.Certificate:
    """Read one X.509 certificate. Raises ValueError."""
    return x509.load_pem_x509_certificate(pem)


def rsa_key_of(certificate: x509.Certificate) -> RSAPublicKey:
    """The RSA key a certificate carries. Raises ValueError for any other kind or a short key."""
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < MIN_KEY_BITS:
        raise ValueError("the platform certificate must carry an RSA key of at least 2048 bits")
    return key


def serial_of(certificate: x509.Certificate) -> str:
    """The serial as WeChat Pay writes it: upper-case hex, at least 40 characters."""
    return f"{certificate.serial_number:040X}"

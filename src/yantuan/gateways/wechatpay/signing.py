"""Signatures of APIv3: ours on requests and pay sheets, theirs on answers and notices."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from yantuan.gateways.errors import GatewayUnverified

SCHEME = "WECHATPAY2-SHA256-RSA2048"
PROBE_PREFIX = "WECHATPAY/SIGNTEST/"
"""Signatures the platform makes wrong on purpose, to see whether we check."""
TOLERANCE_SECONDS = 300


class KeyFinder(Protocol):
    """Whatever answers platform keys by their serial."""

    def find(self, serial: str) -> RSAPublicKey | None:
        """The key now valid under this serial, or None."""


@dataclass(frozen=True, slots=True)
class MerchantSigner:
    """Signs as one merchant. `serial` is the merchant certificate's, 40 hex upper."""

    mchid: str
    serial: str
    key: RSAPrivateKey

    def sign(self, message: str) -> str:
        """Base64 of RSA-PKCS1v15-SHA256 over the UTF-8 text."""
        signature = self.key.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()

    def authorization(self, method: str, target: str, body: bytes, *, timestamp: int, nonce: str) -> str:
        """The Authorization header for exactly these bytes; `target` is path and query as sent."""
        message = f"{method}\n{target}\n{timestamp}\n{nonce}\n{body.decode()}\n"
        return (
            f'{SCHEME} mchid="{self.mchid}",nonce_str="{nonce}",signature="{self.sign(message)}",'
            f'timestamp="{timestamp}",serial_no="{self.serial}"'
        )

    def pay_sign(self, appid: str, prepay_id: str, *, timestamp: int, nonce: str) -> str:
        """The paySign of a mini-program or JSAPI pay sheet."""
        return self.sign(f"{appid}\n{timestamp}\n{nonce}\nprepay_id={prepay_id}\n")


@dataclass(frozen=True, slots=True)
class SignatureHeaders:
    """The four Wechatpay-* headers that sign an answer or a notice."""

    timestamp: str
    nonce: str
    signature: str
    serial: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> SignatureHeaders:
        """Take them from headers of any case.

        Raises GatewayUnverified if one is missing or the scheme is foreign.
        """
        low = {name.lower(): value for name, value in headers.items()}
        values = [low.get(f"wechatpay-{part}", "") for part in ("timestamp", "nonce", "signature", "serial")]
        if not all(values):
            raise GatewayUnverified("wechatpay", "a signature header is missing")
        if low.get("wechatpay-signature-type", SCHEME) != SCHEME:
            raise GatewayUnverified("wechatpay", "the signature type is not known")
        return cls(*values)


class UnknownSerial(GatewayUnverified):
    """Signed under a key nobody here has."""

    def __init__(self, serial: str) -> None:
        super().__init__("wechatpay", "the serial is not known")
        self.serial = serial


def verify(headers: Mapping[str, str], body: bytes, keys: KeyFinder, *, now: int) -> None:
    """Raise GatewayUnverified unless the platform signed these raw bytes within five minutes of `now` (Unix
    seconds).
    """
    signed = SignatureHeaders.read(headers)
    if signed.signature.startswith(PROBE_PREFIX):
        raise GatewayUnverified("wechatpay", "the platform's signature probe", probe=True)
    stamp = signed.timestamp
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise GatewayUnverified("wechatpay", "the timestamp is not a number")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise GatewayUnverified("wechatpay", "the timestamp is more than five minutes off")
    try:
        signature = base64.b64decode(signed.signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise GatewayUnverified("wechatpay", "the signature is not base64") from error
    key = keys.find(signed.serial)
    if key is None:
        raise UnknownSerial(signed.serial)
    message = f"{stamp}\n{signed.nonce}\n".encode() + body + b"\n"
    try:
        key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as error:
        raise GatewayUnverified("wechatpay", "the signature does not match") from error

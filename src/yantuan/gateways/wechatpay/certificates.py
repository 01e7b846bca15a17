"""Certificate mode: download, open and check the platform certificates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from yantuan.gateways.errors import GatewayUnavailable, GatewayUndecryptable
from yantuan.gateways.http import HttpAnswer
from yantuan.gateways.wechatpay.crypto import (
    CipherError,
    aes_gcm_decrypt,
    load_certificate,
    rsa_key_of,
    serial_of,
)
from yantuan.gateways.wechatpay.fields import Fields, Malformed, parse_object
from yantuan.gateways.wechatpay.keys import PlatformCertificate
from yantuan.gateways.wechatpay.signing import verify
from yantuan.gateways.wechatpay.transport import PROVIDER, SignedCaller

PATH = "/v3/certificates"


class _Just:
    """A key finder over a fixed map."""

    def __init__(self, keys: dict[str, RSAPublicKey]) -> None:
        self._keys = keys

    def find(self, serial: str) -> RSAPublicKey | None:
        return self._keys.get(serial.upper())


def open_any(keys: Sequence[bytes], *, nonce: str, ciphertext: str, associated_data: str) -> bytes:
    """Open with the first APIv3 key that fits. Raises GatewayUndecryptable."""
    for key in keys:
        try:
            return aes_gcm_decrypt(key, nonce=nonce, ciphertext=ciphertext, associated_data=associated_data)
        except CipherError:
            continue
    raise GatewayUndecryptable(PROVIDER, "no configured APIv3 key opens the text")


def download_certificates(
    caller: SignedCaller, apiv3_keys: Sequence[bytes], public_keys: dict[str, RSAPublicKey]
) -> list[PlatformCertificate]:
    """Fetch the platform certificates.

    The answer may be signed by a certificate that only it contains, so it is opened first (only the holder
    of the APIv3 key could have sealed it) and then verified with what was inside or with a configured
    public key.
    """
    answer = caller.send("GET", PATH)
    if answer.status != 200:
        caller.raise_refusal(answer, None)
    certificates = _read(answer, apiv3_keys)
    inside = {c.serial: c.key for c in certificates}
    verify(answer.headers, answer.body, _Just(public_keys | inside), now=int(caller.now().timestamp()))
    return certificates


def _read(answer: HttpAnswer, apiv3_keys: Sequence[bytes]) -> list[PlatformCertificate]:
    try:
        entries = parse_object(answer.body).get("data")
        if not isinstance(entries, list) or not entries:
            raise Malformed("data is not a list")
        return [_certificate(entry, apiv3_keys) for entry in entries]
    except ValueError as error:
        raise GatewayUnavailable(PROVIDER, f"certificate list: {error}", http_status=200) from error


def _certificate(entry: Any, apiv3_keys: Sequence[bytes]) -> PlatformCertificate:
    if not isinstance(entry, dict):
        raise Malformed("a certificate entry is not an object")
    top = Fields(entry)
    sealed = top.inner("encrypt_certificate")
    pem = open_any(
        apiv3_keys,
        nonce=sealed.text("nonce", required=True),
        ciphertext=sealed.text("ciphertext", required=True),
        associated_data=sealed.text("associated_data"),
    )
    certificate = load_certificate(pem)
    if serial_of(certificate) != top.text("serial_no", required=True).upper().rjust(40, "0"):
        raise Malformed("serial_no is not the certificate's serial")
    return PlatformCertificate(
        serial=top.text("serial_no").upper(),
        key=rsa_key_of(certificate),
        effective=certificate.not_valid_before_utc,
        expires=certificate.not_valid_after_utc,
    )

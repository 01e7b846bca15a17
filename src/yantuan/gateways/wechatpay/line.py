"""One merchant account's line to the platform: signed calls, platform keys, answers as records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from yantuan.gateways.errors import GatewayRefused, GatewayUnavailable
from yantuan.gateways.http import HttpCaller
from yantuan.gateways.wechatpay.certificates import download_certificates
from yantuan.gateways.wechatpay.crypto import load_private_key, load_public_key, oaep_encrypt
from yantuan.gateways.wechatpay.fields import Malformed
from yantuan.gateways.wechatpay.keys import KeyRing
from yantuan.gateways.wechatpay.models import NOT_FOUND_CODES
from yantuan.gateways.wechatpay.notice import NoticeReader
from yantuan.gateways.wechatpay.settings import WeChatPaySettings
from yantuan.gateways.wechatpay.signing import MerchantSigner
from yantuan.gateways.wechatpay.transport import PROVIDER, Form, SignedCaller, new_nonce
from yantuan.kernel import clock

T = TypeVar("T")
Read = Callable[[Mapping[str, Any]], T]


@dataclass(frozen=True, slots=True)
class Sealer:
    """Seals personal fields for the platform under one of its keys; the request must name `serial`."""

    serial: str
    key: RSAPublicKey

    def seal(self, text: str) -> str:
        """Base64 of the sealed text; other bytes each time."""
        return oaep_encrypt(self.key, text)


class Line:
    """Thread-safe; shared by every client of one merchant account. Parts that read time or chance can be given."""

    def __init__(
        self,
        settings: WeChatPaySettings,
        *,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], datetime] = clock.now,
        nonce: Callable[[], str] = new_nonce,
        http: HttpCaller | None = None,
    ) -> None:
        bases = [url for url in (settings.base_url, settings.fallback_base_url) if url]
        self.mchid = settings.mchid
        self.http = http or HttpCaller(PROVIDER, bases, transport=transport)
        signer = MerchantSigner(
            settings.mchid, settings.merchant_serial.upper(), load_private_key(settings.merchant_key_pem)
        )
        self.caller = SignedCaller(self.http, signer, now=now, nonce=nonce)
        public = {serial.upper(): load_public_key(pem) for serial, pem in settings.public_keys.items()}
        self.keys = KeyRing(
            public,
            download=(lambda: download_certificates(self.caller, settings.apiv3_keys, public))
            if settings.download_certificates
            else None,
            now=now,
            interval=settings.key_refresh_interval,
        )
        self.notices = NoticeReader(self.keys, settings.apiv3_keys, now=now)

    def ask(
        self,
        method: str,
        target: str,
        read: Read[T],
        body: bytes = b"",
        *,
        form: Form | None = None,
        serial: str = "",
    ) -> T:
        """The verified answer as a record. Raises the GatewayError family; see `SignedCaller.call`."""
        answer = self.caller.call(method, target, self.keys, body, form=form, serial=serial)
        try:
            return read(answer)
        except Malformed as error:
            raise GatewayUnavailable(PROVIDER, str(error), http_status=200) from error

    def find(self, target: str, read: Read[T]) -> T | None:
        """The record under `target`, or None if the platform never heard of it."""
        try:
            return self.ask("GET", target, read)
        except GatewayRefused as refusal:
            if refusal.provider_code in NOT_FOUND_CODES:
                return None
            raise

    def sealer(self) -> Sealer:
        """What seals personal fields now. Raises GatewayUnavailable (nothing sent) while no platform key is known."""
        found = self.keys.sealing_key()
        if found is None:
            raise GatewayUnavailable(PROVIDER, "no platform key to seal with", sent=False)
        return Sealer(*found)

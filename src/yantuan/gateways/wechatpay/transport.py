"""Signed calls.

Our signature on each try, theirs checked on each answer, refusals and failures told apart.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from yantuan.gateways.errors import GatewayRefused, GatewayThrottled, GatewayUnavailable
from yantuan.gateways.http import ANSWER_LIMIT, HttpAnswer, HttpCaller, RetryPolicy
from yantuan.gateways.wechatpay.fields import Malformed, parse_object
from yantuan.gateways.wechatpay.keys import KeyRing
from yantuan.gateways.wechatpay.signing import MerchantSigner, verify

log = logging.getLogger("yantuan.gateways.wechatpay")

PROVIDER = "wechatpay"
POLICY = RetryPolicy()
_WORK_MAY_BE_DONE = frozenset({"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR"})
_THROTTLED = frozenset(
    {"FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED", "RATELIMIT_EXCEED", "RATE_LIMITED", "FREQUENCY_LIMIT_EXCEED"}
)


def new_nonce() -> str:
    """32 random hex characters."""
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Form:
    """Content whose signature covers other bytes than those sent: of an upload only the facts are signed."""

    content: bytes
    content_type: str
    signed: bytes


class SignedCaller:
    """Sends signed requests and trusts only signed answers. Thread-safe."""

    def __init__(
        self,
        http: HttpCaller,
        signer: MerchantSigner,
        *,
        now: Callable[[], datetime],
        nonce: Callable[[], str] = new_nonce,
    ) -> None:
        self.http = http
        self.signer = signer
        self.now = now
        self.nonce = nonce

    def call(
        self,
        method: str,
        target: str,
        keys: KeyRing,
        body: bytes = b"",
        *,
        form: Form | None = None,
        serial: str = "",
    ) -> dict[str, Any]:
        """The verified JSON object of a 2xx answer ({} for 204).

        Repeats what may be repeated (every call here carries its own number), with identical body bytes. A body
        with sealed fields must name the `serial` they were sealed for; `form` replaces the body by an upload.
        Raises GatewayRefused, GatewayThrottled, GatewayUnavailable or GatewayUnverified.
        """

        def once() -> dict[str, Any]:
            answer = self.send(method, target, body, form=form, serial=serial or keys.preferred_serial())
            if not 200 <= answer.status < 300:
                self.raise_refusal(answer, keys)
            verify(answer.headers, answer.body, keys, now=self._unix())
            if answer.status == 204 or not answer.body:
                return {}
            return _object(answer)

        return self.http.retrying(once, policy=POLICY)

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        form: Form | None = None,
        serial: str = "",
        limit: int = ANSWER_LIMIT,
    ) -> HttpAnswer:
        """One signed try.

        The answer is not looked at. `serial` names the platform key that should sign the answer.
        """
        sent = Form(body, "application/json", body) if form is None else form

        def headers(path: str) -> Mapping[str, str]:
            made = {
                "Authorization": self.signer.authorization(
                    method, path, sent.signed, timestamp=self._unix(), nonce=self.nonce()
                )
            }
            if sent.content:
                made["Content-Type"] = sent.content_type
            if serial:
                made["Wechatpay-Serial"] = serial
            return made

        return self.http.send(method, target, headers=headers, content=sent.content, limit=limit)

    def raise_refusal(self, answer: HttpAnswer, keys: KeyRing | None) -> NoReturn:
        """Turn an answer that is not 2xx into the error that says what is known. Always raises."""
        code, message, field = _error_words(answer.body)
        request_id = answer.headers.get("Request-ID", "")
        if answer.status >= 500 or answer.status < 400 or not code or code in _WORK_MAY_BE_DONE:
            raise GatewayUnavailable(
                PROVIDER, f"HTTP {answer.status}", http_status=answer.status, provider_code=code
            )
        verified = self._refusal_verified(answer, keys)
        if answer.status == 401:
            log.warning("our signature was refused; clock skew %s s; %s", self._skew(answer), request_id)
        kind = GatewayThrottled if answer.status == 429 or code in _THROTTLED else GatewayRefused
        raise kind(
            PROVIDER, code, message, answer.status, verified=verified, request_id=request_id, field=field
        )

    def _refusal_verified(self, answer: HttpAnswer, keys: KeyRing | None) -> bool:
        # Refusals made before the signing layer (authentication, rate limits) carry no signature; they are
        # believed as far as TLS goes and marked. One that is signed must be signed well.
        if keys is None or "Wechatpay-Signature" not in answer.headers:
            return False
        verify(answer.headers, answer.body, keys, now=self._unix())
        return True

    def _skew(self, answer: HttpAnswer) -> str:
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return "unknown"
        return str(self._unix() - int(theirs.timestamp()))

    def _unix(self) -> int:
        return int(self.now().timestamp())


def _object(answer: HttpAnswer) -> dict[str, Any]:
    try:
        return parse_object(answer.body)
    except Malformed as error:
        raise GatewayUnavailable(PROVIDER, str(error), http_status=answer.status) from error


def _error_words(body: bytes) -> tuple[str, str, str]:
    """Code, sentence, and the field pointed at; all empty if the body is no refusal of the platform."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "", "", ""
    if not isinstance(value, dict) or not isinstance(value.get("code"), str):
        return "", "", ""
    message, detail = value.get("message"), value.get("detail")
    field = detail.get("field") if isinstance(detail, dict) else ""
    return (
        value["code"][:64],
        message[:500] if isinstance(message, str) else "",
        field[:128] if isinstance(field, str) else "",
    )

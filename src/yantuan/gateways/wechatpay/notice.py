"""Inbound notices: verify the raw bytes, open the sealed part, name what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from yantuan.gateways.errors import GatewayUnverified
from yantuan.gateways.wechatpay.certificates import open_any
from yantuan.gateways.wechatpay.fields import Fields, Malformed, parse_object
from yantuan.gateways.wechatpay.models import RefundResult, Transaction
from yantuan.gateways.wechatpay.sharing_models import ShareNotice
from yantuan.gateways.wechatpay.signing import KeyFinder, UnknownSerial, verify
from yantuan.gateways.wechatpay.transport import PROVIDER

NOTICE_BYTES = 64 * 1024
ALGORITHM = "AEAD_AES_256_GCM"


class NoticeRefused(GatewayUnverified):
    """Not a genuine notice.

    Answer `status` (401, or 413 if too long), change nothing; alarm unless `probe`.
    """


@dataclass(frozen=True, slots=True)
class _NoticeBase:
    """What every genuine notice carries: `raw_body` was signed, `plaintext` was sealed inside it.

    `notice_id` is the platform's; a repeat may come under another one, so key effects on the business number
    and state.
    """

    notice_id: str
    event_type: str
    original_type: str
    create_time: datetime | None
    summary: str
    raw_body: bytes = field(repr=False)
    plaintext: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TransactionNotice(_NoticeBase):
    """An order was paid (check `transaction.state`, amount, currency, mchid and appid all the same)."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class RefundNotice(_NoticeBase):
    """A refund came to an end: SUCCESS, ABNORMAL or CLOSED."""

    refund: RefundResult


@dataclass(frozen=True, slots=True)
class UnknownNotice(_NoticeBase):
    """Genuine, but of a kind not handled here, or not in the promised shape (`problem` says why).

    Store it, answer 200.
    """

    problem: str


@dataclass(frozen=True, slots=True)
class SharingNotice(_NoticeBase):
    """A receiver's part of a shared order arrived (`event_type` PROFITSHARING.SUCCESS) or was taken back (.RETURN)."""

    share: ShareNotice


Notice = TransactionNotice | RefundNotice | SharingNotice | UnknownNotice


class NoticeReader:
    """Opens notices for one merchant account. Thread-safe."""

    def __init__(self, keys: KeyFinder, apiv3_keys: Sequence[bytes], *, now: Callable[[], datetime]) -> None:
        self._keys = keys
        self._apiv3_keys = tuple(apiv3_keys)
        self._now = now

    def check(
        self, headers: Mapping[str, str], body: bytes, known: KeyFinder, could_learn: Callable[[str], bool]
    ) -> None:
        """Raise NoticeRefused for what cannot be genuine, asking nobody.

        A serial that `could_learn` says may belong to a new certificate passes; `parse` has the last word.
        """
        if len(body) > NOTICE_BYTES:
            raise NoticeRefused(PROVIDER, "the notice is too long", status=413)
        try:
            verify(headers, body, known, now=int(self._now().timestamp()))
        except GatewayUnverified as error:
            if isinstance(error, UnknownSerial) and could_learn(error.serial):
                return
            raise NoticeRefused(PROVIDER, error.reason, probe=error.probe, status=401) from error

    def parse(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """The notice.

        Raises NoticeRefused (answer its status), or GatewayUndecryptable (answer 500, it comes again).
        """
        if len(body) > NOTICE_BYTES:
            raise NoticeRefused(PROVIDER, "the notice is too long", status=413)
        try:
            verify(headers, body, self._keys, now=int(self._now().timestamp()))
        except GatewayUnverified as error:
            raise NoticeRefused(PROVIDER, error.reason, probe=error.probe, status=401) from error
        try:
            return self._open(body)
        except Malformed as error:
            return UnknownNotice("", "", "", None, "", body, b"", problem=str(error))

    def _open(self, body: bytes) -> Notice:
        top = Fields(parse_object(body))
        sealed = top.inner("resource")
        if sealed.text("algorithm") not in ("", ALGORITHM):
            raise Malformed("resource.algorithm is not known")
        plaintext = open_any(
            self._apiv3_keys,
            nonce=sealed.text("nonce", required=True),
            ciphertext=sealed.text("ciphertext", required=True),
            associated_data=sealed.text("associated_data"),
        )
        facts: dict[str, Any] = {
            "notice_id": top.text("id", required=True),
            "event_type": top.text("event_type", required=True),
            "original_type": sealed.text("original_type"),
            "create_time": _lenient_moment(top),
            "summary": top.text("summary"),
            "raw_body": body,
            "plaintext": plaintext,
        }
        try:
            return _typed(facts, plaintext)
        except Malformed as error:
            return UnknownNotice(**facts, problem=str(error))


def _typed(facts: dict[str, Any], plaintext: bytes) -> Notice:
    event, original = facts["event_type"], facts["original_type"]
    if event.startswith("TRANSACTION.") and original in ("", "transaction"):
        return TransactionNotice(**facts, transaction=Transaction.read(parse_object(plaintext)))
    if event.startswith("REFUND.") and original in ("", "refund"):
        return RefundNotice(**facts, refund=RefundResult.read(parse_object(plaintext)))
    if original == "profitsharing" or event.startswith("PROFITSHARING."):
        return SharingNotice(**facts, share=ShareNotice.read(parse_object(plaintext)))
    return UnknownNotice(**facts, problem="kind not handled")


def _lenient_moment(top: Fields) -> datetime | None:
    # Only informative: an odd time in the envelope must not keep a payment from being recorded.
    try:
        return top.moment("create_time")
    except Malformed:
        return None

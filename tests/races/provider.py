"""The provider in memory for many threads, and its notices as they arrive at the inbox."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from payments.fakepay import FakeProvider
from yantuan.gateways.wechatpay import CloseOutcome, RefundResult, Transaction, TransactionNotice
from yantuan.payments import inbox


@dataclass
class SafeProvider(FakeProvider):
    """One call at a time, as a provider's own database would have it."""

    turn: Any = field(default_factory=threading.RLock)

    def _prepay(self, body: bytes) -> str:
        with self.turn:
            return super()._prepay(body)

    def pay(self, number: str) -> bool:
        with self.turn:
            return super().pay(number)

    def query_by_out_trade_no(self, number: str) -> Transaction | None:
        with self.turn:
            return super().query_by_out_trade_no(number)

    def close(self, number: str) -> CloseOutcome:
        with self.turn:
            return super().close(number)

    def refund(self, body: bytes) -> RefundResult:
        with self.turn:
            return super().refund(body)

    def query_refund(self, number: str) -> RefundResult | None:
        with self.turn:
            return super().query_refund(number)


def success_notice(provider: FakeProvider, number: str) -> TransactionNotice:
    """The verified and decrypted word that this number was paid."""
    told = provider.shown(number)
    plain = json.dumps(dict(told.raw), ensure_ascii=False).encode()
    return TransactionNotice(
        notice_id=f"N{number}", event_type="TRANSACTION.SUCCESS", original_type="transaction", create_time=None,
        summary="", raw_body=plain, plaintext=plain, transaction=told,
    )  # fmt: skip


def deliver(notice: TransactionNotice) -> int:
    """The notice arrives: stored once, then handled from the stored copy. Answers the stored row's id."""
    stored = inbox.store(notice, {})
    inbox.handle(stored)
    return stored

"""What payments asks of profit sharing, a floor above: what a payment is made under, and what a refund waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from yantuan.payments.differences import Difference

TermsFn = Callable[[int], int | None]


@dataclass(frozen=True)
class Wait:
    """A refund is not to be sent yet: asked again after so many seconds; `words` says why, in Chinese."""

    seconds: float
    words: str


HoldFn = Callable[[int], Wait | None]
BillFn = Callable[[date, int], list[Difference]]
_terms: list[TermsFn] = []
_holds: list[HoldFn] = []
_bills: list[BillFn] = []

TAKING_BACK = "SHARE_RETURN"
"""What a waiting refund's `last_error` begins with."""
TO_SPLIT = "payment.to_split"
"""Outbox topic: money came whose rest stays frozen until it is shared or set free; `attempt_id`."""


def provide_terms(fn: TermsFn) -> TermsFn:
    """Register who knows the terms in force of an account (by id). The last registration counts."""
    _terms[:] = [fn]
    return fn


def provide_hold(fn: HoldFn) -> HoldFn:
    """Register who takes shares back before a refund (by id). The last registration counts."""
    _holds[:] = [fn]
    return fn


def provide_bill(fn: BillFn) -> BillFn:
    """Register who compares a day's bill of shares of an account (by id). The last registration counts."""
    _bills[:] = [fn]
    return fn


def terms_of(account_id: int | None, sub_mchid: str) -> int | None:
    """The terms a payment to this account is to be shared under; only a partner's sub-merchants share."""
    return _terms[0](account_id) if _terms and account_id is not None and sub_mchid else None


def hold_of(refund_id: int) -> Wait | None:
    """Why a refund can't be sent yet; None: it can. Talks to the provider: must be called outside a transaction."""
    return _holds[0](refund_id) if _holds else None


def bill_differences(day: date, account_id: int | None) -> list[Difference]:
    """What differs between a day's bill of shares and our rows. Must be called outside a transaction; raises GatewayError."""
    return _bills[0](day, account_id) if _bills and account_id is not None else []

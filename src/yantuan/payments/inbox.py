"""Notices from the provider: verified, stored raw and once, answered, then handled from the stored copy."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from yantuan.gateways.wechatpay import Notice, RefundNotice, RefundResult, Transaction, TransactionNotice
from yantuan.kernel import faults
from yantuan.kernel.clock import now
from yantuan.payments import gateway
from yantuan.payments.apply import apply_transaction
from yantuan.payments.models import ProviderNotice
from yantuan.payments.refund_work import apply_refund_result

log = logging.getLogger("yantuan.payments")

Outcome = ProviderNotice.Outcome
BATCH = 100
LEFT_OVER = timedelta(seconds=3)
"""A stored notice this old was not handled by the request that brought it."""
_KEPT_HEADERS = ("wechatpay-", "request-id")


def receive(headers: Mapping[str, str], body: bytes, account_id: int | None = None) -> int:
    """Verify one notice with an account's keys (None: the operator's) and store it; answers the stored row's id.

    Nothing is stored unless the signature holds.

    Raises NoticeRefused (answer its status) or GatewayUndecryptable (answer 500, it comes again).
    """
    notice = gateway.client_for(account_id).parse_notice(headers, body)
    faults.point("payments.notice.verified")
    kept = store(notice, headers, account_id)
    faults.point("payments.notice.stored")
    return kept


def store(notice: Notice, headers: Mapping[str, str], account_id: int | None = None) -> int:
    """Keep a verified notice; the same content again, vouched for by the same account, is only counted."""
    plain = notice.plaintext.decode(errors="replace")
    facts = f"{notice.event_type}\n{plain}" if plain else notice.raw_body.decode(errors="replace")
    if account_id is not None:
        facts = f"{account_id}\n{facts}"
    row = ProviderNotice(
        account_id=account_id,
        notice_id=notice.notice_id[:64],
        event_type=notice.event_type[:40],
        business_no=_business_no(notice)[:64],
        headers={k.lower(): v[:1000] for k, v in headers.items() if k.lower().startswith(_KEPT_HEADERS)},
        body=notice.raw_body.decode(errors="replace"),
        resource=plain,
        dedupe=hashlib.sha256(facts.encode()).hexdigest(),
        received_at=now(),
    )
    with transaction.atomic():
        ProviderNotice.objects.bulk_create([row], ignore_conflicts=True)
        kept = ProviderNotice.objects.get(dedupe=row.dedupe)
        if kept.id != row.id:
            ProviderNotice.objects.filter(id=kept.id).update(seen=F("seen") + 1)
    return kept.id


def _business_no(notice: Notice) -> str:
    if isinstance(notice, TransactionNotice):
        return notice.transaction.out_trade_no
    return notice.refund.out_refund_no if isinstance(notice, RefundNotice) else ""


def handle(notice_id: int) -> None:
    """Apply a stored notice that still waits. Safe to run twice: the effects themselves happen once."""
    row = ProviderNotice.objects.get(id=notice_id)
    if row.outcome != Outcome.WAITING:
        return
    outcome, problem = _apply(row)
    faults.point("payments.notice.applied")
    ProviderNotice.objects.filter(id=notice_id, outcome=Outcome.WAITING).update(
        outcome=outcome, problem=problem[:200], handled_at=now()
    )


def _apply(row: ProviderNotice) -> tuple[Outcome, str]:
    try:
        value: Any = json.loads(row.resource)
        if row.event_type.startswith("TRANSACTION."):
            return _outcome(*_booked_payment(Transaction.read(value), row.account_id))
        if row.event_type.startswith("REFUND."):
            refund = apply_refund_result(RefundResult.read(value), account_id=row.account_id)
            return _outcome(refund.outcome, refund.problem)
    except (ValueError, TypeError, AttributeError) as error:
        # Genuine by its signature but not in the promised shape: kept for a person, answered so that it stops coming.
        log.error("notice %s cannot be read: %s", row.notice_id, error)
        return Outcome.UNMATCHED, "unreadable"
    return Outcome.UNMATCHED, "kind_not_handled"


def _booked_payment(payment: Transaction, account_id: int | None) -> tuple[str, str]:
    applied = apply_transaction(payment, "notice", account_id)
    return applied.outcome, applied.problem


def _outcome(word: str, problem: str) -> tuple[Outcome, str]:
    if word == "unmatched":
        return Outcome.UNMATCHED, problem
    return (Outcome.REPEATED if word == "repeated" else Outcome.APPLIED), problem


def handle_left_over() -> int:
    """Apply stored notices whose request died before it could; answers how many were tried.

    The latest first: in a storm the process that took them works on the oldest.
    """
    old = ProviderNotice.objects.filter(outcome=Outcome.WAITING, received_at__lte=now() - LEFT_OVER)
    ids = list(old.order_by("-id").values_list("id", flat=True)[:BATCH])
    for notice_id in ids:
        try:
            handle(notice_id)
        except Exception:
            # Stays waiting and visible; the job runs again within seconds.
            log.exception("notice %s failed", notice_id)
    return len(ids)

"""Idempotency keys: the same key with the same body answers as before, with another body it is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction

from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict, Invalid
from yantuan.kernel.models import IdempotencyRecord

Answer = tuple[int, Any]


def check_key(key: str | None) -> str:
    """The header's value, or Invalid `idempotency_key_needed`."""
    if not key or len(key) > 255 or not key.isascii() or not key.isprintable():
        raise Invalid(
            "idempotency_key_needed",
            "请求缺少防重复标识，请刷新后重试",
            "Send an Idempotency-Key header of 1 to 255 ASCII characters.",
        )
    return key


def once(scope: str, key: str, body: bytes, work: Callable[[], Answer]) -> Answer:
    """Run `work` once per (scope, key) in one transaction with the record; an AppError raised inside leaves no record, so it may be retried."""
    digest = hashlib.sha256(body).hexdigest()
    found = IdempotencyRecord.objects.filter(scope=scope, key=key).first()
    if found is None:
        try:
            with transaction.atomic():
                record = IdempotencyRecord.objects.create(
                    scope=scope, key=key, body_hash=digest, created_at=now()
                )
                status, answer = work()
                record.status, record.answer = status, answer
                record.save(update_fields=["status", "answer"])
                return status, answer
        except IntegrityError:
            found = IdempotencyRecord.objects.filter(scope=scope, key=key).first()
            if found is None:
                raise
    if found.body_hash != digest:
        raise Conflict(
            "idempotency_key_reused",
            "这次提交和上次内容不同，请刷新后重试",
            "The key was used with another body.",
        )
    return found.status or 200, found.answer

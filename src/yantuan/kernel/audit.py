"""The audit chain: who did what, to what, why."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import IntegrityError, transaction

from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.models import AuditEntry


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256 over the entry's facts and the previous hash."""
    facts = [
        entry.seq, entry.at.isoformat(), entry.actor_kind, entry.actor_id, entry.action, entry.target_kind,
        entry.target_id, entry.store_id, entry.reason, entry.data, entry.prev_hash,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def record(
    actor: Actor,
    action: str,
    target_kind: str,
    target_id: int | None,
    *,
    store_id: int | None = None,
    reason: str = "",
    **data: Any,
) -> None:
    """Append one entry in the open transaction (or one of its own). `data` must never hold secrets or full personal data."""
    for attempt in range(5):
        try:
            with transaction.atomic():
                last = AuditEntry.objects.order_by("-seq").values_list("seq", "hash").first() or (0, "")
                entry = AuditEntry(
                    seq=last[0] + 1,
                    at=now(),
                    actor_kind=actor.kind,
                    actor_id=actor.id,
                    action=action,
                    target_kind=target_kind,
                    target_id=target_id,
                    store_id=store_id,
                    reason=reason,
                    data=data,
                    prev_hash=last[1],
                )
                entry.hash = entry_hash(entry)
                entry.save(force_insert=True)
                return
        except IntegrityError:
            if attempt == 4:
                raise

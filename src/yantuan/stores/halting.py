"""The stop: a store whose money or stock doesn't agree sells and refunds nothing until an operator has looked.

Distinct from a suspension, which is somebody's decision about the store. Payments that arrive are still booked.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import NotFound
from yantuan.stores.models import Store

LEADER_WORDS = "系统自检发现本店的账目或库存有出入，已暂停下单和退款，平台核对后恢复"
"""What the leader reads; the operator reads the findings."""


def is_halted(store_id: int) -> bool:
    """Whether the self-check has stopped this store."""
    return Store.objects.filter(id=store_id, halted_at__isnull=False).exists()


def halt(store_id: int, findings: Collection[str], told: str) -> bool:
    """Stop a store because of `findings` (`rule:id`); `told` says them to the operator. True if it was running.

    Findings an operator has accepted at a release don't stop it again. A halted store stays as it is.
    """
    with transaction.atomic():
        store = _locked(store_id)
        if store.halted_at is not None or set(findings) <= set(store.halt_accepted):
            return False
        store.halted_at, store.halt_reason = now(), LEADER_WORDS
        store.save(update_fields=["halted_at", "halt_reason"])
        audit.record(
            SYSTEM,
            "store.halt",
            "store",
            store.id,
            store_id=store.id,
            reason=told[:500],
            findings=sorted(findings)[:20],
        )
        _tell("store.halted", store, told)
    return True


def release(store_id: int, reason: str, operator_id: int, accepted: Collection[str] = ()) -> Store:
    """Let a halted store sell and refund again; `accepted` are findings known to remain. Again: no change."""
    with transaction.atomic():
        store = _locked(store_id)
        if store.halted_at is not None:
            store.halted_at, store.halt_reason, store.halt_accepted = None, "", sorted(accepted)
            store.save(update_fields=["halted_at", "halt_reason", "halt_accepted"])
            actor = Actor("operator", operator_id)
            audit.record(
                actor,
                "store.release",
                "store",
                store.id,
                store_id=store.id,
                reason=reason,
                accepted=sorted(accepted),
            )
            _tell("store.released", store, reason)
    return store


def _locked(store_id: int) -> Store:
    store = Store.objects.select_for_update(no_key=True).filter(id=store_id).first()
    if store is None:
        raise NotFound
    return store


def _tell(topic: str, store: Store, told: str) -> None:
    payload = {
        "store_id": store.id,
        "halted": store.halted_at is not None,
        "told": told,
        "at": now().isoformat(),
    }
    outbox.emit(topic, payload, store_id=store.id)

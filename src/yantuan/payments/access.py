"""The doors to proofs and refunds for the leader of their store; "not yours" and "absent" look the same."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.payments.models import OfflineProof, Refund


def access_proof_as_leader(person: Person, proof_id: int) -> OfflineProof:
    """A proof sent to one of this leader's stores, with its order. Raises NotFound otherwise."""
    proof = (
        OfflineProof.objects.select_related("order__store", "order__group_buy")
        .filter(id=proof_id, order__store__leader__person_id=person.id)
        .first()
    )
    if proof is None:
        raise NotFound
    return proof


def access_refund_as_leader(person: Person, refund_id: int) -> Refund:
    """A refund of an order of one of this leader's stores, with the order. Raises NotFound otherwise."""
    refund = (
        Refund.objects.select_related("order__store", "order__group_buy")
        .filter(id=refund_id, order__store__leader__person_id=person.id)
        .first()
    )
    if refund is None:
        raise NotFound
    return refund

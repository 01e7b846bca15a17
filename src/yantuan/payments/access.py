"""The doors to proofs and refunds for the leader of their store; "not yours" and "absent" look the same."""

from __future__ import annotations

from yantuan.identity.models import Person
from yantuan.kernel.errors import NotFound
from yantuan.payments.models import OfflineProof, Refund
from yantuan.staff.access import reach


def access_proof_as_leader(person: Person, proof_id: int) -> OfflineProof:
    """A proof sent to one of this leader's stores, with its order. Raises NotFound otherwise."""
    rows = OfflineProof.objects.select_related("order__store", "order__group_buy").filter(id=proof_id)
    proof = reach(person, rows, "order__store__")
    if proof is None:
        raise NotFound
    return proof


def access_refund_as_leader(person: Person, refund_id: int) -> Refund:
    """A refund of an order of one of this leader's stores, with the order. Raises NotFound otherwise."""
    rows = Refund.objects.select_related("order__store", "order__group_buy").filter(id=refund_id)
    refund = reach(person, rows, "order__store__")
    if refund is None:
        raise NotFound
    return refund

"""Offline payments: the buyer shows a proof, the leader confirms or rejects. Doubts are flagged, never decided by the machine."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from yantuan.identity.models import Person
from yantuan.kernel import audit, outbox
from yantuan.kernel.actors import Actor
from yantuan.kernel.clock import now
from yantuan.kernel.errors import Conflict
from yantuan.media.access import own_media
from yantuan.media.models import Media
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order
from yantuan.orders.models import Order
from yantuan.payments import rules
from yantuan.payments.access import access_proof_as_leader
from yantuan.payments.models import OfflineProof


def send_proof(person: Person, order_id: int, media_id: int | None, note: str) -> Order:
    """The buyer says that the money was sent, with or without a picture.

    The order then waits for the leader. After the order expired a proof is still taken (flag `late`): the leader decides.
    Raises Conflict `proof_not_fitting` or `proof_already_sent`, Invalid `media_unknown`.
    """
    order = access_order(person, order_id)
    picture = own_media(person.id, [media_id], {Media.Purpose.PROOF})[0] if media_id is not None else None
    actor = Actor("buyer", person.id)
    with transaction.atomic():
        locked = orders.lock_order(order.id)
        expired = locked.payment == "closed" and locked.close_reason == "expired"
        if locked.payment_method != "offline" or not (
            locked.payment in ("unpaid", "awaiting_confirmation") or expired
        ):
            raise Conflict(
                "proof_not_fitting",
                "这笔订单现在不需要付款凭证",
                "No proof of payment is expected for this order.",
            )
        if OfflineProof.objects.filter(order_id=order.id, state="sent").exists():
            raise Conflict(
                "proof_already_sent", "付款凭证已提交，请等团长确认", "A proof is waiting for the leader."
            )
        proof = _write_proof(locked, picture, note, late=expired or _overdue(locked))
        _flag_order(locked, proof)
        data = {"proof_id": str(proof.id), "amount_fen": proof.amount_fen}
        if expired:
            orders.note_event(locked, "late_proof", actor, data)
        else:
            # While the leader decides, no timer closes the order.
            orders.transition(
                order.id, "payment", "submit_proof", actor, data=data, extra_updates={"expires_at": None}
            )
        _emit("proof.sent", proof)
    order.refresh_from_db()
    return order


def _overdue(order: Order) -> bool:
    return order.expires_at is not None and order.expires_at <= now()


def _write_proof(order: Order, picture: Media | None, note: str, *, late: bool) -> OfflineProof:
    sha256 = picture.sha256 if picture else ""
    reused = bool(sha256) and OfflineProof.objects.filter(sha256=sha256).exclude(order_id=order.id).exists()
    repeated = OfflineProof.objects.filter(order_id=order.id).exists()
    return OfflineProof.objects.create(
        order_id=order.id,
        store_id=order.store_id,
        media_id=picture.id if picture else None,
        sha256=sha256,
        amount_fen=order.total_fen,
        note=note,
        flags=rules.proof_flags(reused=reused, repeated=repeated, late=late),
        created_at=now(),
    )


def _flag_order(order: Order, proof: OfflineProof) -> None:
    words = [f"proof_{flag}" for flag in proof.flags]
    fresh = [word for word in words if word not in order.flags]
    if fresh:
        order.flags = [*order.flags, *fresh]
        Order.objects.filter(id=order.id).update(flags=order.flags)


def _emit(topic: str, proof: OfflineProof) -> None:
    payload = {"order_id": str(proof.order_id), "proof_id": str(proof.id), "state": proof.state}
    outbox.emit(topic, payload, store_id=proof.store_id, key=f"{topic}:{proof.id}")


def confirm_proof(person: Person, proof_id: int) -> Order:
    """The leader has the money. A closed order lives on if its goods can be reserved again, else Conflict `stock_gone`. Again: no change."""
    return _decide(person, proof_id, OfflineProof.State.CONFIRMED, "", _confirm)


def reject_proof(person: Person, proof_id: int, reason: str) -> Order:
    """The leader doesn't find the money: the buyer may pay again, with a fresh deadline. Again: no change."""
    return _decide(person, proof_id, OfflineProof.State.REJECTED, reason, _reject)


def _decide(
    person: Person,
    proof_id: int,
    state: OfflineProof.State,
    reason: str,
    effect: Callable[[Order, OfflineProof, Actor], None],
) -> Order:
    order = access_proof_as_leader(person, proof_id).order
    actor = Actor("leader", person.id)
    with transaction.atomic():
        locked = orders.lock_order(order.id)
        proof = OfflineProof.objects.select_for_update().get(id=proof_id)
        if proof.state == state:
            return order
        if proof.state != OfflineProof.State.SENT:
            raise Conflict(
                "proof_decided", "这张凭证已经处理过了", "This proof was decided before.", state=proof.state
            )
        proof.state, proof.reason, proof.decided_at = state, reason, now()
        proof.save(update_fields=["state", "reason", "decided_at"])
        effect(locked, proof, actor)
        _drop_late_flag(locked)
        audit.record(
            actor,
            f"proof.{state}",
            "order",
            order.id,
            store_id=order.store_id,
            reason=reason,
            proof_id=str(proof.id),
        )
        _emit("proof.decided", proof)
    order.refresh_from_db()
    return order


def _drop_late_flag(order: Order) -> None:
    # The flag on a closed order says that a proof waits; once decided only the proof itself keeps it.
    if order.payment == "closed" and "proof_late" in order.flags:
        Order.objects.filter(id=order.id).update(flags=[f for f in order.flags if f != "proof_late"])


def _confirm(order: Order, proof: OfflineProof, actor: Actor) -> None:
    data = {"proof_id": str(proof.id), "method": "offline"}
    if order.payment != "closed":
        orders.mark_paid(order.id, proof.amount_fen, actor, data)
        return
    if not orders.mark_paid_late(order.id, proof.amount_fen, actor, data):
        # Raised inside the transaction, so nothing of this decision stays.
        raise Conflict(
            "stock_gone",
            "订单已关闭且库存不足，请退回款项并选择「未收到」或补库存后再确认",
            "The order is closed and its stock is gone: give the money back, or add stock and confirm again.",
        )


def _reject(order: Order, proof: OfflineProof, actor: Actor) -> None:
    if order.payment == "awaiting_confirmation":
        orders.transition(
            order.id,
            "payment",
            "reject_proof",
            actor,
            data={"reason": proof.reason, "proof_id": str(proof.id)},
            extra_updates={"expires_at": now() + orders.hold_until("offline")},
        )
    else:
        orders.note_event(order, "late_proof_rejected", actor, {"reason": proof.reason})

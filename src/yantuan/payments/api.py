"""Routes of paying, cancelling, proofs and refunds."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity import stepup
from yantuan.identity.auth import signed_in
from yantuan.kernel.config import config
from yantuan.kernel.http import IdIn, client_ip
from yantuan.kernel.idempotency import Answer, check_key, once
from yantuan.orders.access import access_order, access_order_as_leader
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail
from yantuan.orders.schemas import OrderDetail
from yantuan.orders.states import Viewer
from yantuan.payments import actions
from yantuan.payments.schemas import CancelIn, LeaderRefundIn, PayIn, PayInstruction, ProofIn, ProofRejectIn
from yantuan.stores.access import person_of

router = Router(tags=["payments"], auth=signed_in)


def _key(request: HttpRequest) -> str:
    return check_key(request.headers.get("Idempotency-Key"))


@router.post("/orders/{order_id}/pay", response=PayInstruction)
def pay_order(request: HttpRequest, order_id: IdIn, body: PayIn) -> PayInstruction:
    # The one live attempt per order makes this repeatable by itself; the key is asked for so that clients treat all
    # payments alike. Nothing is replayed, because a pay sheet's parameters must be signed afresh.
    _key(request)
    wish = actions.PayWish(body.channel, body.return_path, client_ip(request, config().trusted_peers))
    return actions.pay(person_of(request), order_id, wish)


@router.post("/orders/{order_id}/pay/refresh", response=OrderDetail)
def refresh_payment(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return _detail(actions.refresh(person_of(request), order_id), "buyer")


@router.post("/orders/{order_id}/cancel", response=OrderDetail)
def cancel_order(request: HttpRequest, order_id: IdIn, body: CancelIn) -> OrderDetail:
    # Cancelling a cancelled order changes nothing, so the key needs no record.
    _key(request)
    return _detail(actions.cancel(person_of(request), order_id, body.reason), "buyer")


@router.post("/orders/{order_id}/proof", response=OrderDetail)
def send_payment_proof(request: HttpRequest, order_id: IdIn, body: ProofIn) -> OrderDetail:
    person = person_of(request)
    order = access_order(person, order_id)

    def work() -> Answer:
        actions.send_proof(person, order_id, body.media_id, body.note)
        return 200, None

    once(f"proof:{person.id}:{order_id}", _key(request), request.body, work)
    return _detail(order, "buyer")


@router.post("/leader/proofs/{proof_id}/confirm", response=OrderDetail)
def confirm_payment_proof(request: HttpRequest, proof_id: IdIn) -> OrderDetail:
    person = person_of(request)
    return _detail(actions.confirm_proof(person, proof_id), "leader")


@router.post("/leader/proofs/{proof_id}/reject", response=OrderDetail)
def reject_payment_proof(request: HttpRequest, proof_id: IdIn, body: ProofRejectIn) -> OrderDetail:
    return _detail(actions.reject_proof(person_of(request), proof_id, body.reason), "leader")


@router.post("/leader/orders/{order_id}/refund", response=OrderDetail)
def refund_order(request: HttpRequest, order_id: IdIn, body: LeaderRefundIn) -> OrderDetail:
    person = person_of(request)
    order = access_order_as_leader(person, order_id)
    wishes = [actions.Wish(line.order_line_id, line.quantity, line.amount_fen) for line in body.lines]

    def work() -> Answer:
        refund = actions.refund_as_leader(
            person,
            order_id,
            wishes,
            include_freight=body.include_freight,
            reason=body.reason,
            restock=body.restock,
            confirmed_at=stepup.confirmed_at(request),
        )
        return 200, {"refund_id": str(refund.id)}

    once(f"refund:{person.id}:{order_id}", _key(request), request.body, work)
    return _detail(order, "leader")


@router.post("/leader/refunds/{refund_id}/offline-done", response=OrderDetail)
def confirm_offline_refund(request: HttpRequest, refund_id: IdIn) -> OrderDetail:
    return _detail(actions.confirm_offline_refund(person_of(request), refund_id), "leader")


@router.post("/leader/refunds/{refund_id}/retry", response=OrderDetail)
def retry_refund(request: HttpRequest, refund_id: IdIn) -> OrderDetail:
    return _detail(actions.retry_refund(person_of(request), refund_id), "leader")


def _detail(order: Order, viewer: Viewer) -> OrderDetail:
    return order_detail(order, viewer)

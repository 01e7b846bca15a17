"""What the leader answers: agree, offer less, refuse, receive the goods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from yantuan.aftersales import flow, states
from yantuan.aftersales.access import access_aftersale_as_leader
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.refunding import claims_of, give_back
from yantuan.aftersales.rules import piece_share
from yantuan.aftersales.schemas import AgreeIn, CounterOfferIn, ReceiveReturnIn, RefuseIn
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Invalid
from yantuan.orders.models import Order
from yantuan.payments.confirming import check_confirmed
from yantuan.stores.models import Store

Step = Callable[[Order, AfterSale, Actor], None]


def _as_leader(person: Person, aftersale_id: int, event: str, step: Step) -> AfterSale:
    case = access_aftersale_as_leader(person, aftersale_id)

    def work() -> AfterSale:
        order, locked = flow.lock_case(case.id)
        if not flow.done_before(locked, event):
            states.CASE.next(locked.state, event)
            step(order, locked, Actor("leader", person.id))
        return locked

    return retrying(work)


def agree(
    person: Person, aftersale_id: int, body: AgreeIn, confirmed_at: datetime | None = None
) -> AfterSale:
    """Agree to all the buyer asked for: money at once, or for a return the address to send the goods to. Again: no change.

    `confirmed_at`, here and below: when the session last proved itself; large sums ask for it. Raises StepUpNeeded, Invalid `return_address_needed`, Conflict `aftersale_amount_too_high` when other refunds took part of it.
    """
    case = access_aftersale_as_leader(person, aftersale_id)
    if case.kind == AfterSale.Kind.RETURN_REFUND:
        snapshot = _return_address(case.order.store, body)

        def wait_for_goods(order: Order, locked: AfterSale, actor: Actor) -> None:
            updates = {"agreed_fen": locked.requested_fen, "return_snapshot": snapshot}
            flow.move(locked, "agree_return", actor, updates=updates)

        return _as_leader(person, aftersale_id, "agree_return", wait_for_goods)

    def pay_back(order: Order, locked: AfterSale, actor: Actor) -> None:
        check_confirmed(person, order.store_id, locked.requested_fen, confirmed_at)
        give_back(order, locked, "agree", locked.requested_fen, actor)

    return _as_leader(person, aftersale_id, "agree", pay_back)


def _return_address(store: Store, body: AgreeIn) -> dict[str, str]:
    snapshot = {
        "name": body.return_name or store.return_name,
        "phone": body.return_phone or store.return_phone,
        "address": body.return_address or store.return_address,
    }
    if not all(snapshot.values()):
        raise Invalid(
            "return_address_needed",
            "请填写完整的退货收件人、电话和地址",
            "Say where the goods go back to: name, phone and address.",
            field="return_address",
        )
    return snapshot


def offer(
    person: Person, aftersale_id: int, body: CounterOfferIn, confirmed_at: datetime | None = None
) -> AfterSale:
    """Offer less, the buyer keeping the goods. The same offer again: no change.

    Raises StepUpNeeded (the buyer's yes sends the money without asking the leader again), Invalid `offer_amount_invalid`.
    """

    def step(order: Order, case: AfterSale, actor: Actor) -> None:
        if not 1 <= body.amount_fen < case.requested_fen:
            raise Invalid(
                "offer_amount_invalid",
                "金额要大于 0 且低于买家申请的金额；同意全部金额请点「同意」",
                "Offer more than nothing and less than what is asked for.",
                field="amount_fen",
                requested_fen=case.requested_fen,
            )
        if case.state == "offered" and (case.agreed_fen, case.answer) == (body.amount_fen, body.answer):
            return
        check_confirmed(person, order.store_id, body.amount_fen, confirmed_at)
        updates = {"agreed_fen": body.amount_fen, "answer": body.answer}
        flow.move(case, "offer", actor, data={"amount_fen": body.amount_fen}, updates=updates)

    return _as_leader(person, aftersale_id, "offer", step)


def refuse(person: Person, aftersale_id: int, body: RefuseIn) -> AfterSale:
    """Refuse with a reason the buyer reads; the buyer may then ask the platform. Again: no change."""

    def step(order: Order, case: AfterSale, actor: Actor) -> None:
        flow.move(case, "refuse", actor, updates={"answer": body.answer, "agreed_fen": None})

    return _as_leader(person, aftersale_id, "refuse", step)


def receive_return(
    person: Person, aftersale_id: int, body: ReceiveReturnIn, confirmed_at: datetime | None = None
) -> AfterSale:
    """The goods are back, all or as many as named; the refund of what came back starts. Again: no change.

    Raises StepUpNeeded, Invalid `order_line_unknown`, `nothing_received`.
    """

    def step(order: Order, case: AfterSale, actor: Actor) -> None:
        received = _received(case, body)
        amount = min(case.agreed_fen or case.requested_fen, _worth(case, received))
        if amount < 1:
            raise Invalid(
                "nothing_received",
                "没有收到任何商品时请选择拒绝",
                "Refuse when nothing came back.",
                field="lines",
            )
        check_confirmed(person, order.store_id, amount, confirmed_at)
        give_back(order, case, "receive_return", amount, actor, received=received, restock=body.restock)

    return _as_leader(person, aftersale_id, "receive_return", step)


def _received(case: AfterSale, body: ReceiveReturnIn) -> dict[int, int]:
    claimed = {claim.order_line_id: claim.quantity for claim in claims_of(case)}
    if not body.lines:
        return claimed
    named = {line.order_line_id: line.quantity for line in body.lines}
    if any(line not in claimed or units > claimed[line] for line, units in named.items()):
        raise Invalid(
            "order_line_unknown", "收到的商品与申请的不符", "Not the pieces of this case.", field="lines"
        )
    return named


def _worth(case: AfterSale, received: dict[int, int]) -> int:
    worth = 0
    for claim in claims_of(case):
        pieces = received.get(claim.order_line_id, 0)
        worth += piece_share(claim.goods_fen, pieces, claim.quantity)
        worth += claim.freight_fen if pieces == claim.quantity else 0
    return worth

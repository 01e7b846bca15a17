"""What the buyer does with an open case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yantuan.aftersales import flow, states
from yantuan.aftersales.access import access_aftersale
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.refunding import give_back
from yantuan.aftersales.schemas import EscalateIn, ReturnParcelIn
from yantuan.identity.models import Person
from yantuan.kernel.actors import Actor
from yantuan.kernel.db import retrying
from yantuan.orders.models import Order

Step = Callable[[Order, AfterSale, Actor], None]


def _as_buyer(person: Person, aftersale_id: int, event: str, step: Step) -> AfterSale:
    case = access_aftersale(person, aftersale_id)

    def work() -> AfterSale:
        order, locked = flow.lock_case(case.id)
        if not flow.done_before(locked, event):
            step(order, locked, Actor("buyer", person.id))
        return locked

    return retrying(work)


def _mover(event: str, updates: dict[str, Any] | None = None) -> Step:
    return lambda order, case, actor: flow.move(case, event, actor, updates=updates)


def withdraw(person: Person, aftersale_id: int) -> AfterSale:
    """The buyer takes the case back. Again: no change. Raises Conflict `illegal_transition` once goods or money move."""
    return _as_buyer(person, aftersale_id, "withdraw", _mover("withdraw"))


def accept_offer(person: Person, aftersale_id: int) -> AfterSale:
    """The buyer takes the leader's lower offer and keeps the goods; the refund starts. Again: no change."""

    def step(order: Order, case: AfterSale, actor: Actor) -> None:
        # Asked before the money is counted, so that a wrong state is told as such.
        states.CASE.next(case.state, "accept_offer")
        give_back(order, case, "accept_offer", case.agreed_fen or 0, actor)

    return _as_buyer(person, aftersale_id, "accept_offer", step)


def send_return(person: Person, aftersale_id: int, body: ReturnParcelIn) -> AfterSale:
    """The buyer has sent the goods back, or corrects the number. The same number again: no change."""

    def step(order: Order, case: AfterSale, actor: Actor) -> None:
        number = body.tracking_no.upper()
        if case.state == "returning" and (case.return_carrier_name, case.return_tracking_no) == (
            body.carrier_name,
            number,
        ):
            return
        updates = {"return_carrier_name": body.carrier_name, "return_tracking_no": number}
        flow.move(case, "return_parcel", actor, updates=updates)

    return _as_buyer(person, aftersale_id, "return_parcel", step)


def escalate(person: Person, aftersale_id: int, body: EscalateIn) -> AfterSale:
    """The buyer asks the platform to decide after a refusal or a lower offer. Again: no change."""
    return _as_buyer(person, aftersale_id, "escalate", _mover("escalate", {"escalation": body.escalation}))

"""Parcels: ship whole or in part, correct the number, withdraw. Everything under the order's lock."""

from __future__ import annotations

from django.db.models import F

from yantuan.fulfilment import rules
from yantuan.fulfilment.access import access_shipment_as_leader
from yantuan.fulfilment.carriers import carrier_name, clean_number
from yantuan.fulfilment.models import Shipment, ShipmentLine
from yantuan.fulfilment.schemas import CorrectIn, ShipIn
from yantuan.fulfilment.sending import Parcel, parcel_data, refuse_used_number, send, shipped_updates
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import AppError, Conflict
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import left_to_hand_out, left_to_ship


def ship(person: Person, order_id: int, body: ShipIn) -> Order:
    """Send one parcel with the named pieces, or with everything that is neither shipped, refunded nor in after-sale.

    `with_orders` go along whole, or nothing is sent.

    Raises Conflict `order_not_paid`, `already_shipped`, `nothing_left`, `too_many_pieces`, `aftersale_open`,
    `tracking_no_used`, `address_changed`, `not_one_parcel` and kin, Invalid `carrier_unknown`, `carrier_name_needed`, `order_line_unknown`.
    """
    order = access_order_as_leader(person, order_id)
    name = carrier_name(body.carrier, body.carrier_name)
    return retrying(lambda: _ship(order, name, body, Actor("leader", person.id)))


def _ship(order: Order, name: str, body: ShipIn, actor: Actor) -> Order:
    pieces = tuple(rules.Pieces(piece.order_line_id, piece.quantity) for piece in body.lines)
    number, others = clean_number(body.tracking_no), sorted(set(body.with_orders) - {order.id})
    # One parcel is one message to the buyer, however many orders are in it.
    told_as = f"{order.id}:{number}" if others else ""
    # Decided under the locks: a change of address either was before this and is seen, or finds the parcel gone.
    parcels = [
        Parcel(order.id, body.carrier, name, number, body.note, pieces, told_as=told_as, seen=body.seen)
    ]
    parcels += [
        Parcel(one, body.carrier, name, number, body.note, told_as=told_as, beside=order.id) for one in others
    ]
    for answer in send(order.store_id, parcels, actor):
        if isinstance(answer, AppError):
            raise answer
    return orders.lock_order(order.id)


def _lines(order_id: int) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order_id=order_id).order_by("id"))


def correct(person: Person, shipment_id: int, body: CorrectIn) -> Order:
    """Give a parcel its right carrier or number; what stood there before stays in the timeline. The same again: no change.

    Raises Conflict `parcel_withdrawn`, `already_received`, `tracking_no_used`.
    """
    shipment = access_shipment_as_leader(person, shipment_id)
    name = carrier_name(body.carrier, body.carrier_name)
    number, actor = clean_number(body.tracking_no), Actor("leader", person.id)
    return retrying(lambda: correct_parcel(shipment, body.carrier, name, number, actor))


def correct_parcel(known: Shipment, carrier: str, name: str, number: str, actor: Actor) -> Order:
    """Like `correct`, with a clean number, in the caller's transaction."""
    order = orders.lock_order(known.order_id)
    shipment = Shipment.objects.get(id=known.id)
    if (shipment.carrier, shipment.carrier_name, shipment.tracking_no) == (carrier, name, number):
        return order
    _refuse_ended(order, shipment)
    live = Shipment.objects.filter(store_id=order.store_id, tracking_no=number, withdrawn_at=None)
    refuse_used_number(order, [other.order for other in live.select_related("order").order_by("id")])
    before = f"{shipment.carrier_name} {shipment.tracking_no}"
    shipment.carrier, shipment.carrier_name, shipment.tracking_no = carrier, name, number
    shipment.corrected_at = now()
    shipment.save(update_fields=["carrier", "carrier_name", "tracking_no", "corrected_at"])
    data = {"shipment_id": str(shipment.id), "before": before, "after": f"{name} {number}"}
    orders.note_event(order, "parcel_corrected", actor, data)
    _tell("parcel.corrected", order, shipment)
    return order


def _refuse_ended(order: Order, shipment: Shipment) -> None:
    if shipment.withdrawn_at is not None:
        raise Conflict("parcel_withdrawn", "这个包裹已经撤回", "This parcel was withdrawn.")
    if order.delivery == "received":
        raise Conflict("already_received", "买家已收货，不能再改包裹", "The buyer has received the order.")


def withdraw(person: Person, shipment_id: int) -> Order:
    """Take a parcel back that didn't leave after all: its pieces are to be shipped again. Again: no change.

    Raises Conflict `already_received`.
    """
    shipment = access_shipment_as_leader(person, shipment_id)
    return retrying(lambda: withdraw_parcel(shipment, Actor("leader", person.id)))


def withdraw_parcel(known: Shipment, actor: Actor) -> Order:
    """Like `withdraw`, in the caller's transaction."""
    order = orders.lock_order(known.order_id)
    shipment = Shipment.objects.get(id=known.id)
    if shipment.withdrawn_at is not None:
        return order
    _refuse_ended(order, shipment)
    for line in ShipmentLine.objects.filter(shipment_id=shipment.id):
        OrderLine.objects.filter(id=line.order_line_id).update(
            shipped_quantity=F("shipped_quantity") - line.quantity
        )
    shipment.withdrawn_at = now()
    shipment.save(update_fields=["withdrawn_at"])
    _tell("parcel.withdrawn", order, shipment)
    none_left = not any(line.shipped_quantity for line in _lines(order.id))
    order = orders.transition(
        order.id,
        "delivery",
        "withdraw_all" if none_left else "withdraw_part",
        actor,
        data=parcel_data(shipment),
        extra_updates={"auto_receive_at": None, **({"shipped_at": None} if none_left else {})},
    )
    return settle_delivery(order.id)


def _tell(topic: str, order: Order, shipment: Shipment) -> None:
    """To upper floors, after the commit: whoever watches the parcel or told others its number looks again."""
    outbox.emit(topic, {"order_id": order.id, "shipment_id": shipment.id}, store_id=order.store_id)


def settle_delivery(order_id: int) -> Order:
    """When the pieces still missing were refunded, what has left is everything; in the caller's transaction."""
    order = orders.lock_order(order_id)
    lines = _lines(order_id)
    data = {"by_refund": True}
    if order.delivery == "part_shipped" and not any(left_to_ship(line) for line in lines):
        updates = shipped_updates(order, True, now())
        outbox.emit("order.nothing_more_to_ship", {"order_id": order_id}, store_id=order.store_id)
        return orders.transition(order_id, "delivery", "ship_all", SYSTEM, data=data, extra_updates=updates)
    if order.delivery == "part_picked" and not any(left_to_hand_out(line) for line in lines):
        received = {"received_at": now()}
        return orders.transition(order_id, "delivery", "pick_all", SYSTEM, data=data, extra_updates=received)
    return order

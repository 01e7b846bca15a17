"""Parcels: ship whole or in part, correct the number, withdraw. Everything under the order's lock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from yantuan.fulfilment import rules
from yantuan.fulfilment.access import access_shipment_as_leader
from yantuan.fulfilment.carriers import carrier_name, clean_number
from yantuan.fulfilment.models import Shipment, ShipmentLine
from yantuan.fulfilment.parts import held_pieces
from yantuan.fulfilment.schemas import CorrectIn, ShipIn
from yantuan.identity.models import Person
from yantuan.kernel import outbox
from yantuan.kernel.actors import SYSTEM, Actor
from yantuan.kernel.clock import now
from yantuan.kernel.config import config
from yantuan.kernel.db import retrying
from yantuan.kernel.errors import Conflict
from yantuan.orders import actions as orders
from yantuan.orders.access import access_order_as_leader
from yantuan.orders.models import Order, OrderLine
from yantuan.orders.rules import left_to_hand_out, left_to_ship


def ship(person: Person, order_id: int, body: ShipIn) -> Order:
    """Send one parcel with the named pieces, or with everything that is neither shipped, refunded nor in after-sale.

    Raises Conflict `order_not_paid`, `already_shipped`, `nothing_left`, `too_many_pieces`, `aftersale_open`,
    `tracking_no_used` and kin, Invalid `carrier_unknown`, `carrier_name_needed`, `order_line_unknown`.
    """
    order = access_order_as_leader(person, order_id)
    name = carrier_name(body.carrier, body.carrier_name)
    return retrying(lambda: _ship(order.id, name, body, Actor("leader", person.id)))


def _ship(order_id: int, name: str, body: ShipIn, actor: Actor) -> Order:
    order = orders.lock_order(order_id)
    refusal = rules.ship_refusal(order)
    if refusal is not None:
        raise refusal
    number = clean_number(body.tracking_no)
    _refuse_used_number(order, number)
    left = {line.id: left_to_ship(line) for line in _lines(order_id)}
    wanted = [rules.Pieces(piece.order_line_id, piece.quantity) for piece in body.lines]
    pieces = rules.choose(left, held_pieces(order_id), wanted)
    shipment = _write_parcel(order, name, number, body, pieces)
    moment = now()
    everything = sum(left.values()) == sum(pieces.values())
    order = orders.transition(
        order_id,
        "delivery",
        "ship_all" if everything else "ship_part",
        actor,
        data=_parcel_data(shipment),
        extra_updates=_shipped_updates(order, everything, moment),
    )
    payload = {"order_id": order_id, "shipment_id": shipment.id}
    outbox.emit("order.shipped", payload, store_id=order.store_id, key=f"shipped:{shipment.id}")
    return order


def _lines(order_id: int) -> list[OrderLine]:
    return list(OrderLine.objects.filter(order_id=order_id).order_by("id"))


def _shipped_updates(order: Order, everything: bool, moment: datetime) -> dict[str, Any]:
    updates: dict[str, Any] = {} if order.shipped_at else {"shipped_at": moment}
    if everything:
        # The clock of the automatic receipt starts when nothing more is to come.
        updates["auto_receive_at"] = moment + timedelta(days=config().auto_receive_days_courier)
    return updates


def _parcel_data(shipment: Shipment) -> dict[str, Any]:
    return {
        "shipment_id": str(shipment.id),
        "carrier_name": shipment.carrier_name,
        "tracking_no": shipment.tracking_no,
    }


def _refuse_used_number(order: Order, number: str) -> None:
    """A number of another order is a slip of the pen, unless both go to the same person in one box."""
    others = Shipment.objects.select_related("order").filter(
        store_id=order.store_id, tracking_no=number, withdrawn_at=None
    )
    for other in others.exclude(order_id=order.id)[:20]:
        same = (other.order.recipient_name, other.order.phone_last4, other.order.detail)
        if same != (order.recipient_name, order.phone_last4, order.detail):
            raise Conflict(
                "tracking_no_used",
                f"这个运单号已用在 #{other.order.number} 的订单上，请核对",
                "Another order of this store already carries this number.",
                number=other.order.number,
                order_id=str(other.order_id),
            )


def _write_parcel(order: Order, name: str, number: str, body: ShipIn, pieces: Mapping[int, int]) -> Shipment:
    shipment = Shipment.objects.create(
        order_id=order.id,
        store_id=order.store_id,
        carrier=body.carrier,
        carrier_name=name,
        tracking_no=number,
        note=body.note,
        created_at=now(),
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line_id=line, quantity=units) for line, units in pieces.items()
    )
    for line, units in pieces.items():
        OrderLine.objects.filter(id=line).update(shipped_quantity=F("shipped_quantity") + units)
    return shipment


def correct(person: Person, shipment_id: int, body: CorrectIn) -> Order:
    """Give a parcel its right carrier or number; what stood there before stays in the timeline. The same again: no change.

    Raises Conflict `parcel_withdrawn`, `already_received`, `tracking_no_used`.
    """
    shipment = access_shipment_as_leader(person, shipment_id)
    name = carrier_name(body.carrier, body.carrier_name)
    return retrying(lambda: _correct(shipment, name, body, Actor("leader", person.id)))


def _correct(known: Shipment, name: str, body: CorrectIn, actor: Actor) -> Order:
    order = orders.lock_order(known.order_id)
    shipment = Shipment.objects.get(id=known.id)
    number = clean_number(body.tracking_no)
    if (shipment.carrier, shipment.carrier_name, shipment.tracking_no) == (body.carrier, name, number):
        return order
    _refuse_ended(order, shipment)
    _refuse_used_number(order, number)
    before = f"{shipment.carrier_name} {shipment.tracking_no}"
    shipment.carrier, shipment.carrier_name, shipment.tracking_no = body.carrier, name, number
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
    return retrying(lambda: _withdraw(shipment, Actor("leader", person.id)))


def _withdraw(known: Shipment, actor: Actor) -> Order:
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
        data=_parcel_data(shipment),
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
        updates = _shipped_updates(order, True, now())
        outbox.emit("order.nothing_more_to_ship", {"order_id": order_id}, store_id=order.store_id)
        return orders.transition(order_id, "delivery", "ship_all", SYSTEM, data=data, extra_updates=updates)
    if order.delivery == "part_picked" and not any(left_to_hand_out(line) for line in lines):
        received = {"received_at": now()}
        return orders.transition(order_id, "delivery", "pick_all", SYSTEM, data=data, extra_updates=received)
    return order

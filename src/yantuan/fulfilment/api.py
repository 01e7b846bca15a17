"""Routes of parcels, receipt and pick-up."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from ninja import Router

from yantuan.fulfilment import actions, queries
from yantuan.fulfilment.schemas import (
    CarrierOut,
    CorrectIn,
    PickupCodeOut,
    PickupFindIn,
    PickupFound,
    PickupIn,
    ShipIn,
    TogetherOut,
)
from yantuan.fulfilment.together import packed_with
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.kernel.idempotency import Answer, check_key, once
from yantuan.orders.access import access_order, access_order_as_leader
from yantuan.orders.models import Order
from yantuan.orders.queries import order_detail
from yantuan.orders.schemas import OrderDetail
from yantuan.stores.access import access_store, person_of

router = Router(tags=["fulfilment"], auth=signed_in)


def _once(request: HttpRequest, scope: str, work: Callable[[], object]) -> None:
    def done() -> Answer:
        work()
        return 200, None

    once(scope, check_key(request.headers.get("Idempotency-Key")), request.body, done)


@router.get("/carriers", response=list[CarrierOut])
def list_carriers(request: HttpRequest, number: str = "") -> list[CarrierOut]:
    return queries.carriers_for(number[:60])


@router.post("/leader/orders/{order_id}/shipments", response=OrderDetail)
def ship_order(request: HttpRequest, order_id: IdIn, body: ShipIn) -> OrderDetail:
    person = person_of(request)
    order = access_order_as_leader(person, order_id)
    _once(request, f"ship:{person.id}:{order_id}", lambda: actions.ship(person, order_id, body))
    return order_detail(order, "leader")


@router.get("/leader/orders/{order_id}/together", response=list[TogetherOut])
def list_packed_with(request: HttpRequest, order_id: IdIn) -> list[TogetherOut]:
    """Other orders of the same 跟团号 and recipient that wait to be sent: one number may send them all."""
    return packed_with(access_order_as_leader(person_of(request), order_id))


@router.put("/leader/shipments/{shipment_id}", response=OrderDetail)
def correct_shipment(request: HttpRequest, shipment_id: IdIn, body: CorrectIn) -> OrderDetail:
    return _as_leader(actions.correct(person_of(request), shipment_id, body))


@router.post("/leader/shipments/{shipment_id}/withdraw", response=OrderDetail)
def withdraw_shipment(request: HttpRequest, shipment_id: IdIn) -> OrderDetail:
    return _as_leader(actions.withdraw(person_of(request), shipment_id))


@router.post("/leader/stores/{store_id}/pickup/find", response=PickupFound)
def find_pickup_orders(request: HttpRequest, store_id: IdIn, body: PickupFindIn) -> PickupFound:
    return queries.find_pickups(access_store(person_of(request), store_id), body.text)


@router.post("/leader/orders/{order_id}/pickup", response=OrderDetail)
def hand_out_order(request: HttpRequest, order_id: IdIn, body: PickupIn) -> OrderDetail:
    person = person_of(request)
    order = access_order_as_leader(person, order_id)
    _once(request, f"pickup:{person.id}:{order_id}", lambda: actions.hand_out(person, order_id, body))
    return order_detail(order, "leader")


@router.post("/leader/orders/{order_id}/pickup/undo", response=OrderDetail)
def undo_hand_out(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return _as_leader(actions.undo_last(person_of(request), order_id))


@router.get("/orders/{order_id}/pickup-code", response=PickupCodeOut)
def read_pickup_code(request: HttpRequest, order_id: IdIn) -> PickupCodeOut:
    return queries.pickup_code_out(access_order(person_of(request), order_id))


@router.post("/orders/{order_id}/receive", response=OrderDetail)
def confirm_receipt(request: HttpRequest, order_id: IdIn) -> OrderDetail:
    return order_detail(actions.receive(person_of(request), order_id), "buyer")


def _as_leader(order: Order) -> OrderDetail:
    return order_detail(order, "leader")

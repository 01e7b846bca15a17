"""Routes of parcel timelines."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.orders.access import access_order, access_order_as_leader
from yantuan.stores.access import person_of
from yantuan.tracking import queries
from yantuan.tracking.schemas import TraceOut

router = Router(tags=["tracking"], auth=signed_in)


@router.get("/orders/{order_id}/tracking", response=TraceOut)
def read_my_tracking(request: HttpRequest, order_id: IdIn) -> TraceOut:
    return queries.trace_of(access_order(person_of(request), order_id))


@router.post("/orders/{order_id}/tracking/look", response=TraceOut)
def look_at_my_tracking(request: HttpRequest, order_id: IdIn) -> TraceOut:
    """Ask the tracking service where nothing new came for half an hour; the answer comes some seconds later."""
    return queries.look(access_order(person_of(request), order_id))


@router.get("/leader/orders/{order_id}/tracking", response=TraceOut)
def read_tracking(request: HttpRequest, order_id: IdIn) -> TraceOut:
    return queries.trace_of(access_order_as_leader(person_of(request), order_id))

"""Routes of a leader's stores and pick-up points."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn, Ok
from yantuan.stores import actions, queries
from yantuan.stores.access import access_store, person_of
from yantuan.stores.schemas import OwnPoint, PickupPointIn, StoreIn, StoreOut
from yantuan.stores.staff_queries import helped_stores, with_rights

router = Router(tags=["stores"], auth=signed_in)


@router.get("/leader/stores", response=list[StoreOut])
def list_stores(request: HttpRequest) -> list[StoreOut]:
    person = person_of(request)
    stores = [*queries.stores_of(person), *helped_stores(person)]
    return with_rights(person, stores, queries.stores_out(stores))


@router.post("/leader/stores", response=StoreOut)
def create_store(request: HttpRequest, body: StoreIn) -> StoreOut:
    return queries.store_out(actions.create_store(person_of(request), body))


@router.get("/leader/stores/{store_id}", response=StoreOut)
def read_store(request: HttpRequest, store_id: IdIn) -> StoreOut:
    person = person_of(request)
    store = access_store(person, store_id)
    return with_rights(person, [store], [queries.store_out(store)])[0]


@router.put("/leader/stores/{store_id}", response=StoreOut)
def update_store(request: HttpRequest, store_id: IdIn, body: StoreIn) -> StoreOut:
    return queries.store_out(actions.update_store(person_of(request), store_id, body))


@router.post("/leader/stores/{store_id}/pickup-points", response=OwnPoint)
def add_pickup_point(request: HttpRequest, store_id: IdIn, body: PickupPointIn) -> OwnPoint:
    return queries.own_points([actions.add_pickup_point(person_of(request), store_id, body)])[0]


@router.put("/leader/pickup-points/{point_id}", response=OwnPoint)
def update_pickup_point(request: HttpRequest, point_id: IdIn, body: PickupPointIn) -> OwnPoint:
    return queries.own_points([actions.update_pickup_point(person_of(request), point_id, body)])[0]


@router.delete("/leader/pickup-points/{point_id}", response=Ok)
def archive_pickup_point(request: HttpRequest, point_id: IdIn) -> Ok:
    actions.archive_pickup_point(person_of(request), point_id)
    return Ok()

"""Routes of group buys: the owner's desk and the public queries."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.catalog.schemas import StockChangeIn, StockOut
from yantuan.groupbuys import actions, queries
from yantuan.groupbuys.access import access_group_buy
from yantuan.groupbuys.schemas import (
    ExtendIn,
    GroupBuyIn,
    GroupBuyOut,
    GroupBuyPage,
    GroupBuyRow,
    JoinedRow,
    StorePage,
)
from yantuan.identity.auth import signed_in
from yantuan.identity.limits import address_key
from yantuan.kernel.config import config
from yantuan.kernel.http import IdIn, Ok, Page, client_ip
from yantuan.kernel.ratelimit import LocalLimit
from yantuan.stores.access import access_store, person_of

router = Router(tags=["groupbuys"])

JOINED_PER_MINUTE = 300
"""Pages of joined lists one address may turn in each web process: many neighbours behind one address, no copying machine."""
_joined_limit = LocalLimit(JOINED_PER_MINUTE, 60)


@router.get("/leader/stores/{store_id}/group-buys", response=Page[GroupBuyRow], auth=signed_in)
def list_group_buys(
    request: HttpRequest, store_id: IdIn, status: str = "", cursor: str = ""
) -> Page[GroupBuyRow]:
    store = access_store(person_of(request), store_id)
    return queries.group_buy_rows(store, wanted=status, cursor=cursor)


@router.post("/leader/stores/{store_id}/group-buys", response=GroupBuyOut, auth=signed_in)
def create_group_buy(request: HttpRequest, store_id: IdIn, body: GroupBuyIn) -> GroupBuyOut:
    return queries.group_buy_out(actions.create_group_buy(person_of(request), store_id, body))


@router.get("/leader/stores/{store_id}/shelf", response=GroupBuyOut, auth=signed_in)
def read_shelf(request: HttpRequest, store_id: IdIn) -> GroupBuyOut:
    return queries.group_buy_out(actions.shelf_of(person_of(request), store_id))


@router.get("/leader/group-buys/{group_buy_id}", response=GroupBuyOut, auth=signed_in)
def read_group_buy(request: HttpRequest, group_buy_id: IdIn) -> GroupBuyOut:
    return queries.group_buy_out(access_group_buy(person_of(request), group_buy_id))


@router.put("/leader/group-buys/{group_buy_id}", response=GroupBuyOut, auth=signed_in)
def update_group_buy(request: HttpRequest, group_buy_id: IdIn, body: GroupBuyIn) -> GroupBuyOut:
    return queries.group_buy_out(actions.update_group_buy(person_of(request), group_buy_id, body))


@router.delete("/leader/group-buys/{group_buy_id}", response=Ok, auth=signed_in)
def delete_group_buy(request: HttpRequest, group_buy_id: IdIn) -> Ok:
    actions.delete_group_buy(person_of(request), group_buy_id)
    return Ok()


@router.post("/leader/group-buys/{group_buy_id}/publish", response=GroupBuyOut, auth=signed_in)
def publish_group_buy(request: HttpRequest, group_buy_id: IdIn) -> GroupBuyOut:
    return queries.group_buy_out(actions.publish_group_buy(person_of(request), group_buy_id))


@router.post("/leader/group-buys/{group_buy_id}/close", response=GroupBuyOut, auth=signed_in)
def close_group_buy(request: HttpRequest, group_buy_id: IdIn) -> GroupBuyOut:
    return queries.group_buy_out(actions.close_group_buy(person_of(request), group_buy_id))


@router.post("/leader/group-buys/{group_buy_id}/extend", response=GroupBuyOut, auth=signed_in)
def extend_group_buy(request: HttpRequest, group_buy_id: IdIn, body: ExtendIn) -> GroupBuyOut:
    return queries.group_buy_out(actions.extend_group_buy(person_of(request), group_buy_id, body.ends_at))


@router.post("/leader/group-buys/{group_buy_id}/copy", response=GroupBuyOut, auth=signed_in)
def copy_group_buy(request: HttpRequest, group_buy_id: IdIn) -> GroupBuyOut:
    return queries.group_buy_out(actions.copy_group_buy(person_of(request), group_buy_id))


@router.get("/leader/group-buys/{group_buy_id}/preview", response=GroupBuyPage, auth=signed_in)
def preview_group_buy(request: HttpRequest, group_buy_id: IdIn) -> GroupBuyPage:
    return queries.build_page(access_group_buy(person_of(request), group_buy_id), preview=True)


@router.post("/leader/offers/{offer_id}/stock", response=StockOut, auth=signed_in)
def change_offer_stock(request: HttpRequest, offer_id: IdIn, body: StockChangeIn) -> StockOut:
    return actions.change_offer_stock(
        person_of(request),
        offer_id,
        body.delta,
        key=request.headers.get("Idempotency-Key"),
        body=request.body,
    )


@router.get("/g/{code}", response=GroupBuyPage, auth=None)
def read_group_buy_page(request: HttpRequest, code: str) -> GroupBuyPage:
    return queries.group_buy_page(code)


@router.get("/g/{code}/joined", response=Page[JoinedRow], auth=None)
def read_joined(request: HttpRequest, code: str, cursor: str = "") -> Page[JoinedRow]:
    trusted = config().trusted_peers
    address = client_ip(request, trusted)
    # A proxy that names nobody stands for everybody.
    if address not in trusted:
        _joined_limit.hit(address_key(address))
    return queries.joined_page(code, cursor)


@router.get("/s/{code}", response=StorePage, auth=None)
def read_store_page(request: HttpRequest, code: str) -> StorePage:
    return queries.store_page(code)

"""Routes of after-sales."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from yantuan.aftersales import actions, allowance, queries
from yantuan.aftersales.access import access_aftersale, access_aftersale_as_leader
from yantuan.aftersales.models import AfterSale
from yantuan.aftersales.schemas import (
    AfterSaleDetail,
    AfterSaleRow,
    AgreeIn,
    AllowanceIn,
    AllowanceOut,
    ClaimIn,
    CounterOfferIn,
    EscalateIn,
    OptionsOut,
    ReceiveReturnIn,
    RefuseIn,
    ReturnParcelIn,
)
from yantuan.identity import stepup
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn, Page
from yantuan.kernel.idempotency import Answer, check_key, once
from yantuan.orders.access import access_order
from yantuan.stores.access import access_store, person_of

router = Router(tags=["aftersales"], auth=signed_in)


@router.get("/orders/{order_id}/aftersale-options", response=OptionsOut)
def read_aftersale_options(request: HttpRequest, order_id: IdIn) -> OptionsOut:
    return queries.options_of(access_order(person_of(request), order_id))


@router.post("/orders/{order_id}/aftersales", response=AfterSaleDetail)
def open_aftersale(request: HttpRequest, order_id: IdIn, body: ClaimIn) -> AfterSaleDetail:
    person = person_of(request)
    access_order(person, order_id)

    def work() -> Answer:
        return 200, {"aftersale_id": str(actions.claim(person, order_id, body).id)}

    key = check_key(request.headers.get("Idempotency-Key"))
    answer: Any = once(f"claim:{person.id}:{order_id}", key, request.body, work)[1]
    return queries.detail(access_aftersale(person, int(answer["aftersale_id"])), "buyer")


@router.get("/aftersales", response=Page[AfterSaleRow])
def list_my_aftersales(request: HttpRequest, cursor: str = "") -> Page[AfterSaleRow]:
    return queries.buyer_cases(person_of(request), cursor)


@router.get("/aftersales/{aftersale_id}", response=AfterSaleDetail)
def read_my_aftersale(request: HttpRequest, aftersale_id: IdIn) -> AfterSaleDetail:
    return _buyer(access_aftersale(person_of(request), aftersale_id))


@router.post("/aftersales/{aftersale_id}/withdraw", response=AfterSaleDetail)
def withdraw_aftersale(request: HttpRequest, aftersale_id: IdIn) -> AfterSaleDetail:
    return _buyer(actions.withdraw(person_of(request), aftersale_id))


@router.post("/aftersales/{aftersale_id}/accept-offer", response=AfterSaleDetail)
def accept_aftersale_offer(request: HttpRequest, aftersale_id: IdIn) -> AfterSaleDetail:
    return _buyer(actions.accept_offer(person_of(request), aftersale_id))


@router.post("/aftersales/{aftersale_id}/return-parcel", response=AfterSaleDetail)
def send_return_parcel(request: HttpRequest, aftersale_id: IdIn, body: ReturnParcelIn) -> AfterSaleDetail:
    return _buyer(actions.send_return(person_of(request), aftersale_id, body))


@router.post("/aftersales/{aftersale_id}/escalate", response=AfterSaleDetail)
def escalate_aftersale(request: HttpRequest, aftersale_id: IdIn, body: EscalateIn) -> AfterSaleDetail:
    return _buyer(actions.escalate(person_of(request), aftersale_id, body))


@router.get("/leader/stores/{store_id}/aftersales", response=Page[AfterSaleRow])
def list_store_aftersales(
    request: HttpRequest, store_id: IdIn, tab: str = "open", cursor: str = ""
) -> Page[AfterSaleRow]:
    return queries.leader_cases(access_store(person_of(request), store_id), tab=tab, cursor=cursor)


@router.get("/leader/stores/{store_id}/allowance", response=AllowanceOut)
def read_allowance(request: HttpRequest, store_id: IdIn) -> AllowanceOut:
    return allowance.allowance_of(access_store(person_of(request), store_id))


@router.put("/leader/stores/{store_id}/allowance", response=AllowanceOut)
def save_allowance(request: HttpRequest, store_id: IdIn, body: AllowanceIn) -> AllowanceOut:
    """Which small claims settle themselves; a weighty sum asks for a step-up."""
    person = person_of(request)
    store = access_store(person, store_id)
    return allowance.set_allowance(person, store, body, stepup.confirmed_at(request))


@router.get("/leader/aftersales/{aftersale_id}", response=AfterSaleDetail)
def read_aftersale_as_leader(request: HttpRequest, aftersale_id: IdIn) -> AfterSaleDetail:
    return _leader(access_aftersale_as_leader(person_of(request), aftersale_id))


@router.post("/leader/aftersales/{aftersale_id}/agree", response=AfterSaleDetail)
def agree_aftersale(request: HttpRequest, aftersale_id: IdIn, body: AgreeIn) -> AfterSaleDetail:
    return _leader(actions.agree(person_of(request), aftersale_id, body, stepup.confirmed_at(request)))


@router.post("/leader/aftersales/{aftersale_id}/offer", response=AfterSaleDetail)
def offer_aftersale(request: HttpRequest, aftersale_id: IdIn, body: CounterOfferIn) -> AfterSaleDetail:
    return _leader(actions.offer(person_of(request), aftersale_id, body, stepup.confirmed_at(request)))


@router.post("/leader/aftersales/{aftersale_id}/refuse", response=AfterSaleDetail)
def refuse_aftersale(request: HttpRequest, aftersale_id: IdIn, body: RefuseIn) -> AfterSaleDetail:
    return _leader(actions.refuse(person_of(request), aftersale_id, body))


@router.post("/leader/aftersales/{aftersale_id}/receive-return", response=AfterSaleDetail)
def receive_aftersale_return(
    request: HttpRequest, aftersale_id: IdIn, body: ReceiveReturnIn
) -> AfterSaleDetail:
    return _leader(
        actions.receive_return(person_of(request), aftersale_id, body, stepup.confirmed_at(request))
    )


def _buyer(case: AfterSale) -> AfterSaleDetail:
    return queries.detail(case, "buyer")


def _leader(case: AfterSale) -> AfterSaleDetail:
    return queries.detail(case, "leader")

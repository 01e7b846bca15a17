"""Routes of a store's ways to be paid."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity import stepup
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.merchants import actions, onboarding, queries
from yantuan.merchants.schemas import ApplicationIn, MerchantKeysIn, PayWaysOut
from yantuan.stores.access import access_store, person_of

router = Router(tags=["merchants"], auth=signed_in)


@router.get("/leader/stores/{store_id}/pay-ways", response=PayWaysOut)
def read_pay_ways(request: HttpRequest, store_id: IdIn) -> PayWaysOut:
    return queries.pay_ways(access_store(person_of(request), store_id))


@router.put("/leader/stores/{store_id}/merchant-account", response=PayWaysOut)
def set_merchant_account(request: HttpRequest, store_id: IdIn, body: MerchantKeysIn) -> PayWaysOut:
    person = person_of(request)
    actions.set_direct(person, store_id, body.texts(), stepup.confirmed_at(request))
    return queries.pay_ways(access_store(person, store_id))


@router.post("/leader/stores/{store_id}/merchant-account/check", response=PayWaysOut)
def check_merchant_account(request: HttpRequest, store_id: IdIn) -> PayWaysOut:
    person = person_of(request)
    actions.check_again(person, store_id)
    return queries.pay_ways(access_store(person, store_id))


@router.delete("/leader/stores/{store_id}/merchant-account", response=PayWaysOut)
def remove_merchant_account(request: HttpRequest, store_id: IdIn) -> PayWaysOut:
    person = person_of(request)
    actions.remove(person, store_id, stepup.confirmed_at(request))
    return queries.pay_ways(access_store(person, store_id))


@router.put("/leader/stores/{store_id}/merchant-application", response=PayWaysOut)
def save_merchant_application(request: HttpRequest, store_id: IdIn, body: ApplicationIn) -> PayWaysOut:
    person = person_of(request)
    onboarding.save(person, store_id, body.form())
    return queries.pay_ways(access_store(person, store_id))


@router.post("/leader/stores/{store_id}/merchant-application/send", response=PayWaysOut)
def send_merchant_application(request: HttpRequest, store_id: IdIn) -> PayWaysOut:
    person = person_of(request)
    onboarding.send(person, store_id, stepup.confirmed_at(request))
    return queries.pay_ways(access_store(person, store_id))

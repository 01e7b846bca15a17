"""Routes of profit sharing: the leader looks, agrees, declines or ends."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from yantuan.identity import stepup
from yantuan.identity.auth import signed_in
from yantuan.kernel.http import IdIn
from yantuan.splits import queries, terms
from yantuan.splits.schemas import ProfitSharingOut, SharingAgreeIn
from yantuan.stores.access import access_store, person_of

router = Router(tags=["merchants"], auth=signed_in)
_ROOT = "/leader/stores/{store_id}/profit-sharing"


@router.get(_ROOT, response=ProfitSharingOut)
def read_profit_sharing(request: HttpRequest, store_id: IdIn) -> ProfitSharingOut:
    return queries.profit_sharing(access_store(person_of(request), store_id))


@router.post(_ROOT + "/{terms_id}/agree", response=ProfitSharingOut)
def agree_profit_sharing(
    request: HttpRequest, store_id: IdIn, terms_id: IdIn, body: SharingAgreeIn
) -> ProfitSharingOut:
    person = person_of(request)
    terms.agree(person, store_id, terms_id, body.rate_bp, stepup.confirmed_at(request))
    return queries.profit_sharing(access_store(person, store_id))


@router.post(_ROOT + "/{terms_id}/decline", response=ProfitSharingOut)
def decline_profit_sharing(request: HttpRequest, store_id: IdIn, terms_id: IdIn) -> ProfitSharingOut:
    person = person_of(request)
    terms.decline(person, store_id, terms_id)
    return queries.profit_sharing(access_store(person, store_id))


@router.post(_ROOT + "/{terms_id}/end", response=ProfitSharingOut)
def end_profit_sharing(request: HttpRequest, store_id: IdIn, terms_id: IdIn) -> ProfitSharingOut:
    person = person_of(request)
    terms.end_by_leader(person, store_id, terms_id, stepup.confirmed_at(request))
    return queries.profit_sharing(access_store(person, store_id))
